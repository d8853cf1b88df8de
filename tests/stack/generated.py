"""A few hundred requests for the differential test, the same at every run: most are generated from
the spec.
"""

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from tests.conftest import SPEC

EXAMPLES = 24  # of each operation, valid and invalid each
GENERATION = settings(
    max_examples=EXAMPLES,
    database=None,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
USERS = 10
JSON = ("Content-Type", "application/json")
# What the generator's HTTP client adds on its own.
CLIENT = {
    "user-agent",
    "accept-encoding",
    "accept",
    "connection",
    "content-length",
    "x-schemathesis-testcaseid",
}


@dataclass(frozen=True)
class Sent:
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def to(self, url: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the response; the request is sent without normalising."""
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        connection.putrequest(self.method, self.target, skip_accept_encoding=True)
        for name, value in self.headers:
            connection.putheader(name, value.encode("latin-1"))
        if self.body or self.method in ("POST", "PUT"):
            connection.putheader("Content-Length", str(len(self.body)))
        connection.endheaders(self.body)
        response = connection.getresponse()
        result = response.status, dict(response.headers), response.read()
        connection.close()
        return result


def users() -> Iterator[Sent]:
    """Creates of users whose ids are the same wherever they are created."""
    for number in range(USERS):
        body = json.dumps({"email": f"user{number}@example.com", "name": f"User {number}"}).encode()
        yield Sent("POST", "/users", (JSON, ("Idempotency-Key", f"user {number}")), body)


def from_spec(ids: list[str]) -> Iterator[Sent]:
    """Valid and invalid requests of every operation; every second path's id is one of `ids`."""
    schema = schemathesis.openapi.from_dict(dict(SPEC))
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        if operation.method == "options":
            continue
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
            for number, case in enumerate(_cases(operation, mode)):
                if "id" in case.path_parameters and number % 2:
                    case.path_parameters["id"] = ids[number // 2 % len(ids)]
                yield _sent(case.as_transport_kwargs(base_url="http://127.0.0.1"))


def _cases(operation: Any, mode: GenerationMode) -> list[Any]:
    cases = []

    @seed(1)
    @settings(GENERATION)
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Any) -> None:
        cases.append(case)

    collect()
    return cases


def _sent(arguments: Mapping[str, Any]) -> Sent:
    request = requests.Request(**arguments).prepare()
    url = urlsplit(request.url or "")
    headers = []
    for name, value in request.headers.items():
        if name.lower() not in CLIENT:
            headers.append((name, str(value)))
    body: Any = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    return Sent(
        request.method or "",
        url.path + (f"?{url.query}" if url.query else ""),
        tuple(headers),
        body,
    )


# What a generator hardly finds: how paths, queries, headers and bodies are spelt.
TARGETS = (
    "/users/", "/users/{id}/", "/users/{id}//", "//users", "/users/a%2Fb", "/users/%61",
    "/users/a+b", "/users/a%20b", "/users/%C3%A9", "/users/%FF", "/users/a;b=c", "/users/a=b&c",
    "/users/{ID}", "/users/..", "/users?limit=1&limit=2", "/users?limit=2&limit=x",
    "/users?limit=+1", "/users?limit=%2B1", "/users?limit=", "/users?limit",
    "/users?email=user1%40example.com", "/users?email=user1+a@example.com", "/users?email=%FF",
    "/users?email=USER1@EXAMPLE.COM", "/users?unknown=1", "/users?a=1&a=2&b=%26%3D",
    "/users?limit=1;email=x", "/users?", "/users??", "/users?&&", "/users?limit=%D9%A3",
    "/users?cursor=x", "/users?%6Cimit=1", "/", "/user", "/users/1/2", "/Prod/users", "/USERS",
)  # fmt: skip
HEADERS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("If-None-Match", "*"),),
    (("if-none-match", "*"),),
    (("If-None-Match", '"a"'), ("If-None-Match", "*")),
    (("If-None-Match", '"a", "b"'),),
    (("If-None-Match", '"a'),),
    (("If-None-Match", ""),),
    (("If-None-Match", "  *  "),),
    (("X-Custom", "é"),),
    (("X-Custom", "1"), ("x-custom", "2"), ("X-CUSTOM", "")),
    (("X_Custom", "1"),),
    (("Cookie", "a=b; c=d"), ("Authorization", "Bearer x"), ("X-Forwarded-For", "192.0.2.1")),
    (("User-Agent", "differential"), ("Accept", "application/json, */*;q=0.5"), ("TE", "trailers")),
)
MEDIA_TYPES = (
    "application/json; charset=utf-8", "APPLICATION/JSON", "application/json;", "text/plain",
    "application/octet-stream", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", ";",
)  # fmt: skip
BODIES = (
    b"", b"null", b"{}", b"[]", b'"x"', b"{", b"NaN", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 10_000,
    b'{"email": "a@example.com", "email": "b@example.com", "name": "Twice"}',
    b'{"email": "lone@example.com", "name": "\\ud800"}',
    '{"email": "é@example.com", "name": "Zoë"}'.encode(),
)  # fmt: skip


def by_hand(id: str) -> Iterator[Sent]:
    """The requests of the tables above, with the id of a user that exists."""
    user = f"/users/{id}"
    for target in TARGETS:
        yield Sent("GET", target.replace("{id}", id).replace("{ID}", id.upper()))
    for headers in HEADERS:
        yield Sent("GET", user, headers)
    body = b'{"email": "by-hand@example.com", "name": "By hand"}'
    yield Sent("POST", "/users", (), body)
    for media_type in MEDIA_TYPES:
        yield Sent("POST", "/users", (("Content-Type", media_type),), body)
    for data in BODIES:
        yield Sent("POST", "/users", (JSON,), data)
    for method in ("HEAD", "PATCH", "OPTIONS", "TRACE"):
        yield Sent(method, "/users")
        yield Sent(method, user)
    yield Sent("DELETE", user, (JSON,), b"{}")
    yield Sent("GET", "/users", (JSON,), b'{"a": 1}')
