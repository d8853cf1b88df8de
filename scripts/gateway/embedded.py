"""moto as the embedded DynamoDB: one call at a time as atomic, and with many items as quick as with few."""

import copy
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch


def start() -> None:
    """Send this process's AWS calls to moto from now on."""
    from moto import mock_aws

    prepare()
    mock_aws().start()


@functools.cache
def prepare() -> None:
    """Mend what moto does otherwise than DynamoDB, or slowly; once for the process, before `mock_aws` starts."""
    from moto.core import utils
    from moto.core.botocore_stubber import BotocoreStubber
    from moto.core.serialize import AttributePicker
    from moto.dynamodb.models import DynamoDBBackend

    share_service_models()
    lock = threading.RLock()  # its transactions check and write without one, DynamoDB's are atomic
    places: list[tuple[Any, str, Callable[..., Any]]] = [
        (BotocoreStubber, "__call__", functools.partial(_locked, lock)),
        (AttributePicker, "__call__", _picked),
        (DynamoDBBackend, "transact_write_items", _transacted),
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


def _locked(lock: Any, original: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    with lock:
        return original(*arguments, **named)


def _picked(original: Callable[..., Any], picker: Any, context: Any) -> Any:
    """A member of a DynamoDB answer, which is a dict of the wire's names already: no other spelling to look for."""
    if context.service_model.service_name == "dynamodb" and isinstance(context.obj, dict):
        return context.obj.get(context.key)
    return original(picker, context)


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
        before = [(rows, key, copy.deepcopy(rows.get(key))) for rows, key in _written(backend, writes)]
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


def _written(backend: Any, writes: list[dict[str, Any]]) -> Iterator[tuple[dict[Any, Any], Any]]:
    """Where each written item stands: the dict in moto's table, and its key there."""
    for write in (write for one in writes for write in one.values()):
        table = backend.get_table(write["TableName"])
        hash_key, range_key = backend.get_keys_value(table, write.get("Key") or write["Item"])
        yield (table.items[hash_key], range_key) if range_key else (table.items, hash_key)
