"""Resources in DynamoDB: written only if nobody else got there first, unique, page by page.

Next to each resource there is a marker item per unique attribute, whose key is the attribute's
value, that says which resource owns it. They are written in one transaction, so that no two
resources ever have one value, whatever runs at the same time or fails half-way.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar

from api.cursors import Position
from api.dynamodb import (
    NEW,
    Item,
    Refused,
    Table,
    Write,
    attempts,
    delete,
    equals,
    exists,
    put,
    update,
)
from api.errors import DatabaseUnavailable, IdempotencyKeyReused
from api.resource import Change, Resource

Revisions = frozenset[str] | None  # those that a caller accepts; None for any
R = TypeVar("R", bound=Resource)


@dataclass(frozen=True)
class Index:
    """A global secondary index; `attribute` is its partition key."""

    name: str
    attribute: str


@dataclass(frozen=True)
class Parent:
    """What resources belong to: the variable with its table's name, and the error if there is no
    such parent. The resource's class says which attribute has its id.
    """

    table: str
    missing: type[Exception]


class Repository(Generic[R]):
    """A subclass says what it stores and where; `table` is an environment variable.

    `listing` is an index that has the resources and not their markers. Without unique attributes
    there are no markers, and the table itself is listed.
    """

    resource: type[R]
    table: ClassVar[str]
    missing: ClassVar[type[Exception]]
    changed: ClassVar[type[Exception]]
    unique: ClassVar[Mapping[str, type[Exception]]] = {}
    listing: ClassVar[Index | None] = None
    parent: ClassVar[Parent | None] = None

    def __init__(self) -> None:
        self._table = Table(os.environ[self.table])

    def get(self, id: str, parent: str | None = None) -> R:
        """Raises the error for a missing resource; one of another parent is missing, too."""
        return self._existing(self._table.get({"id": id}), parent)

    def find(self, name: str, value: Any) -> list[R]:
        """The resource whose unique attribute has that value, or none."""
        marker = self._table.get({"id": _marker(name, value)})
        item = self._table.get({"id": marker["owner"]}) if marker else None
        return [self._read(item)] if item and item.get(name) == value else []

    def page(self, limit: int, after: Position | None) -> tuple[list[R], Position | None]:
        """At most `limit` resources after a position, and the position of the last one if more
        follow. A position has the values of `keys`.
        """
        start = dict(zip(self.keys, after, strict=True)) if after else None
        index = self.listing.name if self.listing else None
        # One more than asked for shows whether there is a next page: DynamoDB returns a key after
        # the last item, too.
        resources = [self._read(item) for item in self._table.scan(index, limit + 1, start)]
        return _page(resources, limit, self.keys)

    def page_where(
        self, name: str, value: Any, limit: int, after: Position | None
    ) -> tuple[list[R], Position | None]:
        """The same of the resources with that value, by the index named after the attribute. A
        position is an id.
        """
        start = {"id": after[0], name: value} if after else None
        items = self._table.query(f"{name}-index", name, value, limit + 1, start)
        return _page([self._read(item) for item in items], limit, ("id",))

    @property
    def keys(self) -> tuple[str, ...]:
        """The attributes by which the listing goes on."""
        return ("id", self.listing.attribute) if self.listing else ("id",)

    def add(self, resource: R) -> R:
        """Stores a new resource. If an earlier request with the same idempotency key did: the
        resource as it is now. Raises IdempotencyKeyReused, the parent's and unique errors.
        """
        marked = self._marked(vars(resource))
        writes = [put(_item(resource), NEW)]
        writes += [self._take(name, value, resource.id) for name, value in marked.items()]
        errors = [self.unique[name] for name in marked]
        if self.parent and resource.PARENT:
            key = {"id": getattr(resource, resource.PARENT)}
            writes.append(exists(os.environ[self.parent.table], key))
            errors.append(self.parent.missing)
        for _ in attempts():
            try:
                self._table.write(*writes)
                return resource
            except Refused as refused:
                if refused.broke(0):
                    return self._earlier(refused.items[0], resource)
                _raise_broken(refused, errors)
        raise DatabaseUnavailable

    def replace(self, id: str, change: Change, expected: Revisions, parent: str | None = None) -> R:
        """Raises the errors for a missing, a changed and a not unique resource."""
        current: R | None = None
        for _ in attempts():
            moved: list[str] = []
            try:
                if current is not None:
                    moved = self._moved(current, change)
                if current is None or not moved:
                    return self._rewrite(id, change, expected, parent)
                return self._move(current, change, moved)
            except Refused as refused:
                if refused.broke(0):
                    current = self._existing(refused.items[0], parent)
                    if current.revision == change.revision:
                        # An earlier attempt of this call took effect; its response was lost.
                        return current
                    self._compare(current, expected)
                _raise_broken(refused, self._takers(change, moved))
        raise DatabaseUnavailable

    def remove(self, id: str, expected: Revisions, parent: str | None = None) -> None:
        """Raises the errors for a missing and a changed resource."""
        current: R | None = None
        for _ in attempts():
            if current is None:
                current = self.get(id, parent)  # for the values whose markers go with it
                self._compare(current, expected)
                continue
            marked = self._marked(vars(current))
            markers = [_release(name, value) for name, value in marked.items()]
            try:
                item = delete({"id": id}, equals({"revision": current.revision}))
                return self._table.write(item, *markers)
            except Refused as refused:
                if refused.broke(0):
                    current = self._existing(refused.items[0], parent)
                    self._compare(current, expected)
        raise DatabaseUnavailable

    def _rewrite(self, id: str, change: Change, expected: Revisions, parent: str | None) -> R:
        """The update that keeps all unique values: no marker changes, so one conditional write is
        enough.
        """
        same = {name: change.attributes[name] for name in self.unique}
        if self.resource.PARENT and parent is not None:
            same[self.resource.PARENT] = parent
        condition = equals(same, {} if expected is None else {"revision": expected or {"none"}})
        return self._read(self._table.update(update({"id": id}, change.attributes, condition)))

    def _move(self, current: R, change: Change, moved: list[str]) -> R:
        """The update that gives up unique values and takes others."""
        condition = equals({"revision": current.revision})
        writes = [update({"id": current.id}, change.attributes, condition)]
        new, old = self._marked(change.attributes), self._marked(vars(current))
        writes += [self._take(name, new[name], current.id) for name in moved if name in new]
        writes += [_release(name, old[name]) for name in moved if name in old]
        self._table.write(*writes)
        return replace(current, **change.attributes)

    def _moved(self, current: R, change: Change) -> list[str]:
        return [name for name in self.unique if getattr(current, name) != change.attributes[name]]

    def _takers(self, change: Change, moved: list[str]) -> list[type[Exception]]:
        """The errors of the markers that a move takes, in the order of its writes."""
        return [self.unique[name] for name in moved if change.attributes[name] is not None]

    def _marked(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The unique values that are there."""
        return {n: attributes[n] for n in self.unique if attributes[n] is not None}

    def _take(self, name: str, value: Any, owner: str) -> Write:
        return put({"id": _marker(name, value), "owner": owner}, NEW)

    def _earlier(self, item: Item | None, resource: R) -> R:
        """The resource that already has the new one's id, if the same request made both."""
        stored = self._existing(item, None)
        if stored.revision != resource.revision and stored.request != resource.request:
            raise IdempotencyKeyReused
        return stored

    def _existing(self, item: Item | None, parent: str | None) -> R:
        if not item:
            raise self.missing
        if parent is not None and item.get(str(self.resource.PARENT)) != parent:
            raise self.missing
        return self._read(item)

    def _compare(self, resource: R, expected: Revisions) -> None:
        if expected is not None and resource.revision not in expected:
            raise self.changed

    def _read(self, item: Item) -> R:
        """An item may have attributes that only another version of this code knows."""
        names = [field.name for field in fields(self.resource) if field.name in item]
        return self.resource(**{name: item[name] for name in names})


def _page(resources: list[R], limit: int, keys: tuple[str, ...]) -> tuple[list[R], Position | None]:
    page = resources[:limit]
    if len(resources) <= limit:
        return page, None
    return page, tuple(getattr(page[-1], key) for key in keys)


def _raise_broken(refused: Refused, errors: list[type[Exception]]) -> None:
    """Raises the error of the first write after the resource's own whose condition was not met."""
    for write, error in enumerate(errors, start=1):
        if refused.broke(write):
            raise error from refused


def _item(resource: Resource) -> Item:
    return {name: value for name, value in vars(resource).items() if value is not None}


def _release(name: str, value: Any) -> Write:
    return delete({"id": _marker(name, value)})


def _marker(name: str, value: Any) -> str:
    """One text for one value: 1, 1.0 and 1.00 are the same number."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        value = f"{Decimal(str(value)).normalize():f}"
    return f"{name}#{value}"
