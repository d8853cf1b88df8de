"""moto as the embedded AWS: one DynamoDB call at a time as atomic, and quick with many items."""

import base64
import contextlib
import copy
import functools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from samspec.sam.once import once

# What functions ask of items. It goes straight to moto; all else goes by moto's own way.
ITEM_CALLS = frozenset({
    "BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan",
    "TransactGetItems", "TransactWriteItems", "UpdateItem",
})  # fmt: skip
_lock = threading.RLock()  # moto's transactions check and write without one, DynamoDB's are atomic


@once
def start() -> None:
    """Send what AWS clients of this process ask for to moto, once for the process."""
    from moto import mock_aws

    prepare()
    mock_aws().start()


@once
def stubber() -> Any:
    """What chooses the service of moto that a request is for."""
    from moto.core.botocore_stubber import BotocoreStubber

    prepare()
    return BotocoreStubber()


def lock_for(service: str) -> AbstractContextManager[Any]:
    """DynamoDB's calls one by one; other services may wait within a call, as SQS does."""
    return _lock if service == "dynamodb" else contextlib.nullcontext()


def call(name: str, region: str, body: bytes) -> tuple[int, bytes, float | None]:
    """moto's status and body for a call on items, and the capacity units where moto knows them."""
    from botocore import xform_name
    from moto.core.exceptions import JsonRESTError
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.responses import DynamoHandler

    prepare()
    parameters = json.loads(body)
    is_asked = ask_for_capacity(name, parameters)
    handler = DynamoHandler()
    handler.current_account, handler.region = DEFAULT_ACCOUNT_ID, region
    handler.body = handler.params = parameters
    try:
        with _lock:
            result = dict(getattr(handler, xform_name(name))().result)
            units = take_capacity(result, is_asked)
            reply = json.dumps(result, default=_base64).encode()
    except JsonRESTError as error:
        return int(error.code), str(error.description).encode(), None
    return 200, reply, units


def ask_for_capacity(name: str, parameters: dict[str, Any]) -> bool:
    """Let the call's response have its capacity units; whether the caller asks for them itself."""
    if name not in ITEM_CALLS or "ReturnConsumedCapacity" in parameters:
        return True
    parameters["ReturnConsumedCapacity"] = "TOTAL"
    return False


def take_capacity(content: dict[str, Any], is_asked: bool) -> float | None:
    """The capacity units that are in a response, which is then as its caller expects it."""
    capacity = content.get("ConsumedCapacity") or []
    tables = capacity if isinstance(capacity, list) else [capacity]
    if not is_asked:
        content.pop("ConsumedCapacity", None)
    return sum(table.get("CapacityUnits", 0) for table in tables) if tables else None


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


@once
def prepare() -> None:
    """Correct what moto does differently from DynamoDB, or slowly; once for the process."""
    from moto.core.botocore_stubber import BotocoreStubber
    from moto.dynamodb.models import DynamoDBBackend, UpdateExpressionParser  # type: ignore[attr-defined]
    from moto.dynamodb.models.table import Table

    share_service_models()
    # An expression is copied before anything is changed in it.
    UpdateExpressionParser.make = functools.lru_cache(maxsize=256)(UpdateExpressionParser.make)
    places: list[tuple[Any, str, Callable[..., Any]]] = [
        (BotocoreStubber, "__call__", _locked),
        (DynamoDBBackend, "transact_write_items", _transacted),
        (Table, "sorted_items", _sorted),
    ]
    for owner, name, corrected in places:
        setattr(owner, name, _in_place_of(getattr(owner, name), corrected))


@once
def share_service_models() -> None:
    """Let all botocore sessions of this process read a service's model once."""
    import botocore.session

    botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def _in_place_of(original: Callable[..., Any], corrected: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(*arguments: Any, **named: Any) -> Any:
        return corrected(original, *arguments, **named)

    return method


def _locked(original: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    with _lock:
        return original(*arguments, **named)


def _transacted(original: Callable[..., Any], backend: Any, writes: list[dict[str, Any]]) -> Any:
    """moto copies whole tables to go back to; a copy of the items that are written is enough."""
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
    """An index's items in its order: moto casts the values again for each two that it compares."""
    names = table._generate_attr_to_sort_by(hash_keys, range_keys)
    return sorted(items, key=lambda item: [item.attrs[name].cast_value for name in names])


def _written(backend: Any, writes: list[dict[str, Any]]) -> Iterator[tuple[dict[Any, Any], Any]]:
    """Where each written item is: the dict in moto's table, and its key there."""
    for operation in writes:
        for write in operation.values():
            table = backend.get_table(write["TableName"])
            hash_key, range_key = backend.get_keys_value(table, write.get("Key") or write["Item"])
            yield (table.items[hash_key], range_key) if range_key else (table.items, hash_key)
