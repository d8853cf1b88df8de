"""What every stored resource has: an id, times, and a revision, which is its entity tag."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Self
from uuid import UUID, uuid4, uuid5

# Names the ids that idempotency keys make; another value would make every key a new one.
KEYS = UUID("6f0e5d4c-3b2a-4190-8f7e-6d5c4b3a2918")
Body = Mapping[str, Any]  # the spec's input: what a caller says of a resource


@dataclass(frozen=True)
class Change:
    """What an update sets: attributes by name. Those that are None are absent from now on."""

    attributes: Mapping[str, Any]

    @property
    def revision(self) -> str:
        return str(self.attributes["revision"])


@dataclass(frozen=True, kw_only=True)
class Resource:
    """`revision` names this version and never comes back. `request` is the digest of the request
    that created the resource, if it had an idempotency key. The times are ISO 8601 in UTC with
    microseconds. A subclass adds the properties of its body.
    """

    NAMES: ClassVar[Mapping[str, str]] = {}  # the body's names that are not the attributes'
    NULLABLE: ClassVar[frozenset[str]] = frozenset()  # attributes whose None callers see as null
    PARENT: ClassVar[str | None] = None  # the attribute with the id of what it belongs to

    id: str
    created_at: str
    updated_at: str
    revision: str
    request: str | None = None

    @classmethod
    def create(
        cls,
        body: Body,
        idempotency_key: str | None = None,
        subject: str | None = None,
        **parent: str,
    ) -> Self:
        """A new resource. The same key of the same caller (`subject`) makes the same id, so that
        storage itself refuses a second resource for it.
        """
        change = cls.change(body)
        return cls(
            id=str(keyed_id(idempotency_key, subject, parent) if idempotency_key else uuid4()),
            created_at=change.attributes["updated_at"],
            request=_digest(change, cls.content()) if idempotency_key else None,
            **change.attributes,
            **parent,
        )

    @classmethod
    def change(cls, body: Body) -> Change:
        """The update that replaces all that a caller says of a resource."""
        content = cls.normalized(body)
        values = {name: content.get(cls.NAMES.get(name, name)) for name in cls.content()}
        # A random revision, not a count or a time: neither a resource made again under its old id
        # nor a clock that goes back can bring an entity tag back.
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return Change({**values, "updated_at": now, "revision": uuid4().hex})

    @classmethod
    def normalized(cls, body: Body) -> Body:
        """The form in which a body is stored and compared."""
        return body

    @classmethod
    @cache
    def content(cls) -> list[str]:
        """The attributes that callers set."""
        own = {field.name for field in fields(Resource)} | {cls.PARENT}
        return [field.name for field in fields(cls) if field.name not in own]

    @property
    def etag(self) -> str:
        return f'"{self.revision}"'

    def body(self) -> dict[str, Any]:
        """What callers have said of the resource. An absent property is left out."""
        values = {}
        for name in self.content():
            value = getattr(self, name)
            if value is not None or name in self.NULLABLE:
                values[self.NAMES.get(name, name)] = value
        return values

    def as_json(self) -> dict[str, Any]:
        """The spec's resource."""
        parent = {self.PARENT: getattr(self, self.PARENT)} if self.PARENT else {}
        times = {"created_at": self.created_at, "updated_at": self.updated_at}
        return {"id": self.id, **parent, **self.body(), **times}


def keyed_id(key: str, subject: str | None, parent: Mapping[str, str]) -> UUID:
    """The id that this idempotency key of this caller makes, below these parents."""
    # A key has no line feed, so that no caller's or parent's key is that of another.
    scopes = [*parent.values(), *([] if subject is None else [subject])]
    return uuid5(KEYS, "\n".join([*scopes, key]))


def _digest(change: Change, names: list[str]) -> str:
    values = [change.attributes[name] for name in names]
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
