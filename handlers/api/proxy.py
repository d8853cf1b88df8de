"""API Gateway's proxy events (payload version 1.0) and proxy responses: no other module knows them."""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.errors import InvalidJson

ORIGIN = os.environ.get("CORS_ALLOW_ORIGIN", "*")
EXPOSED = "ETag, Location, Retry-After, Idempotency-Replayed"


@dataclass(frozen=True)
class Request:
    """An HTTP request as API Gateway hands it over. `header` has lower-case names, the values of a repeated header
    joined by commas (RFC 9110, 5.3). Path and query values are single: of a repeated one, the gateway's last."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    header: Mapping[str, str]
    body: bytes

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        """Raises InvalidJson where the body is not the base64 that the event calls it."""
        headers = event.get("multiValueHeaders") or {
            n: [v] for n, v in (event.get("headers") or {}).items()
        }
        return cls(
            path=event.get("pathParameters") or {},
            query=event.get("queryStringParameters") or {},
            header={name.lower(): ", ".join(values) for name, values in headers.items()},
            body=_body(event.get("body") or "", event.get("isBase64Encoded")),
        )


@dataclass(frozen=True)
class Response:
    """`body` is anything that JSON can say, None for no body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_proxy(self) -> dict[str, Any]:
        content = {} if self.body is None else {"Content-Type": "application/json"}
        return {
            "statusCode": self.status,
            "headers": {
                "Access-Control-Allow-Origin": ORIGIN,
                "Access-Control-Expose-Headers": EXPOSED,
                **content,
                **self.headers,
            },
            "body": "" if self.body is None else json.dumps(self.body, ensure_ascii=False),
            "isBase64Encoded": False,
        }


def request_id(event: Mapping[str, Any]) -> str | None:
    """The gateway's own id of the request, which its access log has too."""
    return (event.get("requestContext") or {}).get("requestId")


def _body(text: str, is_base64: bool | None) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if is_base64 else text.encode()
    except ValueError as error:
        raise InvalidJson from error
