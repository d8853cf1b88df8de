"""A table of DynamoDB: bounded calls, conditional writes, values of any JSON type.

No other module of the functions knows the AWS SDK.
"""

import json
import logging
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected
from botocore.loaders import Loader

from api.errors import DatabaseUnavailable, NotStorable

Item = Mapping[str, Any]  # attributes by name, as plain Python values
Write = dict[str, Any]

ENDPOINTS = Path(__file__).parent.parent / "sdk-data/endpoints.json"
# One call takes 6.6 s at most: three times 1.2 s, and pauses of at most 1 s and 2 s between them.
# An operation starts its last call within 2.5 s, so that each response leaves within 10 s.
LIMITS = Config(
    connect_timeout=0.4,
    read_timeout=0.8,
    retries={"mode": "standard", "total_max_attempts": 3},
)
LAST_CALL_WITHIN = 2.5
# Seconds at most; the second call of an operation is not a retry.
PAUSES = (0, 0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)

# Of a number: its significant digits, its least and greatest exponent.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
DIGITS, SMALLEST, LARGEST = 38, -130, 125
DEPTH = 32  # of lists and maps in each other
TOO_LARGE = "has exceeded the maximum allowed size"  # in the message: the code is any validation's

BROKEN = "ConditionalCheckFailed"
CONTENTION = {
    "None",
    BROKEN,
    "ProvisionedThroughputExceeded",
    "ReplicatedWriteConflict",
    "ThrottlingError",
    "TransactionConflict",
}
# Alone, without the reasons of a transaction.
CONFLICTS = {"ReplicatedWriteConflictException", "TransactionConflictException"}
UNAVAILABLE = {
    "KMSThrottlingException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "ThrottlingException",
    "TransactionInProgressException",
}

# Its DEBUG lines contain whole requests, personal data included.
logging.getLogger("botocore").setLevel(logging.WARNING)


class Table:
    """Every method raises DatabaseUnavailable when DynamoDB throttles or does not respond, and
    Refused when a condition is not met.
    """

    def __init__(self, name: str) -> None:
        # Not boto3: its resources cost every cold start 80 ms, and add nothing to these calls.
        session = botocore.session.Session()
        session.register_component("data_loader", _Loader())
        self._client = session.create_client("dynamodb", config=LIMITS)
        self._name = name

    def get(self, key: Item) -> Item | None:
        """The item, read consistently."""
        return _optional(self._call("get_item", Key=_encoded(key), ConsistentRead=True).get("Item"))

    def query(
        self, index: str, attribute: str, value: Any, limit: int, after: Item | None = None
    ) -> list[Item]:
        """At most `limit` items of an index with that value of its partition key, after the one
        with that key.
        """
        return self._read(
            "query",
            limit,
            after,
            IndexName=index,
            KeyConditionExpression="#key = :value",
            ExpressionAttributeNames={"#key": attribute},
            ExpressionAttributeValues=_encoded({":value": value}),
        )

    def scan(self, index: str | None, limit: int, after: Item | None) -> list[Item]:
        """At most `limit` items of an index, or of the table, after the one with that key."""
        return self._read("scan", limit, after, **({"IndexName": index} if index else {}))

    def update(self, write: Write) -> Item:
        """Makes an update outside a transaction; returns the item as it is now."""
        written = self._call("update_item", ReturnValues="ALL_NEW", **write["Update"])
        return _decoded(written["Attributes"])

    def write(self, *writes: Write) -> None:
        """Makes all the writes or none."""
        if len(writes) == 1:
            ((action, request),) = writes[0].items()
            self._call(f"{action.lower()}_item", **request)  # costs half of a transaction
            return
        items = []
        for write in writes:
            for action, request in write.items():
                items.append({action: {"TableName": self._name, **request}})
        self._send("transact_write_items", TransactItems=items)

    def _read(self, action: str, limit: int, after: Item | None, **request: Any) -> list[Item]:
        if after:
            request["ExclusiveStartKey"] = _encoded(after)
        # Only an absent LastEvaluatedKey means that nothing follows: a page may have any number of
        # items (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html).
        began = time.monotonic()
        items: list[Item] = []
        while time.monotonic() - began <= LAST_CALL_WITHIN:
            page = self._call(action, Limit=limit - len(items), **request)
            items += map(_decoded, page["Items"])
            start = page.get("LastEvaluatedKey")
            if not start or len(items) >= limit:
                return items
            request["ExclusiveStartKey"] = start
        raise DatabaseUnavailable

    def _call(self, action: str, **request: Any) -> Any:
        return self._send(action, TableName=self._name, **request)

    def _send(self, action: str, **request: Any) -> Any:
        try:
            return getattr(self._client, action)(**request)
        except ClientError as error:
            raise _translated(error) from error
        except (HTTPClientError, NotConnected) as error:
            raise DatabaseUnavailable from error


class _Loader(Loader):
    """botocore's data of DynamoDB only: no search through 400 services, and the endpoints of one.

    The endpoints have the path of botocore's own, because from another one botocore would take them
    for endpoints of the user's, and ignore AWS_USE_DUALSTACK_ENDPOINT. What this brings to a cold
    start is measured by scripts/bench ("all SDK data").
    """

    def list_available_services(self, type_name: str) -> list[str]:
        return ["dynamodb"]

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        if name != "endpoints":
            loaded: tuple[Any, str] = super().load_data_with_path(name)
            return loaded
        return json.loads(ENDPOINTS.read_bytes()), str(Path(self.BUILTIN_DATA_PATH) / name)


