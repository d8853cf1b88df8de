"""What goes back to the caller: Lambda's proxy responses by API Gateway's rules, and the gateway's own answers."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from gateway import variables
from gateway.errors import GatewayResponse
from gateway.events import matches_media_type

FIELDS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
LAMBDA_LIMIT = 6 * 1024 * 1024  # bytes a synchronous invocation takes and gives [D]
# Headers that API Gateway keeps for itself: a function's value comes back under another name [D].
REMAPPED = {"connection", "content-length", "date", "host", "server", "www-authenticate"}

# Each gateway response type: its status and the error type in its header, unless the spec says otherwise [D].
KINDS = {
    "ACCESS_DENIED": (403, "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": (500, "InternalServerErrorException"),
    "BAD_REQUEST_BODY": (400, "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": (400, "BadRequestException"),
    "DEFAULT_4XX": (400, "BadRequestException"),
    "DEFAULT_5XX": (500, "InternalServerErrorException"),
    "EXPIRED_TOKEN": (403, "ExpiredTokenException"),
    "INTEGRATION_FAILURE": (504, "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": (504, "InternalServerErrorException"),
    "INVALID_SIGNATURE": (403, "InvalidSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "MissingAuthenticationTokenException"),
    "REQUEST_TOO_LARGE": (413, "RequestEntityTooLargeException"),
    "THROTTLED": (429, "TooManyRequestsException"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "UnsupportedMediaTypeException"),
}


@dataclass
class Response:
    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    reason: str = ""  # why it is not a success, for the console

    def set(self, name: str, value: str) -> None:
        self.headers = [h for h in self.headers if h[0].lower() != name.lower()] + [(name, value)]

    def get(self, name: str) -> str | None:
        return next((value for n, value in self.headers if n.lower() == name.lower()), None)


def from_proxy(result: Any, accept: str | None, binary: list[str]) -> Response:
    """The HTTP response that a proxy integration's `result` stands for; a malformed one is a 502 [A]."""
    if fault := _fault(result):
        reason = f"malformed Lambda proxy response: {fault}"
        raise GatewayResponse("DEFAULT_5XX", "Internal server error", status=502, reason=reason)
    body = (result.get("body") or "").encode("utf-8", "replace")
    if len(body) > LAMBDA_LIMIT:
        reason = f"the function's response of {len(body):,} bytes is beyond Lambda's limit"
        raise GatewayResponse("DEFAULT_5XX", "Internal server error", status=502, reason=reason)
    if result.get("isBase64Encoded") and matches_media_type(accept, binary):
        body = _decoded(body)
    response = Response(int(result.get("statusCode") or 200), _headers(result), body)
    if response.get("Content-Type") is None:
        response.set("Content-Type", "application/json")
    return response


def _fault(result: Any) -> str:
    if not isinstance(result, dict):
        return f"it is {json.dumps(result)[:80]}, not an object"
    if unknown := sorted(set(result) - FIELDS):
        return f"unknown keys {', '.join(unknown)}"
    try:
        status = int(result.get("statusCode") or 200)
    except (TypeError, ValueError):
        return f"statusCode is {result['statusCode']!r}"
    if not 100 <= status <= 599:
        return f"statusCode is {status}"
    if not isinstance(result.get("body") or "", str):
        return "body is not a string"
    return _header_fault(result)


def _header_fault(result: dict[str, Any]) -> str:
    single, multi = result.get("headers") or {}, result.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(multi, dict):
        return "headers and multiValueHeaders must be objects"
    if wrong := [n for n, values in multi.items() if not isinstance(values, list)]:
        return f"multiValueHeaders.{wrong[0]} is not a list"
    values = [*single.items(), *((n, v) for n, values in multi.items() for v in values)]
    if odd := [name for name, value in values if not isinstance(value, str | bool | int | float)]:
        return f"the header {odd[0]} is not a string"
    if split := [name for name, value in values if {"\r", "\n"} & set(f"{name}{value}")]:
        return f"the header {split[0]!r} holds a line break"
    return ""


def _headers(result: dict[str, Any]) -> list[tuple[str, str]]:
    single, multi = result.get("headers") or {}, result.get("multiValueHeaders") or {}
    pairs = [(name, value) for name, value in single.items() if value not in multi.get(name, ())]  # merged [D]
    pairs += [(name, value) for name, values in multi.items() for value in values]
    return [(_outward(name), _text(value)) for name, value in pairs]


def _outward(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        reason = "isBase64Encoded, but the body is not base64"
        raise GatewayResponse("API_CONFIGURATION_ERROR", "Internal server error", reason=reason) from None


def from_gateway(error: GatewayResponse, declared: dict[str, Any], known: variables.Known) -> Response:
    """The answer for a gateway response type, as `declared` in the spec's extension or by default."""
    default_status, error_type = KINDS[error.kind]
    status = error.status or default_status
    own = declared.get(error.kind) or declared.get("DEFAULT_5XX" if status >= 500 else "DEFAULT_4XX") or {}
    known.context["error"] = {
        "message": error.message,
        "messageString": json.dumps(error.message),
        "responseType": error.kind,
        "validationErrorString": error.validation,
    }
    template = (own.get("responseTemplates") or {}).get("application/json", '{"message":$context.error.messageString}')
    response = Response(int(own.get("statusCode") or status), reason=error.reason or error.message)
    response.body = variables.substituted(template, known).encode()
    response.headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", error_type)]
    for name, expression in (own.get("responseParameters") or {}).items():
        response.set(name.removeprefix("gatewayresponse.header."), variables.evaluated(expression, known))
    return response
