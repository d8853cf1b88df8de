"""Users in DynamoDB: no other module knows it.

Beside each user stands a marker item, whose key is the address, that says who owns it. Both are written in one
transaction, so that no two users ever have one address, whatever runs at once or fails half-way.
"""

import logging
import os
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected

from users.cursors import Position
from users.errors import DatabaseUnavailable, EmailInUse, IdempotencyKeyReused, UserChanged, UserNotFound
from users.user import Change, User

Item = Mapping[str, Mapping[str, str]]
Write = dict[str, Any]
Revisions = frozenset[str] | None  # those that a caller accepts; None for any

INDEX = "email-index"
SDK_DATA = Path(__file__).parent.parent / "sdk-data"
# One call takes 6.6 s at the most: three times 1.2 s, and pauses of at most 1 s and 2 s between them. An operation
# starts its last call within 2.5 s, so that every answer leaves inside the function's 10 s.
LIMITS = Config(connect_timeout=0.4, read_timeout=0.8, retries={"mode": "standard", "total_max_attempts": 3})
LAST_CALL_WITHIN = 2.5
PAUSES = (0, 0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)  # seconds at the most; the second call of an operation is no retry

BROKEN = "ConditionalCheckFailed"
CONTENTION = {"None", BROKEN, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
UNAVAILABLE = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionInProgressException",
}

logging.getLogger("botocore").setLevel(logging.WARNING)  # its DEBUG lines hold whole requests, users' data included


class Users:
    def __init__(self) -> None:
        # Not boto3: its resources cost every cold start 80 ms, and add nothing to these six calls. And not botocore's
        # own endpoints.json, which is every service's: 50 ms.
        session = botocore.session.Session()
        session.set_config_variable("data_path", str(SDK_DATA))
        self._client = session.create_client("dynamodb", config=LIMITS)
        self._table = os.environ["USERS_TABLE"]

    def get(self, id: str) -> User:
        """Raises UserNotFound."""
        return _existing(self._call("get_item", Key=_typed(id=id), ConsistentRead=True).get("Item"))

    def find(self, email: str) -> list[User]:
        """The user with that address, or none."""
        sought = {"KeyConditionExpression": "email = :email", "ExpressionAttributeValues": _typed(**{":email": email})}
        return [_user(item) for item in self._call("query", IndexName=INDEX, Limit=1, **sought)["Items"]]

    def page(self, limit: int, after: Position | None) -> tuple[list[User], Position | None]:
        """At most `limit` users behind a position, and the position of the last where more follow."""
        start = {"ExclusiveStartKey": _typed(id=after[0], email=after[1])} if after else {}
        # One more than asked for tells whether there is a next page: DynamoDB's own key is there after the last, too.
        users = [_user(item) for item in self._call("scan", IndexName=INDEX, Limit=limit + 1, **start)["Items"]]
        page = users[:limit]
        return page, (page[-1].id, page[-1].email) if len(users) > limit else None

    def add(self, user: User) -> User:
        """Stores a new user. Where an earlier request with the same idempotency key did: the user as it is now.
        Raises EmailInUse, IdempotencyKeyReused."""
        for _ in _tries():
            try:
                self._transact(_put(_item(user)), _put(_marker(user.email, owner=user.id)))
                return user
            except _Refused as refused:
                if refused.broke(0):
                    return _earlier(refused.items[0], user)
                if refused.broke(1):
                    raise EmailInUse from refused
        raise DatabaseUnavailable

    def replace(self, id: str, change: Change, expected: Revisions) -> User:
        """Raises UserNotFound, UserChanged, EmailInUse."""
        current: User | None = None
        for _ in _tries():
            try:
                if current is None or current.email == change.email:
                    return self._rewrite(id, change, expected)
                return self._move(current, change)
            except _Refused as refused:
                if refused.broke(0):
                    current = _existing(refused.items[0])
                    if current.revision == change.revision:
                        return current  # an earlier try of this very call took effect and its answer was lost
                    _compare(current, expected)
                elif refused.broke(1):
                    raise EmailInUse from refused
        raise DatabaseUnavailable

    def remove(self, id: str, expected: Revisions) -> None:
        """Raises UserNotFound, UserChanged."""
        current: User | None = None
        for _ in _tries():
            if current is None:
                current = self.get(id)  # for the address, whose marker goes with it
                _compare(current, expected)
                continue
            try:
                return self._transact(_delete(current), _release(current.email))
            except _Refused as refused:
                if refused.broke(0):
                    current = _existing(refused.items[0])
                    _compare(current, expected)
        raise DatabaseUnavailable

    def _rewrite(self, id: str, change: Change, expected: Revisions) -> User:
        """The update that keeps the address: no marker changes, so one conditional write is enough."""
        accepted = {} if expected is None else {f":r{i}": revision for i, revision in enumerate(expected or {"none"})}
        condition = f"email = :email AND revision IN ({', '.join(accepted)})" if accepted else "email = :email"
        written = self._call("update_item", ReturnValues="ALL_NEW", **_set(id, change, condition, accepted))
        return _user(written["Attributes"])

    def _move(self, current: User, change: Change) -> User:
        """The update that gives up one address and takes another."""
        update = {"Update": _set(current.id, change, "revision = :current", {":current": current.revision})}
        self._transact(update, _put(_marker(change.email, owner=current.id)), _release(current.email))
        return replace(current, **asdict(change))

    def _transact(self, *writes: Write) -> None:
        tabled = [{kind: {"TableName": self._table, **write}} for one in writes for kind, write in one.items()]
        self._send("transact_write_items", TransactItems=tabled)

    def _call(self, action: str, **request: Any) -> Any:
        return self._send(action, TableName=self._table, **request)

    def _send(self, action: str, **request: Any) -> Any:
        try:
            return getattr(self._client, action)(**request)
        except ClientError as error:
            raise _translated(error) from error
        except (HTTPClientError, NotConnected) as error:
            raise DatabaseUnavailable from error


