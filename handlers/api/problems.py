"""Errors as callers see them: RFC 9457 problem details, one row per error."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

from api import errors
from api.proxy import Response

# Reason phrases of HTTP's registry (RFC 9110) that http.HTTPStatus has only since Python 3.13.
RENAMED = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


class Problem(NamedTuple):
    """A row: what a caller sees of an error. `detail` may quote the error's attributes, such as
    {0.more}.
    """

    status: int
    detail: str
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def title(self) -> str:
        return RENAMED.get(self.status) or HTTPStatus(self.status).phrase


UNFORESEEN = Problem(500, "Internal server error")
PROBLEMS: dict[type[Exception], Problem] = {}


def register(
    error: type[Exception], status: int, detail: str, headers: Mapping[str, str] | None = None
) -> None:
    """Adds a row; a resource does this next to its own errors."""
    PROBLEMS[error] = Problem(status, detail, headers or {})


def problem(error: Exception) -> Response:
    """The response to an error. An error without a row tells the caller nothing about itself."""
    row = PROBLEMS.get(type(error), UNFORESEEN)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": row.title,
        "status": row.status,
        "detail": row.detail.format(error),
    }
    if isinstance(error, errors.InvalidRequest):
        body["errors"] = [
            {"in": fault.place, "field": fault.field, "detail": fault.detail}
            for fault in error.faults
        ]
    return Response(row.status, body, {"Content-Type": "application/problem+json", **row.headers})


register(errors.InvalidJson, 400, "Invalid JSON")
register(errors.InvalidRequest, 400, "Request does not match the API specification{0.more}")
register(errors.UnsupportedMediaType, 415, "Content-Type must be {0.accepted}")
register(errors.IdempotencyKeyReused, 422, "Idempotency-Key was used with a different request")
register(errors.NotStorable, 400, "The request cannot be stored: {0}")
register(NotImplementedError, 501, "Operation is not written yet")
register(errors.DatabaseUnavailable, 503, "Database temporarily unavailable", {"Retry-After": "1"})
