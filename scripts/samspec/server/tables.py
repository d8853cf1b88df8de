"""The DynamoDB tables behind the functions: keys, indexes and items, to read and to change."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

from samspec.sam.errors import ProjectError

PAGE = 50  # items
BATCH = 25  # items that one BatchWriteItem takes


class Tables:
    """`client` gives a DynamoDB client, `names` the names of the tables."""

    def __init__(self, client: Callable[[], Any], names: Callable[[], list[str]]):
        self._make_client, self._names = client, names

    def described(self) -> list[dict[str, Any]]:
        """Each table with its keys, its indexes and the number of its items."""
        client = self._client()
        return [self._described(client, name) for name in self._names()]

    def _client(self) -> Any:
        return self._make_client()

    def _described(self, client: Any, name: str) -> dict[str, Any]:
        table = _called(client.describe_table, TableName=name)["Table"]
        indexes = table.get("GlobalSecondaryIndexes", []) + table.get("LocalSecondaryIndexes", [])
        types = {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]}
        return {
            "name": name,
            "keys": _keys(table),
            "types": types,
            "count": _count(client, TableName=name),
            "indexes": [self._index(client, name, index) for index in indexes],
        }

    def _index(self, client: Any, table: str, index: dict[str, Any]) -> dict[str, Any]:
        name = index["IndexName"]
        count = _count(client, TableName=table, IndexName=name)
        return {"name": name, "keys": _keys(index), "count": count}

    def items(self, name: str, index: str, start: str) -> dict[str, Any]:
        """A page of items in DynamoDB's JSON; `next` starts the next page, empty on the last.

        `start` is the `next` of the page before, `index` the name of an index or empty.
        """
        arguments: dict[str, Any] = {"TableName": self._known(name), "Limit": PAGE}
        if index:
            arguments["IndexName"] = index
        if start:
            arguments["ExclusiveStartKey"] = _parsed(start)
        page = _called(self._client().scan, **arguments)
        last = page.get("LastEvaluatedKey")
        items = [_json_ready(item) for item in page["Items"]]
        return {"items": items, "next": json.dumps(_json_ready(last)) if last else ""}

    def change(self, name: str, action: str, change: dict[str, Any]) -> dict[str, Any]:
        """`put` an item, `delete` an item, or `reset`: delete all. Returns what was done."""
        client, table = self._client(), self._known(name)
        if action == "reset":
            return {"detail": f"{_delete_all(client, table)} items deleted from {table}"}
        if action == "delete":
            key = _binary(change.get("key"))
            _called(client.delete_item, TableName=table, Key=key)
            return {"detail": "Deleted"}
        _called(client.put_item, TableName=table, Item=_binary(change.get("item")))
        return {"detail": "Saved"}

    def _known(self, name: str) -> str:
        if name not in self._names():
            raise ProjectError(f"the template has no table {name}")
        return name


def _called(operation: Callable[..., Any], **arguments: Any) -> Any:
    """The result of a call, or what DynamoDB says against it as a ProjectError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return operation(**arguments)
    except ClientError as error:
        raise ProjectError(error.response["Error"]["Message"]) from None
    except (BotoCoreError, TypeError, ValueError, AttributeError) as error:
        raise ProjectError(f"DynamoDB refuses it: {error}") from None


def _keys(described: dict[str, Any]) -> list[str]:
    return [key["AttributeName"] for key in described["KeySchema"]]


def _count(client: Any, **arguments: Any) -> int:
    return sum(page["Count"] for page in _pages(client, Select="COUNT", **arguments))


def _pages(client: Any, **arguments: Any) -> Iterator[dict[str, Any]]:
    """Every page of a Scan: only an absent LastEvaluatedKey means that nothing follows."""
    while True:
        page = _called(client.scan, **arguments)
        yield page
        if "LastEvaluatedKey" not in page:
            return
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _delete_all(client: Any, table: str) -> int:
    keys = _keys(_called(client.describe_table, TableName=table)["Table"])
    deleted = 0
    for page in _pages(client, TableName=table):
        items = page["Items"]
        for first in range(0, len(items), BATCH):
            requests = []
            for item in items[first : first + BATCH]:
                requests.append({"DeleteRequest": {"Key": {name: item[name] for name in keys}}})
            while requests:
                result = _called(client.batch_write_item, RequestItems={table: requests})
                requests = (result.get("UnprocessedItems") or {}).get(table, [])
        deleted += len(items)
    return deleted


def _parsed(text: str) -> dict[str, Any]:
    try:
        return dict(_binary(json.loads(text)))
    except (ValueError, TypeError):
        raise ProjectError(
            "that page of items cannot be found again: start from the first"
        ) from None


def _json_ready(value: Any) -> Any:
    """DynamoDB's JSON with binary values as base64, as its HTTP interface has them."""
    if isinstance(value, dict):
        return {key: _json_ready(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_json_ready(part) for part in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _binary(value: Any) -> Any:
    """The opposite of `_json_ready`: what is under B and BS as bytes."""
    if isinstance(value, list):
        return [_binary(part) for part in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"B"} and isinstance(value["B"], str):
        return {"B": _bytes(value["B"])}
    if set(value) == {"BS"} and isinstance(value["BS"], list):
        return {"BS": [_bytes(part) for part in value["BS"]]}
    return {key: _binary(part) for key, part in value.items()}


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ProjectError(f"a binary value must be base64, not {text[:40]!r}") from None
