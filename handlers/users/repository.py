"""Users in DynamoDB: no other module knows it.

Beside each user stands a marker item, whose key is the address, that says who owns it. Both are written in one
transaction, so that no two users ever have one address, whatever runs at once or fails half-way.
"""

import os
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected

from users.cursors import Position
from users.errors import DatabaseUnavailable, EmailInUse, IdempotencyKeyReused, UserChanged, UserNotFound
from users.user import Change, User

Item = Mapping[str, Mapping[str, str]]
Revisions = frozenset[str] | None

INDEX = "email-index"
# One call takes 7.5 s at the most: three times 1.5 s, and pauses of at most 1 s and 2 s between them. A write that lost
# a race starts its next call within 1 s, so that every answer leaves well inside the function's 10 s.
LIMITS = Config(connect_timeout=0.5, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 3})
NEXT_CALL_WITHIN = 1.0
PAUSES = (0, 0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)  # seconds at the most; the second call of an operation is no retry
BROKEN = "ConditionalCheckFailed"
CONTENTION = {"None", BROKEN, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
UNAVAILABLE = {
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
}


class Users:
    def __init__(self) -> None:
        # Not boto3: its resources cost every cold start 80 ms, and add nothing to these six calls.
        self._client = botocore.session.Session().create_client("dynamodb", config=LIMITS)
        self._table = os.environ["USERS_TABLE"]

    def get(self, id: str) -> User:
        """Raises UserNotFound."""
        found = self._call("get_item", TableName=self._table, Key=_key(id), ConsistentRead=True)
        if "Item" not in found:
            raise UserNotFound
        return _user(found["Item"])

    def find(self, email: str) -> list[User]:
        """The user with that address, or none."""
        found = self._call(
            "query",
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression="email = :email",
            ExpressionAttributeValues={":email": {"S": email}},
            Limit=1,
        )
        return [_user(item) for item in found["Items"]]

    def page(self, limit: int, after: Position | None) -> tuple[list[User], Position | None]:
        """At most `limit` users behind a position, and the position of the last where more follow."""
        start = {"ExclusiveStartKey": {**_key(after[0]), "email": {"S": after[1]}}} if after else {}
        # One more than asked for tells whether there is a next page: DynamoDB's own key is there after the last, too.
        found = self._call("scan", TableName=self._table, IndexName=INDEX, Limit=limit + 1, **start)
        users = [_user(item) for item in found["Items"]]
        page = users[:limit]
        more = len(users) > limit
        return page, (page[-1].id, page[-1].email) if more else None

    def add(self, user: User) -> User:
        """Stores a new user. Where an earlier request with the same idempotency key did: the user as it is now.
        Raises EmailInUse, IdempotencyKeyReused."""
        for _ in _tries():
            try:
                self._transact(self._put(user), self._own(user.email, user.id))
            except _Refused as refused:
                if refused.broke(0):
                    return _earlier(refused.items[0], user)
                if refused.broke(1):
                    raise EmailInUse from refused
            else:
                return user
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
                return self._transact(self._delete(current), self._disown(current.email))
            except _Refused as refused:
                if refused.broke(0):
                    current = _existing(refused.items[0])
                    _compare(current, expected)
        raise DatabaseUnavailable

    def _rewrite(self, id: str, change: Change, expected: Revisions) -> User:
        """The update that keeps the address: no marker changes, so one conditional write is enough."""
        condition, values = "email = :email", {}
        if expected is not None:
            values = {f":r{i}": {"S": revision} for i, revision in enumerate(expected or {"none"})}
            condition += f" AND revision IN ({', '.join(values)})"
        written = self._call("update_item", **self._set(id, change, condition, values), ReturnValues="ALL_NEW")
        return _user(written["Attributes"])

    def _move(self, current: User, change: Change) -> User:
        """The update that gives up one address and takes another."""
        unchanged = self._set(current.id, change, "revision = :current", {":current": {"S": current.revision}})
        self._transact({"Update": unchanged}, self._own(change.email, current.id), self._disown(current.email))
        return replace(current, **asdict(change))

    def _put(self, user: User) -> dict[str, Any]:
        item = {name: {"S": value} for name, value in asdict(user).items() if value is not None}
        return {"Put": {**self._where("attribute_not_exists(id)"), "Item": item}}

    def _own(self, email: str, id: str) -> dict[str, Any]:
        item = {**_marker(email), "owner": {"S": id}}
        return {"Put": {**self._where("attribute_not_exists(id)"), "Item": item}}

    def _disown(self, email: str) -> dict[str, Any]:
        return {"Delete": {"TableName": self._table, "Key": _marker(email)}}

    def _delete(self, user: User) -> dict[str, Any]:
        values = {":current": {"S": user.revision}}
        return {
            "Delete": {**self._where("revision = :current"), "Key": _key(user.id), "ExpressionAttributeValues": values}
        }

    def _set(self, id: str, change: Change, condition: str, values: Item) -> dict[str, Any]:
        new = {f":{name}": {"S": value} for name, value in asdict(change).items()}
        return {
            **self._where(condition),
            "Key": _key(id),
            "UpdateExpression": "SET email = :email, #name = :name, updated_at = :updated_at, revision = :revision",
            "ExpressionAttributeNames": {"#name": "name"},  # a reserved word
            "ExpressionAttributeValues": {**new, **values},
        }

    def _where(self, condition: str) -> dict[str, Any]:
        """A write that, where its condition does not hold, says what it found: no second call to learn why."""
        return {
            "TableName": self._table,
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _transact(self, *writes: dict[str, Any]) -> None:
        self._call("transact_write_items", TransactItems=writes)

    def _call(self, action: str, **request: Any) -> Any:
        try:
            return getattr(self._client, action)(**request)
        except ClientError as error:
            raise _translated(error) from error
        except (HTTPClientError, NotConnected) as error:
            raise DatabaseUnavailable from error


class _Refused(Exception):
    """Writes that DynamoDB did not make. Where none broke its condition, others were at the same items."""

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
    if code == "TransactionConflictException":
        return _Refused([{"Code": code}])
    reasons = response.get("CancellationReasons", [])
    if reasons and {reason.get("Code") for reason in reasons} <= CONTENTION:
        return _Refused(reasons)
    if code in UNAVAILABLE or response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return DatabaseUnavailable()
    return error


def _tries() -> Iterator[None]:
    """Turns for a write that may lose races, one call each, until tries or time run out."""
    began = time.monotonic()
    for pause in PAUSES:
        time.sleep(pause * random.random())  # noqa: S311 (spreads the racers, guards nothing)
        if time.monotonic() - began > NEXT_CALL_WITHIN:
            return
        yield


def _earlier(item: Item | None, user: User) -> User:
    """The user that already has the new user's id, if one idempotent request made both."""
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


def _user(item: Item) -> User:
    return User(**{field.name: item[field.name]["S"] for field in fields(User) if field.name in item})


def _key(id: str) -> dict[str, dict[str, str]]:
    return {"id": {"S": id}}


def _marker(email: str) -> dict[str, dict[str, str]]:
    return _key(f"email#{email}")
