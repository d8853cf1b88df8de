"""API Gateway's proxy events (payload version 1.0) and proxy responses: no other module knows them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import json
import os
import uuid
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from api.errors import InvalidJson

ORIGIN = os.environ.get("CORS_ALLOW_ORIGIN", "*")
EXPOSED = "ETag, Location, Retry-After, Idempotency-Replayed"


# Named tuples, here and in other modules, because to define a dataclass takes three times as long:
# for all of them 4 ms of each cold start.
class Caller(NamedTuple):
    """Who sent the request, as API Gateway has checked it. `subject` names the caller: `sub` of a
    Cognito token, `principalId` of a Lambda authorizer, or the ARN of an IAM identity. `claims` are
    the token's claims or the Lambda authorizer's context; `scopes` are those in its `scope`.
    """

    subject: str
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = MappingProxyType({})


class Request(NamedTuple):
    """An HTTP request as API Gateway passes it on. `path` values are still percent-encoded. `query`
    has every value of a name. `header` has lower-case names, the values of a repeated header joined
    by commas (RFC 9110, 5.3). `target` is the path of the URL as the caller sent it, with the stage
    or a custom domain's base path. `caller` is None where the operation is open.
    """

    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    header: Mapping[str, str]
    body: bytes
    target: str = ""
    caller: Caller | None = None

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        """Raises InvalidJson if the body is not the base64 that the event calls it."""
        headers = event.get("multiValueHeaders") or _single(event.get("headers"))
        query = event.get("multiValueQueryStringParameters")
        context = event.get("requestContext") or {}
        return cls(
            path=event.get("pathParameters") or {},
            query=query or _single(event.get("queryStringParameters")),
            header={name.lower(): ", ".join(values) for name, values in headers.items()},
            body=_body(event.get("body") or "", event.get("isBase64Encoded")),
            target=(context.get("path") or event.get("path") or "").rstrip("/"),
            caller=_caller(context),
        )


class Response(NamedTuple):
    """`body` is what JSON can represent (and Decimal, date, datetime, UUID), text if `headers` name
    a Content-Type that is not JSON, bytes, or None for no body.
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = MappingProxyType({})

    def to_proxy(self) -> dict[str, Any]:
        """Raises ValueError or TypeError if the body has no such form: NaN, for example."""
        headers = {
            "Access-Control-Allow-Origin": ORIGIN,
            "Access-Control-Expose-Headers": EXPOSED,
            **self.headers,
        }
        is_bytes = isinstance(self.body, bytes)
        media_type = ""
        for name, value in self.headers.items():
            if name.lower() == "content-type":
                media_type = value
        if self.body is not None and not media_type:
            media_type = "application/octet-stream" if is_bytes else "application/json"
            headers["Content-Type"] = media_type
        if self.body is None:
            text = ""
        elif is_bytes:
            text = base64.b64encode(self.body).decode()
        elif isinstance(self.body, str) and "json" not in media_type.lower():
            text = self.body
        else:
            text = _json(self.body)
        text.encode()  # a lone surrogate is not UTF-8, and Lambda could not send it
        return {
            "statusCode": self.status,
            "headers": headers,
            "body": text,
            "isBase64Encoded": is_bytes,
        }


def request_id(event: Mapping[str, Any]) -> str | None:
    """The gateway's own id of the request, which its access log has too."""
    return (event.get("requestContext") or {}).get("requestId")


def _single(values: Mapping[str, str] | None) -> dict[str, list[str]]:
    """The maps of test events in Lambda's console have no lists."""
    return {name: [value] for name, value in (values or {}).items()}


def _body(text: str, is_base64: bool | None) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if is_base64 else text.encode()
    except ValueError as error:
        raise InvalidJson from error


def _caller(context: Mapping[str, Any]) -> Caller | None:
    authorizer = context.get("authorizer") or {}
    claims = authorizer.get("claims")  # a Cognito authorizer has them; a Lambda one is a flat map
    if not isinstance(claims, Mapping):
        claims = authorizer
    identity = context.get("identity") or {}
    subject = claims.get("sub") or claims.get("principalId") or identity.get("userArn")
    if not subject:
        return None
    scopes = authorizer.get("scopes") or str(claims.get("scope") or "").split()
    return Caller(str(subject), frozenset(scopes), claims)


def _json(value: Any) -> str:
    text = ENCODER.encode(value)
    if MARK in text:
        text = text.replace(f'"{MARK}', "").replace(f'{MARK}"', "")
    return text


def _text(value: Any) -> str:
    """RFC 3339 (dates and times), RFC 9562 (UUID) or base64 (bytes); a Decimal's digits, marked."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a JSON number")
        return f"{MARK}{value}{MARK}"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without a time zone is not RFC 3339")
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"JSON has no form for {type(value).__name__}")


# The json module writes numbers only from int and float. So that a Decimal keeps its digits, it is
# first a text between two of these marks, which then go together with the quotes.
MARK = uuid.uuid4().hex
ENCODER = json.JSONEncoder(default=_text, ensure_ascii=False, allow_nan=False)
