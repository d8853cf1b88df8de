"""Users in DynamoDB.

Next to each user there is a marker item, whose key is the address, that says who owns it. Both are
written in one transaction, so that no two users ever have one address, whatever runs at the same
time or fails half-way.
"""

import os
from dataclasses import asdict, fields, replace

from api.cursors import Cursors, Position
from api.dynamodb import Item, Refused, Table, Write, attempts, delete, put, update
from api.errors import DatabaseUnavailable

from users.errors import EmailInUse, IdempotencyKeyReused, UserChanged, UserNotFound
from users.user import Change, User

Revisions = frozenset[str] | None  # those that a caller accepts; None for any

INDEX = "email-index"
CURSORS = Cursors("users", size=2)  # a position is a user's id and address: a key of the index
NEW = "attribute_not_exists(id)"


class Users:
    def __init__(self) -> None:
        self._table = Table(os.environ["USERS_TABLE"])

    def get(self, id: str) -> User:
        """Raises UserNotFound."""
        return _existing(self._table.get({"id": id}))

    def find(self, email: str) -> list[User]:
        """The user with that address, or none."""
        items = self._table.query(INDEX, "email = :email", {":email": email}, limit=1)
        return [_user(item) for item in items]

    def page(self, limit: int, after: Position | None) -> tuple[list[User], Position | None]:
        """At most `limit` users after a position, and the position of the last one if more
        follow."""
        start = {"id": after[0], "email": after[1]} if after else None
        # One more than asked for shows whether there is a next page: DynamoDB returns a key after
        # the last item, too.
        users = [_user(item) for item in self._table.scan(INDEX, limit + 1, start)]
        page = users[:limit]
        return page, (page[-1].id, page[-1].email) if len(users) > limit else None

    def add(self, user: User) -> User:
        """Stores a new user. If an earlier request with the same idempotency key did: the user as
        it is now. Raises EmailInUse, IdempotencyKeyReused."""
        for _ in attempts():
            try:
                self._table.transact(put(_item(user), NEW), _take(user.email, user.id))
                return user
            except Refused as refused:
                if refused.broke(0):
                    return _earlier(refused.items[0], user)
                if refused.broke(1):
                    raise EmailInUse from refused
        raise DatabaseUnavailable

    def replace(self, id: str, change: Change, expected: Revisions) -> User:
        """Raises UserNotFound, UserChanged, EmailInUse."""
        current: User | None = None
        for _ in attempts():
            try:
                if current is None or current.email == change.email:
                    return self._rewrite(id, change, expected)
                return self._move(current, change)
            except Refused as refused:
                if refused.broke(0):
                    current = _existing(refused.items[0])
                    if current.revision == change.revision:
                        # An earlier attempt of this call took effect; its response was lost.
                        return current
                    _compare(current, expected)
                elif refused.broke(1):
                    raise EmailInUse from refused
        raise DatabaseUnavailable

    def remove(self, id: str, expected: Revisions) -> None:
        """Raises UserNotFound, UserChanged."""
        current: User | None = None
        for _ in attempts():
            if current is None:
                current = self.get(id)  # for the address, whose marker goes with it
                _compare(current, expected)
                continue
            try:
                revision = {":current": current.revision}
                user = delete({"id": id}, "revision = :current", revision)
                return self._table.transact(user, _release(current.email))
            except Refused as refused:
                if refused.broke(0):
                    current = _existing(refused.items[0])
                    _compare(current, expected)
        raise DatabaseUnavailable

    def _rewrite(self, id: str, change: Change, expected: Revisions) -> User:
        """The update that keeps the address: no marker changes, so one conditional write is
        enough."""
        condition, values = "email = :email", {":email": change.email}
        if expected is not None:
            accepted = {f":r{n}": revision for n, revision in enumerate(expected or {"none"})}
            condition += f" AND revision IN ({', '.join(accepted)})"
            values |= accepted
        return _user(self._table.update(update({"id": id}, asdict(change), condition, values)))

    def _move(self, current: User, change: Change) -> User:
        """The update that gives up one address and takes another."""
        revision = {":current": current.revision}
        user = update({"id": current.id}, asdict(change), "revision = :current", revision)
        self._table.transact(user, _take(change.email, current.id), _release(current.email))
        return replace(current, **asdict(change))


def _earlier(item: Item | None, user: User) -> User:
    """The user that already has the new user's id, if the same request made both."""
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
    """An item may have attributes that only another version of this code knows."""
    return User(**{field.name: item[field.name] for field in fields(User) if field.name in item})


def _item(user: User) -> Item:
    return {name: value for name, value in asdict(user).items() if value is not None}


def _take(email: str, owner: str) -> Write:
    return put({"id": _marker(email), "owner": owner}, NEW)


def _release(email: str) -> Write:
    return delete({"id": _marker(email)})


def _marker(email: str) -> str:
    return f"email#{email}"
