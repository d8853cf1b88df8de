"""What a request is, and the version 1.0 proxy event that Lambda gets for it."""

import base64
import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from gateway.routes import Route
from gateway.template import ACCOUNT

LIMIT = 10_000_000  # bytes a payload may have [D]
DROPPED = ("Content-Length", "Connection", "Transfer-Encoding")  # [A] never reach the function
CASED = {"ETAG": "ETag", "TE": "TE", "DNT": "DNT"}


@dataclass
class Request:
    method: str
    path: str  # as sent: percent-encoded, without stage and query
    query: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    body: bytes
    source_ip: str
    protocol: str
    url: str = ""  # as sent, for signatures
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    extended_id: str = field(default_factory=lambda: secrets.token_urlsafe(11).replace("_", "-") + "=")
    trace_id: str = field(default_factory=lambda: f"Root=1-{int(time.time()):x}-{secrets.token_hex(12)}")
    received: datetime = field(default_factory=lambda: datetime.now(UTC))

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever its letter case."""
        return next((v for n, v in reversed(self.headers) if n.lower() == name.lower()), None)

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters; a request without one is taken for JSON [A]."""
        return (self.header("Content-Type") or "application/json").split(";")[0].strip().lower()

    def again(self) -> "Request":
        """The same request, sent once more."""
        return Request(
            self.method, self.path, self.query, self.headers, self.body, self.source_ip, self.protocol, self.url
        )

    @classmethod
    def from_wsgi(cls, environ: dict[str, Any]) -> "Request":
        raw = environ.get("REQUEST_URI") or environ.get("RAW_URI")
        raw = raw or quote(environ.get("PATH_INFO", "/").encode("latin-1"))
        if "?" not in raw and environ.get("QUERY_STRING"):  # werkzeug's test client leaves it out of the URI
            raw += "?" + environ["QUERY_STRING"]
        path, _, query = raw.partition("?")
        if not path.startswith("/"):  # an absolute-form request target: GET http://host/path
            path = urlsplit(path).path
        return cls(
            method=environ["REQUEST_METHOD"],
            path=path or "/",
            query=parse_qsl(query, keep_blank_values=True),
            headers=environ.get("gateway.headers") or _headers(environ),
            body=_read_body(environ),
            source_ip=environ.get("REMOTE_ADDR") or "127.0.0.1",
            protocol=environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
            url=raw,
        )


def _read_body(environ: dict[str, Any]) -> bytes:
    """The whole body, or as much as shows that it is too large."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):  # of unknown length: chunked
        return bytes(stream.read(LIMIT + 1))
    length = environ.get("CONTENT_LENGTH") or "0"
    return bytes(stream.read(min(int(length), LIMIT + 1))) if length.isdecimal() else b""


def _headers(environ: dict[str, Any]) -> list[tuple[str, str]]:
    names = {k: k[5:] for k in environ if k.startswith("HTTP_")}
    names |= {k: k for k in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(k)}
    return [(CASED.get(n) or n.replace("_", "-").title(), environ[key]) for key, n in names.items()]


def proxy_event(
    request: Request,
    route: Route,
    parameters: dict[str, str],
    context: dict[str, Any],
    *,
    stage_variables: dict[str, str] | None = None,
    binary: list[str] | None = None,
) -> dict[str, Any]:
    """The event as the function gets it; empty maps are null [A]."""
    headers = [(n, v) for n, v in request.headers if n.title() not in DROPPED]
    headers += [
        ("X-Amzn-Trace-Id", request.trace_id),
        ("X-Forwarded-For", request.source_ip),
        ("X-Forwarded-Port", context["domainName"].partition(":")[2] or "80"),
        ("X-Forwarded-Proto", "http"),
    ]
    is_binary = matches_media_type(request.header("Content-Type"), binary)
    return {
        "resource": route.resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(headers) or None,
        "multiValueHeaders": _multi(headers),
        "queryStringParameters": dict(request.query) or None,  # the last value wins [A]
        "multiValueQueryStringParameters": _multi(request.query),
        "pathParameters": parameters or None,
        "stageVariables": stage_variables or None,
        "requestContext": dict(context),
        "body": _body(request.body, is_binary) if request.body else None,
        "isBase64Encoded": bool(request.body) and is_binary,
    }


def request_context(request: Request, resource: str, stage: str, api: str) -> dict[str, Any]:
    """`$context` of mapping templates, and `requestContext` of the event."""
    domain = request.header("Host") or f"{api}.execute-api.localhost"
    return {
        "accountId": ACCOUNT,
        "apiId": api,
        "deploymentId": "local",
        "domainName": domain,
        "domainPrefix": domain.split(".")[0].split(":")[0],
        "extendedRequestId": request.extended_id,
        "httpMethod": request.method,
        "identity": identity(request),
        "path": f"/{stage}{request.path}",
        "protocol": request.protocol,
        "requestId": request.id,
        "requestTime": request.received.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(request.received.timestamp() * 1000),
        "resourceId": f"{hash_of(resource):06x}",
        "resourcePath": resource,
        "stage": stage,
    }


def identity(request: Request, caller: str | None = None) -> dict[str, str | None]:
    """Who calls: unknown, unless an access key signed the request."""
    unknown = (
        "accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
        "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn",
    )  # fmt: skip
    known = {"sourceIp": request.source_ip, "userAgent": request.header("User-Agent")}
    if caller:
        arn = f"arn:aws:iam::{ACCOUNT}:user/{caller}"
        known |= {"accessKey": caller, "accountId": ACCOUNT, "caller": caller, "user": caller, "userArn": arn}
    return {**dict.fromkeys(unknown), **known}


def hash_of(text: str) -> int:
    """A small number that is the same in every process, unlike `hash`."""
    return int.from_bytes(text.encode(), "big") % 0xFFFFFD


def matches_media_type(header: str | None, patterns: list[str] | None) -> bool:
    """Whether a Content-Type or Accept header (its first type only [D]) is one of the binary media types."""
    first = (header or "").split(",")[0].split(";")[0].strip().lower()
    return any(fnmatchcase(first, pattern.lower()) for pattern in patterns or ())


def _body(body: bytes, is_binary: bool) -> str:
    return base64.b64encode(body).decode() if is_binary else body.decode("utf-8", "replace")


def _multi(pairs: list[tuple[str, str]]) -> dict[str, list[str]] | None:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values or None
