"""What can go wrong in any resource, as nouns that carry data; problems.py says how callers see it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One place where a request breaks the spec. `place` is body, path, query or header; `field`
    the property (dotted where nested) or parameter, empty for the body as a whole."""

    place: str
    field: str
    detail: str


class InvalidRequest(Exception):
    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)


class InvalidJson(Exception): ...


class UnsupportedMediaType(Exception): ...


class IdempotencyKeyReused(Exception): ...


class DatabaseUnavailable(Exception): ...
