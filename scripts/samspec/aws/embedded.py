"""moto as the embedded DynamoDB: one call at a time as atomic, and with many items as quick as with few."""

import base64
import copy
import functools
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

# What functions ask of items. It goes straight to moto; what is asked of tables goes by moto's own way.
ITEM_CALLS = frozenset({
    "BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems",
    "TransactWriteItems", "UpdateItem",
})  # fmt: skip
_lock = threading.RLock()  # moto's transactions check and write without one, DynamoDB's are atomic


def start() -> None:
    """Send AWS calls of the clients that this process makes from now on to moto."""
    import botocore.handlers
    from moto import mock_aws

    prepare()
    mock_aws().start()
    botocore.handlers.BUILTIN_HANDLERS.append(("before-call.dynamodb", answer))


def answer(model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any) -> Any:
    """moto's answer to a call on items, for botocore to take instead of one over HTTP: to sign a request, write it out
    and read it again within one process is three quarters of a get."""
    from botocore import xform_name
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders
    from moto.core.exceptions import JsonRESTError
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.responses import DynamoHandler

    if model.name not in ITEM_CALLS or not str(urlsplit(params["url"]).hostname).endswith(
        ".amazonaws.com"
    ):
        return None
    handler = DynamoHandler()
    handler.current_account, handler.region = DEFAULT_ACCOUNT_ID, context["client_region"]
    handler.body = handler.params = json.loads(params["body"])
    try:
        with _lock:
            result = getattr(handler, xform_name(model.name))().result
            status, body = 200, json.dumps(result, default=_base64)
    except JsonRESTError as error:
        status, body = error.code, error.description
    response = {"status_code": status, "headers": {}, "body": body.encode()}
    return AWSResponse(params["url"], status, HTTPHeaders(), None), _parsed(model, response)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _parsed(model: Any, response: dict[str, Any]) -> dict[str, Any]:
    """What botocore's endpoint makes of a response."""
    parser = _parser()
    parsed: dict[str, Any] = parser.parse(response, model.output_shape)
    if shape := model.service_model.shape_for_error_code(parsed.get("Error", {}).get("Code")):
        parsed |= parser.parse(
            response, shape
        )  # an error's own members: the reasons of a cancelled transaction
    return parsed


@functools.cache
def _parser() -> Any:
    from botocore.parsers import create_parser

    return create_parser("json")


@functools.cache
def prepare() -> None:
    """Mend what moto does otherwise than DynamoDB, or slowly; once for the process, before `mock_aws` starts."""
    from moto.core import utils
    from moto.core.botocore_stubber import BotocoreStubber
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.table import Table

    share_service_models()
    places: list[tuple[Any, str, Callable[..., Any]]] = [
        (BotocoreStubber, "__call__", _locked),
        (DynamoDBBackend, "transact_write_items", _transacted),
        (Table, "sorted_items", _sorted),
        (utils, "_load_service_model", _loaded),
    ]
    for owner, name, mended in places:
        setattr(owner, name, _in_place_of(getattr(owner, name), mended))


@functools.cache
def share_service_models() -> None:
    """Let all botocore sessions read a service's model once: each function has a session of its own."""
    import botocore.session

    botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def _in_place_of(original: Callable[..., Any], mended: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(*arguments: Any, **named: Any) -> Any:
        return mended(original, *arguments, **named)

    return method


def _locked(original: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    with _lock:
        return original(*arguments, **named)


def _loaded(original: Callable[..., Any], service: str, model: str) -> Any:
    """The functions' own copy of DynamoDB's model, to which moto, unlike to other services', adds nothing."""
    import botocore.session

    if service != "dynamodb":
        return original(service, model)
    return botocore.session.create_loader(None).load_service_model(service, model)


def _transacted(original: Callable[..., Any], backend: Any, writes: list[dict[str, Any]]) -> Any:
    """moto keeps a copy of each whole table to go back to; a copy of the items that are written does as well."""
    from moto.dynamodb.models.table import Table

    try:
        before = [
            (rows, key, copy.deepcopy(rows.get(key))) for rows, key in _written(backend, writes)
        ]
    except Exception:  # a faulty request: moto has the right error for it
        return original(backend, writes)
    try:
        with patch.object(Table, "__deepcopy__", lambda table, memo: table, create=True):
            original(backend, writes)
    except Exception:
        for rows, key, item in before:
            rows.pop(key, None)
            rows.update({} if item is None else {key: item})
        raise


def _sorted(
    _original: Any, table: Any, hash_keys: list[str], range_keys: list[str], items: list[Any]
) -> list[Any]:
    """An index's items in its order: moto casts the values anew for each two that it compares."""
    names = table._generate_attr_to_sort_by(hash_keys, range_keys)
    return sorted(items, key=lambda item: [item.attrs[name].cast_value for name in names])


def _written(backend: Any, writes: list[dict[str, Any]]) -> Iterator[tuple[dict[Any, Any], Any]]:
    """Where each written item stands: the dict in moto's table, and its key there."""
    for write in (write for one in writes for write in one.values()):
        table = backend.get_table(write["TableName"])
        hash_key, range_key = backend.get_keys_value(table, write.get("Key") or write["Item"])
        yield (table.items[hash_key], range_key) if range_key else (table.items, hash_key)
