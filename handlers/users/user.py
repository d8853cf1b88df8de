"""The domain: a user, how it comes to be and how it changes."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

# Names the ids that idempotency keys make; another value would make every key a new one.
KEYS = UUID("6f0e5d4c-3b2a-4190-8f7e-6d5c4b3a2918")


@dataclass(frozen=True)
class User:
    """`revision` names this version and never comes back. `request` is the digest of the request that created the
    user, where it had an idempotency key. The times are ISO 8601 in UTC with microseconds."""

    id: str
    email: str
    name: str
    created_at: str
    updated_at: str
    revision: str
    request: str | None = None

    @classmethod
    def create(cls, email: str, name: str, idempotency_key: str | None = None) -> "User":
        """A new user. The same key makes the same id, so that storage itself refuses a second user for it."""
        change = Change.now(email, name)
        return cls(
            id=str(uuid5(KEYS, idempotency_key) if idempotency_key else uuid4()),
            email=change.email,
            name=name,
            created_at=change.updated_at,
            updated_at=change.updated_at,
            revision=change.revision,
            request=_digest(change.email, name) if idempotency_key else None,
        )

    @property
    def etag(self) -> str:
        return f'"{self.revision}"'

    def as_json(self) -> dict[str, str]:
        """The spec's User."""
        return {
            "id": self.id,
            "email": self.email,
            "name": self.name,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


@dataclass(frozen=True)
class Change:
    """What an update sets."""

    email: str
    name: str
    updated_at: str
    revision: str

    @classmethod
    def now(cls, email: str, name: str) -> "Change":
        # A random revision, not a count or a time: neither a user made again under its old id nor a clock that goes
        # back can bring an entity tag back.
        return cls(
            normalized(email),
            name,
            datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            uuid4().hex,
        )


def normalized(email: str) -> str:
    """The form in which addresses are stored and compared; the spec allows ASCII alone."""
    return email.lower()


def _digest(email: str, name: str) -> str:
    return hashlib.sha256(json.dumps([email, name]).encode()).hexdigest()