class Refused(Exception):
    """Writes that DynamoDB did not make, because a condition was not met or other writes were at
    the same items. `items` are the items that the conditions met, one per write.
    """

    def __init__(self, reasons: list[dict[str, Any]]) -> None:
        self._codes = [reason.get("Code") for reason in reasons]
        self.items = [_optional(reason.get("Item")) for reason in reasons]

    def broke(self, write: int) -> bool:
        """Whether the condition of that write was not met."""
        return self._codes[write : write + 1] == [BROKEN]


def attempts() -> Iterator[None]:
    """Turns for a write that may lose races, one call each, until attempts or time run out."""
    began = time.monotonic()
    for pause in PAUSES:
        if pause:  # a sleep of no time still takes 60 µs
            time.sleep(pause * random.random())  # noqa: S311 (spreads the racers, guards nothing)
        if time.monotonic() - began > LAST_CALL_WITHIN:
            return
        yield


class Condition(NamedTuple):
    """A condition expression, with the names and values that it uses."""

    expression: str
    names: Mapping[str, str] = MappingProxyType({})
    values: Mapping[str, Any] = MappingProxyType({})


NEW = Condition("attribute_not_exists(id)")
THERE = Condition("attribute_exists(id)")


def equals(attributes: Item, one_of: Mapping[str, Iterable[Any]] | None = None) -> Condition:
    """The item is there, and its attributes have these values (None: no value), or one of these."""
    terms, names, values = [THERE.expression], {}, {}
    for name, value in attributes.items():
        names[f"#is_{name}"], values[f":is_{name}"] = name, value
        term = f"#is_{name} = :is_{name}"
        terms.append(term if value is not None else f"(attribute_not_exists(#is_{name}) OR {term})")
    for name, choices in (one_of or {}).items():
        accepted = {f":is_{name}_{n}": choice for n, choice in enumerate(choices)}
        names[f"#is_{name}"] = name
        values |= accepted
        terms.append(f"#is_{name} IN ({', '.join(accepted)})")
    return Condition(" AND ".join(terms), names, values)


def put(item: Item, condition: Condition) -> Write:
    return {"Put": {"Item": _encoded(item), **_when(condition)}}


def delete(key: Item, condition: Condition | None = None) -> Write:
    return {"Delete": {"Key": _encoded(key), **(_when(condition) if condition else {})}}


def exists(table: str, key: Item) -> Write:
    """In a transaction: an item of another table is there."""
    return {"ConditionCheck": {"TableName": table, "Key": _encoded(key), **_when(THERE)}}


def update(key: Item, changes: Item, condition: Condition) -> Write:
    """Sets the attributes in `changes`, and takes away those that are None: a key of an index may
    be absent, but not null.
    """
    request = _when(condition)
    new = {name: value for name, value in changes.items() if value is not None}
    names = {f"#{name}": name for name in changes} | dict(condition.names)
    values = {f":new_{name}": value for name, value in new.items()} | dict(condition.values)
    expression = "SET " + ", ".join(f"#{name} = :new_{name}" for name in new)
    gone = [f"#{name}" for name in changes if name not in new]
    if gone:
        expression += " REMOVE " + ", ".join(gone)
    request |= {
        "Key": _encoded(key),
        "UpdateExpression": expression,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": _encoded(values),
    }
    return {"Update": request}


def _when(condition: Condition) -> Write:
    """A write that says what is there if its condition is not met: no second call to learn why."""
    request: Write = {
        "ConditionExpression": condition.expression,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if condition.names:
        request["ExpressionAttributeNames"] = dict(condition.names)
    if condition.values:
        request["ExpressionAttributeValues"] = _encoded(condition.values)
    return request


def _translated(error: ClientError) -> Exception:
    response: Mapping[str, Any] = error.response
    code = response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return Refused([{"Code": BROKEN, "Item": response.get("Item")}])
    reasons = response.get("CancellationReasons", [])
    if code in CONFLICTS:
        reasons = [{"Code": code}]
    codes = {reason.get("Code", "None").removesuffix("Exception") for reason in reasons}
    if codes and codes <= CONTENTION:
        return Refused(reasons)
    if TOO_LARGE in response["Error"].get("Message", ""):
        return NotStorable("it is larger than 400 KB")
    if code in UNAVAILABLE or response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return DatabaseUnavailable()
    return error


def _optional(attributes: Mapping[str, Any] | None) -> Item | None:
    return _decoded(attributes) if attributes else None


def _encoded(item: Item, depth: int = 0) -> dict[str, Any]:
    return {name: _attribute(value, depth) for name, value in item.items()}


def _decoded(attributes: Mapping[str, Any]) -> Item:
    return {name: _value(attribute) for name, attribute in attributes.items()}


def _attribute(value: Any, depth: int = 0) -> dict[str, Any]:
    """DynamoDB's form of a JSON value; bytes and Decimal are values too. Raises NotStorable."""
    if depth > DEPTH:
        raise NotStorable("it is nested too deeply")
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | Decimal() | float():
            return {"N": _number(value)}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": _encoded(value, depth + 1)}
        case list() | tuple():
            return {"L": [_attribute(member, depth + 1) for member in value]}
    raise TypeError(f"DynamoDB has no type for {type(value).__name__}")


def _number(value: int | Decimal | float) -> str:
    text = str(value)
    number = Decimal(text)
    if isinstance(value, float) and number.adjusted() < SMALLEST:
        return "0"  # as float itself rounds what is smaller still
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if len(digits) > DIGITS or (digits and not SMALLEST <= number.adjusted() <= LARGEST):
        raise NotStorable("a number has too many digits")
    return text


def _value(attribute: Mapping[str, Any]) -> Any:
    """Numbers are int, or Decimal when they have a fraction."""
    ((name, content),) = attribute.items()
    match name:
        case "NULL":
            return None
        case "N":
            number = Decimal(content)
            return int(number) if number == number.to_integral_value() else number
        case "M":
            return _decoded(content)
        case "L":
            return [_value(member) for member in content]
    return content
