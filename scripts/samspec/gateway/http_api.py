"""What differs in HTTP APIs: the event of payload version 2.0, inferred responses, CORS, errors.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

import base64
import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

from samspec.gateway.errors import GatewayError
from samspec.gateway.events import DROPPED, Request, forwarded, identity
from samspec.gateway.responses import Response
from samspec.gateway.routes import DEFAULT, Route
from samspec.gateway.variables import Scope
from samspec.sam.account import ACCOUNT

TEXT_TYPES = ("application/json", "application/javascript", "application/xml")
CORS_HEADERS = (
    "access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers",
    "access-control-expose-headers", "access-control-max-age", "access-control-allow-credentials",
)  # fmt: skip


def route_key(route: Route) -> str:
    """The route as the event names it: `GET /pets/{id}`, `ANY /{proxy+}`, `$default`."""
    return DEFAULT if route.resource == DEFAULT else str(route)


def parameters(raw: Mapping[str, str]) -> dict[str, str]:
    """Path parameters as HTTP APIs hand them on: decoded."""
    return {name: unquote(value) for name, value in raw.items()}


def context(request: Request, route: Route | None, stage: str, api_id: str) -> dict[str, Any]:
    """`$context` of an HTTP API, for access logs and parameter mappings."""
    domain = request.header("Host") or f"{api_id}.execute-api.localhost"
    return {
        "accountId": ACCOUNT,
        "apiId": api_id,
        "domainName": domain,
        "domainPrefix": domain.split(".")[0].split(":")[0],
        "extendedRequestId": request.extended_id,
        "httpMethod": request.method,
        "identity": identity(request),
        "path": _path(request, stage),
        "protocol": request.protocol,
        "requestId": request.extended_id,
        "requestTime": request.received.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(request.received.timestamp() * 1000),
        "routeKey": route_key(route) if route else "",
        "stage": stage,
    }


def event(scope: Scope, route: Route) -> dict[str, Any]:
    """The event of payload version 2.0: absent parts are left out."""
    request, values = scope.request, scope.context
    headers = _headers(request, values["domainName"])
    cookies = headers.pop("cookie", "")
    body, is_base64 = _body(request)
    optional = {
        "cookies": [cookie.strip() for cookie in cookies.split(";") if cookie.strip()],
        "queryStringParameters": _joined(request.query),
        "pathParameters": scope.parameters,
        "stageVariables": scope.stage,
        "body": body,
    }
    names = ("accountId", "apiId", "authorizer", "domainName", "domainPrefix")
    http = {
        "method": request.method,
        "path": values["path"],
        "protocol": request.protocol,
        "sourceIp": request.source_ip,
        "userAgent": request.header("User-Agent") or "",
    }
    return {
        "version": "2.0",
        "routeKey": values["routeKey"],
        "rawPath": values["path"],
        "rawQueryString": request.url.partition("?")[2],
        "headers": headers,
        "requestContext": {
            **{name: values[name] for name in names if name in values},
            "http": http,
            "requestId": values["requestId"],
            "routeKey": values["routeKey"],
            "stage": values["stage"],
            "time": values["requestTime"],
            "timeEpoch": values["requestTimeEpoch"],
        },
        **{name: value for name, value in optional.items() if value},
        "isBase64Encoded": is_base64,
    }


def _path(request: Request, stage: str) -> str:
    path = unquote(request.path)
    return path if stage == DEFAULT else f"/{stage}{path}"


def _headers(request: Request, host: str) -> dict[str, str]:
    """Names in lower case; the values of a repeated one joined by commas."""
    pairs = [pair for pair in request.headers if pair[0].title() not in DROPPED]
    length = [("content-length", str(len(request.body)))] if request.body else []
    return _joined(
        [(name.lower(), value) for name, value in [*pairs, *length, *forwarded(request, host)]]
    )


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _body(request: Request) -> tuple[str, bool]:
    """The body as text, or else as base64: by the media type, as HTTP APIs tell them apart."""
    media_type = (request.header("Content-Type") or "text/plain").split(";")[0].strip().lower()
    is_text = media_type.startswith("text/") or media_type in TEXT_TYPES
    if is_text or media_type.endswith(("+json", "+xml")):
        return request.body.decode("utf-8", "replace"), False
    return base64.b64encode(request.body).decode(), bool(request.body)


def inferred(result: Any) -> Response:
    """The HTTP response of a function's result in payload version 2.0."""
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result if isinstance(result, str) else json.dumps(result)
        return Response(200, [("Content-Type", "application/json")], body.encode())
    body = result.get("body") or ""
    if not isinstance(body, str):
        raise failed("the body of the function's result is not a string")
    data = _decoded(body) if result.get("isBase64Encoded") else body.encode("utf-8", "replace")
    response = Response(_status(result), [], data)
    response.set("Content-Type", "text/plain;charset=UTF-8")
    for name, value in (result.get("headers") or {}).items():
        response.set(str(name), _text(value))
    for name, values in (result.get("multiValueHeaders") or {}).items():
        response.set(str(name), ",".join(map(_text, values)))
    response.headers += [("Set-Cookie", str(cookie)) for cookie in result.get("cookies") or []]
    return response


