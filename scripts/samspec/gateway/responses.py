"""What goes back to the caller: proxy responses of functions, and the gateway's own."""

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

from samspec.gateway import variables
from samspec.gateway.errors import GatewayError
from samspec.gateway.events import matches_media_type

# What a header may be, https://www.rfc-editor.org/rfc/rfc9110#section-5
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE = re.compile(r"[\t \x21-\x7e\x80-\xff]*")
FIELDS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
LIMIT = 6 * 1024 * 1024  # bytes that a synchronous invocation gives [D]
# Headers that API Gateway keeps for itself: a function's value comes back under another name [D].
REMAPPED = {"connection", "content-length", "date", "host", "server", "www-authenticate"}

# Each gateway response type: its status and the error type in its header, by default [D].
RESPONSE_TYPES = {
    "ACCESS_DENIED": (403, "AccessDenied"),
    "API_CONFIGURATION_ERROR": (500, "InternalServerError"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "AuthorizerConfiguration"),
    "AUTHORIZER_FAILURE": (500, "AuthorizerFailure"),
    "BAD_REQUEST_BODY": (400, "BadRequest"),
    "BAD_REQUEST_PARAMETERS": (400, "BadRequest"),
    "DEFAULT_4XX": (400, "BadRequest"),
    "DEFAULT_5XX": (500, "InternalServerError"),
    "INTEGRATION_FAILURE": (504, "InternalServerError"),
    "INTEGRATION_TIMEOUT": (504, "InternalServerError"),
    "INVALID_API_KEY": (403, "Forbidden"),
    "INVALID_SIGNATURE": (403, "InvalidSignature"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "MissingAuthenticationToken"),
    "QUOTA_EXCEEDED": (429, "LimitExceeded"),
    "REQUEST_TOO_LARGE": (413, "RequestEntityTooLarge"),
    "THROTTLED": (429, "TooManyRequests"),
    "UNAUTHORIZED": (401, "Unauthorized"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "UnsupportedMediaType"),
}


@dataclass
class Response:
    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    why: str = ""  # for the developer only

    def set(self, name: str, value: str) -> None:
        self.headers = [h for h in self.headers if h[0].lower() != name.lower()] + [(name, value)]

    @property
    def reason(self) -> str:
        """Why this is an error: what the gateway knows, or else what a problem in the body says."""
        if self.why or self.status < 400:
            return self.why
        try:
            problem = json.loads(self.body)
            errors = [f"{e['in']} {e['field']}: {e['detail']}" for e in problem.get("errors", ())]
            return "; ".join([str(problem.get("detail") or problem.get("message") or ""), *errors])
        except (ValueError, AttributeError, TypeError, KeyError):
            return ""


def problem(status: int, title: str, detail: str) -> Response:
    """A response that only this gateway has, for the developer; API Gateway has none like it."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = [("Content-Type", "application/problem+json")]
    return Response(status, headers, json.dumps(body).encode(), detail)


def not_emulated(detail: str) -> Response:
    """The response of a route that cannot respond as on AWS; `detail` is what was said at start."""
    return problem(501, "Not Implemented", detail)


def from_proxy(result: Any, accept: str | None, binary: list[str]) -> Response:
    """The HTTP response for the result of a proxy integration; a malformed one is a 502 [A]."""
    fault = _fault(result) or _header_fault(result)
    if fault:
        reason = f"malformed Lambda proxy response: {fault}"
        raise GatewayError("DEFAULT_5XX", "Internal server error", status=502, reason=reason)
    body = (result.get("body") or "").encode("utf-8", "replace")
    if result.get("isBase64Encoded") and matches_media_type(accept, binary):
        body = _decoded(body)
    headers = [_sent(name, value) for name, value in _headers(result)]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.insert(0, ("Content-Type", "application/json"))
    return Response(int(result.get("statusCode") or 200), headers, body)


def _sent(name: str, value: Any) -> tuple[str, str]:
    """A function's header as API Gateway sends it [A]."""
    if name.lower() in REMAPPED:
        name = f"x-amzn-Remapped-{name}"
    return name, str(value).lower() if isinstance(value, bool) else str(value)