class _Refused(Exception):
    """Writes that DynamoDB did not make: some broke their conditions, or others were at the same items."""

    def __init__(self, reasons: list[dict[str, Any]]) -> None:
        self._codes = [reason.get("Code") for reason in reasons]
        self.items: list[Item | None] = [reason.get("Item") for reason in reasons]

    def broke(self, write: int) -> bool:
        return self._codes[write : write + 1] == [BROKEN]


def _translated(error: ClientError) -> Exception:
    response: Mapping[str, Any] = error.response
    code = response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return _Refused([{"Code": BROKEN, "Item": response.get("Item")}])
    reasons = [{"Code": code}] if code == "TransactionConflictException" else response.get("CancellationReasons", [])
    if reasons and {reason.get("Code", "None").removesuffix("Exception") for reason in reasons} <= CONTENTION:
        return _Refused(reasons)
    if code in UNAVAILABLE or response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return DatabaseUnavailable()
    return error


def _tries() -> Iterator[None]:
    """Turns for a write that may lose races, one call each, until tries or time run out."""
    began = time.monotonic()
    for pause in PAUSES:
        if pause:  # a sleep of no time still takes 60 µs
            time.sleep(pause * random.random())  # noqa: S311 (spreads the racers, guards nothing)
        if time.monotonic() - began > LAST_CALL_WITHIN:
            return
        yield


def _earlier(item: Item | None, user: User) -> User:
    """The user that already has the new user's id, where the same request made both."""
    stored = _existing(item)
    if stored.revision != user.revision and stored.request != user.request:
        raise IdempotencyKeyReused
    return stored


def _existing(item: Item | None) -> User:
    if not item:
        raise UserNotFound
    return _user(item)


def _compare(user: User, expected: Revisions) -> None:
    if expected is not None and user.revision not in expected:
        raise UserChanged


def _put(item: Item) -> Write:
    return {"Put": {"Item": item, **_where("attribute_not_exists(id)")}}


def _delete(user: User) -> Write:
    values = _typed(**{":current": user.revision})
    return {"Delete": {"Key": _typed(id=user.id), **_where("revision = :current"), "ExpressionAttributeValues": values}}


def _release(email: str) -> Write:
    return {"Delete": {"Key": _marker(email)}}


def _set(id: str, change: Change, condition: str, values: Mapping[str, str]) -> Write:
    new = {f":{name}": value for name, value in asdict(change).items()}
    return {
        "Key": _typed(id=id),
        "UpdateExpression": "SET email = :email, #name = :name, updated_at = :updated_at, revision = :revision",
        "ExpressionAttributeNames": {"#name": "name"},  # a reserved word
        "ExpressionAttributeValues": _typed(**new, **values),
        **_where(condition),
    }


def _where(condition: str) -> Write:
    """A write that, where its condition does not hold, says what it found: no second call to learn why."""
    return {"ConditionExpression": condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def _item(user: User) -> Item:
    return _typed(**{name: value for name, value in asdict(user).items() if value is not None})


def _user(item: Item) -> User:
    return User(**{field.name: item[field.name]["S"] for field in fields(User) if field.name in item})


def _marker(email: str, **attributes: str) -> Item:
    return _typed(id=f"email#{email}", **attributes)


def _typed(**values: str) -> Item:
    return {name: {"S": value} for name, value in values.items()}
