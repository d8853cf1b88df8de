"""What a request is, and the version 1.0 proxy event that Lambda gets for it."""

import base64
import secrets
import time
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from samspec.gateway.errors import GatewayError
from samspec.gateway.routes import Route
from samspec.sam.account import ACCOUNT

if TYPE_CHECKING:
    from samspec.gateway.variables import Scope

BODY_LIMIT, HEADERS_LIMIT = 10_000_000, 10_240  # bytes [D]
DROPPED = ("Content-Length", "Connection", "Transfer-Encoding")  # [A] never reach the function
UNKNOWN = (
    "accessKey", "accountId", "caller", "cognitoAuthenticationProvider",
    "cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId",
    "user", "userArn",
)  # fmt: skip


@dataclass
class Request:
    method: str
    path: str  # percent-encoded, as sent; once it is routed, without the stage
    query: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    body: bytes
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"
    url: str = ""  # as sent, for signatures
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    extended_id: str = field(
        default_factory=lambda: secrets.token_urlsafe(11).replace("_", "-") + "="
    )
    received: datetime = field(default_factory=lambda: datetime.now(UTC))

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever its letter case."""
        return next((v for n, v in reversed(self.headers) if n.lower() == name.lower()), None)

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters; a request without one is taken for JSON [A]."""
        return (self.header("Content-Type") or "application/json").split(";")[0].strip().lower()

    def check_size(self) -> None:
        if len(self.body) > BODY_LIMIT:
            raise GatewayError(
                "REQUEST_TOO_LARGE", "Request Too Long", reason="a payload is at most 10 MB"
            )
        if sum(len(name) + len(value) for name, value in self.headers) > HEADERS_LIMIT:
            reason = f"all headers together may have {HEADERS_LIMIT:,} bytes"
            raise GatewayError(
                "DEFAULT_4XX", "Request Header Fields Too Large", status=431, reason=reason
            )

    def again(self) -> "Request":
        """The same request, sent once more."""
        scope = (
            self.method,
            self.path,
            self.query,
            self.headers,
            self.body,
            self.source_ip,
            self.protocol,
            self.url,
        )
        return Request(*scope)

    @classmethod
    def from_wsgi(cls, environ: dict[str, Any]) -> "Request":
        raw = environ.get("REQUEST_URI") or environ.get("RAW_URI")
        raw = raw or quote(environ.get("PATH_INFO", "/").encode("latin-1"))
        if "?" not in raw and environ.get(
            "QUERY_STRING"
        ):  # werkzeug's test client leaves it out of the URI
            raw += "?" + environ["QUERY_STRING"]
        path, _, query = raw.partition("?")
        if not path.startswith("/"):  # an absolute-form request target: GET http://host/path
            path = urlsplit(path).path
        return cls(
            method=environ["REQUEST_METHOD"],
            path=path or "/",
            query=parse_qsl(query, keep_blank_values=True),
            headers=environ.get("gateway.headers") or _headers(environ),
            body=_body(environ),
            source_ip=environ.get("REMOTE_ADDR") or "127.0.0.1",
            protocol=environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
            url=raw,
        )


def _body(environ: dict[str, Any]) -> bytes:
    """The whole body, or as much as shows that it is too large."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if environ.get("wsgi.input_terminated"):  # of unknown length: chunked
        length = str(BODY_LIMIT + 1)
    return (
        bytes(environ["wsgi.input"].read(min(int(length), BODY_LIMIT + 1)))
        if length.isdecimal()
        else b""
    )


def _headers(environ: dict[str, Any]) -> list[tuple[str, str]]:
    names = {}
    for key in environ:
        if key.startswith("HTTP_"):
            names[key] = key.removeprefix("HTTP_").replace("_", "-").title()
    extra = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}
    names |= {key: name for key, name in extra.items() if environ.get(key)}
    return [(name, environ[key]) for key, name in names.items()]


def proxy_event(scope: "Scope", route: Route, binary: list[str]) -> dict[str, Any]:
    """The event as the function gets it; empty maps are null [A]."""
    request, host = scope.request, scope.context["domainName"]
    headers = [(name, value) for name, value in request.headers if name.title() not in DROPPED]
    headers += forwarded(request, host)
    is_binary = bool(request.body) and matches_media_type(request.header("Content-Type"), binary)
    text = (
        base64.b64encode(request.body).decode()
        if is_binary
        else request.body.decode("utf-8", "replace")
    )
    return {
        "resource": route.resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(headers) or None,
        "multiValueHeaders": _multi(headers),
        "queryStringParameters": dict(request.query) or None,  # the last value wins [A]
        "multiValueQueryStringParameters": _multi(request.query),
        "pathParameters": scope.parameters or None,
        "stageVariables": scope.stage or None,
        "requestContext": dict(scope.context),
        "body": text or None,
        "isBase64Encoded": is_binary,
    }


def forwarded(request: Request, host: str) -> list[tuple[str, str]]:
    """The headers that the gateway adds to a request."""
    return [
        ("X-Amzn-Trace-Id", f"Root=1-{int(time.time()):x}-{secrets.token_hex(12)}"),
        ("X-Forwarded-For", request.source_ip),
        ("X-Forwarded-Port", host.partition(":")[2] or "80"),
        ("X-Forwarded-Proto", "http"),
    ]


def request_context(request: Request, route: Route | None, stage: str, api: str) -> dict[str, Any]:
    """`$context` of mapping templates, and `requestContext` of the event."""
    domain = request.header("Host") or f"{api}.execute-api.localhost"
    resource = route.resource if route else ""
    operation = route and route.operation.get("operationId")
    return {
        "accountId": ACCOUNT,
        "apiId": api,
        "deploymentId": "local",
        "domainName": domain,
        "domainPrefix": domain.split(".")[0].split(":")[0],
        "extendedRequestId": request.extended_id,
        "httpMethod": request.method,
        "identity": identity(request),
        "path": request.path,
        "protocol": request.protocol,
        "requestId": request.id,
        "requestTime": request.received.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(request.received.timestamp() * 1000),
        "resourceId": f"{zlib.crc32(resource.encode()):08x}"[:6],
        "resourcePath": resource,
        "stage": stage,
        **({"operationName": operation} if operation else {}),
    }


def identity(request: Request, caller: str | None = None) -> dict[str, str | None]:
    """Who calls: unknown, unless an access key signed the request."""
    scope = {"sourceIp": request.source_ip, "userAgent": request.header("User-Agent")}
    if caller:
        arn = f"arn:aws:iam::{ACCOUNT}:user/{caller}"
        scope |= {
            "accessKey": caller,
            "accountId": ACCOUNT,
            "caller": caller,
            "user": caller,
            "userArn": arn,
        }
    return {**dict.fromkeys(UNKNOWN), **scope}


def matches_media_type(header: str | None, patterns: list[str]) -> bool:
    """Whether the first type of a Content-Type or Accept header is one of the binary ones [D]."""
    first = (header or "").split(",")[0].split(";")[0].strip().lower()
    return any(fnmatchcase(first, pattern.lower()) for pattern in patterns)


def _multi(pairs: list[tuple[str, str]]) -> dict[str, list[str]] | None:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values or None
