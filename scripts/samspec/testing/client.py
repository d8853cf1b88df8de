"""An API as its callers have it, in process or over HTTP. Every response is checked against the
spec.
"""

import json as jsonlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import requests
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from requests.structures import CaseInsensitiveDict
from werkzeug.test import Client

from samspec.testing.patience import patiently

JSON = {"Content-Type": "application/json"}
PROBLEM = {"type", "title", "status", "detail"}
DESERIALIZERS: dict[str, Callable[[bytes], Any]] = {"application/problem+json": jsonlib.loads}
OWN_STATUSES = (403, 404, 405)  # of the gateway itself, where no operation responds
READ: dict[
    int, OpenAPI
] = {}  # by the spec's identity, because reading one takes longer than a test


@dataclass(frozen=True)
class Response:
    """`headers` are found in any letter case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def json(self) -> Any:
        return jsonlib.loads(self.body)

    @property
    def etag(self) -> str:
        return self.headers["ETag"]

    def problem(self) -> tuple[int, str]:
        """Status and detail. Fails unless the response is a problem in RFC 9457's form."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert set(self.json) in (PROBLEM, PROBLEM | {"errors"})
        assert self.json["status"] == self.status
        return self.status, self.json["detail"]

    def faults(self) -> set[tuple[str, str]]:
        """Place and field of each fault of the request, of a 400."""
        assert self.problem() == (400, "Request does not match the API specification")
        return {(error["in"], error["field"]) for error in self.json["errors"]}


Send = Callable[[str, str, Mapping[str, str], bytes], Response]


class ApiClient:
    """Sends requests to the API that `spec` defines; `spec` is the OpenAPI document as a mapping.

    `credentials` are headers of every request: who calls, if the API asks for it.
    """

    def __init__(
        self, send: Send, spec: Mapping[str, Any], credentials: Mapping[str, str] | None = None
    ) -> None:
        self._send = send
        self._credentials = dict(credentials or {})
        self.spec = spec
        if id(spec) not in READ:
            config = Config(extra_media_type_deserializers=DESERIALIZERS)
            READ[id(spec)] = OpenAPI.from_dict(dict(spec), config=config)
        self._openapi = READ[id(spec)]
        self._paths = {}
        for path in spec["paths"]:
            self._paths[path] = re.compile(re.sub(r"\{[^}]+\}", "[^/]*", path))

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Response:
        """Send `json`, or `data` as it is. Fails if the operation does not document the
        response.
        """
        content_type = JSON if json is not None else {}
        headers = {**content_type, **self._credentials, **(headers or {})}
        body = jsonlib.dumps(json).encode() if json is not None else data or b""
        target = f"{path}?{urlencode(query)}" if query else path
        response = self._send(method, target, headers, body)
        self._check(method, path, response)
        return response

    def _check(self, method: str, path: str, response: Response) -> None:
        if response.status == 413:
            return  # the gateway's own, whose body no API can change
        if response.status in OWN_STATUSES and self._is_of_the_gateway(response):
            assert not response.body or response.problem()
            return
        pattern = self._pattern(path)
        request = MockRequest("http://localhost", method, pattern, path_pattern=pattern)
        content_type = response.headers.get("Content-Type", "")
        headers = dict(response.headers)
        reply = MockResponse(response.body, response.status, headers, content_type)
        self._openapi.validate_response(request, reply)

    def _is_of_the_gateway(self, response: Response) -> bool:
        return response.status == 405 or bool(response.headers.get("x-amzn-ErrorType"))

    def _pattern(self, path: str) -> str:
        for pattern, matcher in self._paths.items():
            if matcher.fullmatch(path):
                return str(pattern)
        return path


def in_process(application: Any) -> Send:
    """Sends to a WSGI application."""

    def send(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        reply = Client(application).open(target, method=method, headers=dict(headers), data=body)
        return Response(reply.status_code, CaseInsensitiveDict(reply.headers), reply.data)

    return send


def over_http(base_url: str) -> Send:
    """Sends to a URL, which has no slash at the end; follows no redirect.

    What is throttled is sent again.
    """

    def send(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        def request() -> requests.Response:
            url = base_url + target
            return requests.request(
                method, url, headers=headers, data=body, allow_redirects=False, timeout=60
            )

        reply = patiently(request)
        return Response(reply.status_code, reply.headers, reply.content)

    return send
