"""Errors as callers see them: RFC 9457 problem details, one row an error."""

from typing import Any

from users import errors
from users.proxy import Response

# The titles are the reason phrases of HTTP's registry; those of http.HTTPStatus differ between versions of Python.
PROBLEMS: dict[type[Exception], tuple[int, str, str]] = {
    errors.InvalidJson: (400, "Bad Request", "Invalid JSON"),
    errors.InvalidRequest: (400, "Bad Request", "Request does not match the API specification"),
    errors.UserNotFound: (404, "Not Found", "User not found"),
    errors.EmailInUse: (409, "Conflict", "Email already in use"),
    errors.UserChanged: (412, "Precondition Failed", "User has changed"),
    errors.UnsupportedMediaType: (415, "Unsupported Media Type", "Content-Type must be application/json"),
    errors.IdempotencyKeyReused: (422, "Unprocessable Content", "Idempotency-Key was used with a different request"),
    NotImplementedError: (501, "Not Implemented", "Operation is not written yet"),
    errors.DatabaseUnavailable: (503, "Service Unavailable", "Database temporarily unavailable"),
}
UNFORESEEN = (500, "Internal Server Error", "Internal server error")
HEADERS: dict[type[Exception], dict[str, str]] = {errors.DatabaseUnavailable: {"Retry-After": "1"}}


def problem(error: Exception) -> Response:
    """The answer to an error; one without a row tells the caller nothing of itself."""
    status, title, detail = PROBLEMS.get(type(error), UNFORESEEN)
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if isinstance(error, errors.InvalidRequest):
        body["errors"] = [{"in": fault.place, "field": fault.field, "detail": fault.detail} for fault in error.faults]
    return Response(status, body, {"Content-Type": "application/problem+json", **HEADERS.get(type(error), {})})
