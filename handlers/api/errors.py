"""What can go wrong in any resource, as nouns that carry data.

problems.py says how callers see it.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Fault(NamedTuple):
    """One place where a request breaks the spec. `place` is body, path, query, header or cookie;
    `field` the property (dotted where nested) or parameter, empty for the body as a whole.
    """

    place: str
    field: str
    detail: str


class InvalidRequest(Exception):
    """`more` faults than those in `faults` were found, or even more than that."""

    def __init__(self, faults: Iterable[Fault], more: int = 0, is_exact: bool = True) -> None:
        self.faults = tuple(faults)
        number = more if is_exact else f"at least {more}"
        self.more = f"; {number} more faults are not listed" if more else ""


class InvalidJson(Exception): ...


class UnsupportedMediaType(Exception):
    """`accepted` are the media types that the operation lists."""

    def __init__(self, accepted: Iterable[str]) -> None:
        self.accepted = " or ".join(accepted)


class IdempotencyKeyReused(Exception): ...


class NotStorable(Exception):
    """A value that the spec allows and the database cannot hold; the text says why."""


class DatabaseUnavailable(Exception): ...
