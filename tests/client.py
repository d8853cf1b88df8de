"""The API as a caller has it, in process or over HTTP; every answer is held against the spec."""

import json as jsonlib
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import requests
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from requests.structures import CaseInsensitiveDict
from werkzeug.test import Client

JSON = {"Content-Type": "application/json"}
PROBLEM = {"type", "title", "status", "detail"}
DESERIALIZERS: dict[str, Callable[[bytes], Any]] = {"application/problem+json": jsonlib.loads}
READ: dict[
    int, OpenAPI
] = {}  # by the spec's identity: to read and check it takes longer than most tests


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # any letter case
    body: bytes

    @cached_property
    def json(self) -> Any:
        return jsonlib.loads(self.body)

    @property
    def etag(self) -> str:
        return self.headers["ETag"]

    def problem(self) -> tuple[int, str]:
        """Status and detail, where the answer is a problem in RFC 9457's form."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert set(self.json) in (PROBLEM, PROBLEM | {"errors"})
        assert self.json["status"] == self.status
        return self.status, self.json["detail"]

    def faults(self) -> set[tuple[str, str]]:
        """Where the request breaks the spec: place and field."""
        assert self.problem() == (400, "Request does not match the API specification")
        return {(error["in"], error["field"]) for error in self.json["errors"]}


Send = Callable[[str, str, Mapping[str, str], bytes], Answer]


class Api:
    def __init__(
        self, send: Send, spec: Mapping[str, Any], credentials: Mapping[str, str] | None = None
    ) -> None:
        """`credentials` are headers of every request: who calls, where the API asks for it."""
        self._send = send
        self._credentials = dict(credentials or {})
        self.spec = spec
        if id(spec) not in READ:
            config = Config(extra_media_type_deserializers=DESERIALIZERS)
            READ[id(spec)] = OpenAPI.from_dict(dict(spec), config=config)
        self._openapi = READ[id(spec)]
        self._paths = {
            path: re.compile(re.sub(r"\{\w+\}", "[^/]*", path)) for path in spec["paths"]
        }

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send `json`, or `data` as it is; the answer, where the spec's operation allows it."""
        headers = {
            **(JSON if json is not None else {}),
            **self._credentials,
            **(headers or {}),
        }
        body = jsonlib.dumps(json).encode() if json is not None else data or b""
        answer = self._send(method, path + (f"?{urlencode(query)}" if query else ""), headers, body)
        self._check(method, path, answer)
        return answer

    def create(self, email: str | None = None, name: str = "Ada", key: str | None = None) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        return self.request(
            "POST", "/users", json={"email": email or address(), "name": name}, headers=headers
        )

    def get(self, id: str, **headers: str) -> Answer:
        return self.request("GET", f"/users/{id}", headers=_dashed(headers))

    def update(self, id: str, email: str, name: str = "Ada", **headers: str) -> Answer:
        body = {"email": email, "name": name}
        return self.request("PUT", f"/users/{id}", json=body, headers=_dashed(headers))

    def delete(self, id: str, **headers: str) -> Answer:
        return self.request("DELETE", f"/users/{id}", headers=_dashed(headers))

    def list(self, **query: Any) -> Answer:
        return self.request("GET", "/users", query=query)

    def walk(self, **query: Any) -> Iterator[dict[str, str]]:
        """Every user, page by page."""
        page = self.list(**query).json
        yield from page["users"]
        while "next_cursor" in page:
            page = self.list(**query, cursor=page["next_cursor"]).json
            yield from page["users"]

    def _check(self, method: str, path: str, answer: Answer) -> None:
        pattern = next(
            (one for one, matcher in self._paths.items() if matcher.fullmatch(path)), path
        )
        if answer.status == 413:
            return  # the gateway's own, whose body no API can change
        if (
            answer.status in (403, 404, 405) and answer.headers.get("x-amzn-ErrorType")
        ) or answer.status == 405:
            assert not answer.body or answer.problem()  # the gateway's own, of no operation
            return
        request = MockRequest("http://localhost", method, pattern, path_pattern=pattern)
        content_type = answer.headers.get("Content-Type", "")
        response = MockResponse(answer.body, answer.status, dict(answer.headers), content_type)
        self._openapi.validate_response(request, response)


def address() -> str:
    """A fresh one: nothing else in the table has it."""
    return f"{uuid.uuid4().hex}@example.com"


def in_process(application: Any) -> Send:
    def send(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        response = Client(application).open(target, method=method, headers=dict(headers), data=body)
        return Answer(response.status_code, CaseInsensitiveDict(response.headers), response.data)

    return send


def over_http(base_url: str) -> Send:
    def send(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        response = requests.request(
            method, base_url + target, headers=headers, data=body, allow_redirects=False, timeout=60
        )
        return Answer(response.status_code, response.headers, response.content)

    return send


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