def _fault(result: Any) -> str:
    if not isinstance(result, dict):
        return f"it is {json.dumps(result)[:80]}, not an object"
    unknown = sorted(set(result) - FIELDS)
    if unknown:
        return f"unknown keys {', '.join(unknown)}"
    try:
        status = int(result.get("statusCode") or 200)
    except (TypeError, ValueError):
        status = 0
    if not 200 <= status <= 599:  # those below end no request
        return f"statusCode is {result['statusCode']!r}"
    body = result.get("body") or ""
    if not isinstance(body, str):
        return "body is not a string"
    return f"its body of {len(body):,} bytes is beyond Lambda's limit" if len(body) > LIMIT else ""


def _header_fault(result: dict[str, Any]) -> str:
    single, multi = result.get("headers") or {}, result.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(multi, dict):
        return "headers and multiValueHeaders must be objects"
    for name, values in multi.items():
        if not isinstance(values, list):
            return f"multiValueHeaders.{name} is not a list"
    for name, value in _headers(result):
        if not isinstance(value, str | bool | int | float):
            return f"the header {name} is not a string"
        if {"\r", "\n"} & set(f"{name}{value}"):
            return f"the header {name!r} holds a line break"
        if not TOKEN.fullmatch(name):
            return f"{name!r} is not a header's name"
        if not VALUE.fullmatch(str(value)):
            return f"the header {name!r} has a value that HTTP cannot carry: {str(value)[:80]!r}"
    return ""


def _headers(result: dict[str, Any]) -> list[tuple[str, Any]]:
    """`headers` and `multiValueHeaders`, merged; a value that is in both comes once [D]."""
    single, multi = result.get("headers") or {}, result.get("multiValueHeaders") or {}
    headers = [(name, value) for name, value in single.items() if value not in multi.get(name, ())]
    for name, values in multi.items():
        headers += [(name, value) for value in values]
    return headers


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        reason = "isBase64Encoded, but the body is not base64"
        raise GatewayError(
            "API_CONFIGURATION_ERROR", "Internal server error", reason=reason
        ) from None


def _declared(declared: dict[str, Any], response_type: str, status: int) -> dict[str, Any]:
    """What the spec says of a gateway response. It has no say on one that is too large [D]."""
    if response_type == "REQUEST_TOO_LARGE":
        return {}
    default = "DEFAULT_5XX" if status >= 500 else "DEFAULT_4XX"
    return declared.get(response_type) or declared.get(default) or {}


def from_gateway(error: GatewayError, declared: dict[str, Any], scope: variables.Scope) -> Response:
    """The response of a gateway response type, as `declared` by the definition or by default."""
    default_status, error_type = RESPONSE_TYPES[error.response_type]
    status = error.status or default_status
    own = _declared(declared, error.response_type, status)
    scope.context["error"] = {
        "message": error.message,
        "messageString": json.dumps(error.message),
        "responseType": error.response_type,
        "validationErrorString": error.validation,
    }
    template = (own.get("responseTemplates") or {}).get(
        "application/json", _default_template(error)
    )
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", f"{error_type}Exception")]
    body = variables.substituted(template, scope).encode()
    response = Response(
        int(own.get("statusCode") or status), headers, body, error.reason or error.message or ""
    )
    for name, value in error.headers.items():
        response.set(name, value)
    for name, expression in (own.get("responseParameters") or {}).items():
        response.set(
            name.removeprefix("gatewayresponse.header."), variables.evaluated(expression, scope)
        )
    return response


def _default_template(error: GatewayError) -> str:
    """API Gateway's own bodies; that of a denial by a policy is spelled differently [A]."""
    name = "Message" if error.response_type == "ACCESS_DENIED" else "message"
    return f'{{"{name}":$context.error.messageString}}'