def failed(reason: str) -> GatewayError:
    """What callers of an HTTP API get when its function fails, or its result makes no sense."""
    return GatewayError("DEFAULT_5XX", "Internal Server Error", status=500, reason=reason)


def _status(result: Mapping[str, Any]) -> int:
    try:
        return int(result["statusCode"])
    except (TypeError, ValueError):
        raise failed(f"statusCode is {result['statusCode']!r}") from None


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        raise failed("isBase64Encoded, but the body is not base64") from None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


STATUSES = {
    "ACCESS_DENIED": 403,
    "INTEGRATION_TIMEOUT": 503,
    "INVALID_SIGNATURE": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "REQUEST_TOO_LARGE": 413,
    "THROTTLED": 429,
    "UNAUTHORIZED": 401,
}


def from_gateway(error: GatewayError) -> Response:
    """An HTTP API's own error: a message, which nothing can redefine."""
    status = error.status or STATUSES.get(error.response_type, 500)
    message = "Forbidden" if status == 403 else error.message
    if status == 503:
        message = "Service Unavailable"
    elif status >= 500:  # also where a REST API has a 502: a function that failed
        status, message = 500, "Internal Server Error"
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    response = Response(status, [("Content-Type", "application/json")], body)
    response.why = error.reason or error.message or ""
    for name, value in error.headers.items():
        response.set(name, value)
    return response


def preflight(cors: Mapping[str, Any], request: Request) -> Response | None:
    """The response to a preflight request of a browser, where CORS is configured."""
    asked = request.header("Access-Control-Request-Method")
    if not cors or request.method != "OPTIONS" or not asked:
        return None
    response = Response(204)
    if _allowed_origin(cors, request) is None:
        return response
    allow_origin(cors, request, response)
    listed = {
        "Access-Control-Allow-Methods": cors.get("allowMethods"),
        "Access-Control-Allow-Headers": cors.get("allowHeaders"),
    }
    for name, values in listed.items():
        if values:
            response.set(name, ",".join(map(str, values)))
    if "maxAge" in cors:
        response.set("Access-Control-Max-Age", str(cors["maxAge"]))
    return response


def allow_origin(cors: Mapping[str, Any], request: Request, response: Response) -> None:
    """Give a response the API's CORS headers; where it has any, the function's own are dropped."""
    if not cors:
        return
    response.headers = [pair for pair in response.headers if pair[0].lower() not in CORS_HEADERS]
    origin = _allowed_origin(cors, request)
    if origin is None:
        return
    response.set("Access-Control-Allow-Origin", origin)
    if cors.get("exposeHeaders"):
        response.set("Access-Control-Expose-Headers", ",".join(map(str, cors["exposeHeaders"])))
    if cors.get("allowCredentials") in (True, "true"):
        response.set("Access-Control-Allow-Credentials", "true")


def _allowed_origin(cors: Mapping[str, Any], request: Request) -> str | None:
    origin = request.header("Origin")
    if origin is None:
        return None
    for pattern in cors.get("allowOrigins") or []:
        if pattern == "*":
            return "*"
        if fnmatchcase(origin.lower(), str(pattern).lower()):
            return origin
    return None
