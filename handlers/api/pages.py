"""Responses with a page of resources."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from api.cursors import Cursors, Position
from api.proxy import Response
from api.repository import Repository
from api.resource import Resource

R = TypeVar("R", bound=Resource)
Read = Callable[[int, Position | None], tuple[list[R], Position | None]]


def response(name: str, cursors: Cursors, read: Read[R], query: Mapping[str, Any]) -> Response:
    """The page that `limit` and `cursor` ask for; `name` is its property. Raises InvalidRequest."""
    after = cursors.decode(query["cursor"]) if "cursor" in query else None
    resources, following = read(query["limit"], after)
    cursor = cursors.encode(following) if following else None
    return whole(name, resources, cursor)


def where(
    name: str, resources: Repository[R], attribute: str, value: str, query: Mapping[str, Any]
) -> Response:
    """A page of the resources with that value. Its cursors are of no use for another value."""

    def read(limit: int, after: Position | None) -> tuple[list[R], Position | None]:
        return resources.page_where(attribute, value, limit, after)

    return response(name, Cursors(listing(name, attribute, value), size=1), read, query)


def listing(name: str, attribute: str, value: str) -> str:
    """What the cursors of a listing by a value are made for: 64 bytes at most."""
    digest = hashlib.blake2b(f"{attribute}={value}".encode(), digest_size=16).hexdigest()
    return f"{name[:31]} {digest}"


def whole(name: str, resources: Sequence[Resource], cursor: str | None = None) -> Response:
    """A page of all these resources, with the cursor of the next if there is one."""
    page: dict[str, Any] = {name: [resource.as_json() for resource in resources]}
    if cursor:
        page["next_cursor"] = cursor
    return Response(200, page)
