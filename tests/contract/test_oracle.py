"""The functions' own check of requests against openapi-core's, on the same spec: one verdict, but
for a named few.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

import pytest
from api.contract import Contract
from api.errors import InvalidJson, InvalidRequest, UnsupportedMediaType
from api.proxy import Request
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.conftest import SPEC

OPERATIONS = {
    operation["operationId"]: (method, path)
    for path, item in SPEC["paths"].items()
    for method, operation in item.items()
    if "operationId" in operation
}
OPENAPI = OpenAPI.from_dict(SPEC, config=Config(spec_validator_cls=None))  # type: ignore[arg-type]
ID = "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c"

# Who calls is the gateway's affair; openapi-core looks whether a header is there.
CREDENTIALS = [("Authorization", "Bearer x"), ("X-Api-Key", "x")]


class Asked:
    """A request as openapi-core's protocol has it."""

    host_url = "http://localhost"

    def __init__(self, operation: str, request: Request) -> None:
        self.method, self.path = OPERATIONS[operation]
        self.path_pattern = self.path
        self.body = request.body or None
        self.content_type = request.header.get("content-type", "")
        query = ImmutableMultiDict[str, str](dict(request.query))
        header = Headers([*request.header.items(), *CREDENTIALS])
        path = {name: unquote(value) for name, value in request.path.items()}
        self.parameters = RequestParameters(query=query, header=header, path=path)


def ours(operation: str, request: Request) -> bool:
    try:
        _contract(operation).check(request)
    except (InvalidRequest, InvalidJson, UnsupportedMediaType):
        return False
    return True


def oracle(operation: str, request: Request) -> bool:
    return not list(OPENAPI.iter_request_errors(Asked(operation, request)))


@cache
def _contract(operation: str) -> Contract:
    return Contract.of(operation)


# Where the functions refuse what openapi-core takes. No case the other way round.
STRICTER: dict[str, tuple[Callable[[Request], Any], str]] = {
    "an integer is written in JSON's way": (
        lambda r: not re.fullmatch("-?(0|[1-9][0-9]*)", r.query.get("limit", ["0"])[0], re.ASCII),
        "Python's int() takes 1_0, +5, 007, a blank around and the digits of every script",
    ),
    "a pattern's end is the end": (
        lambda r: any(value.endswith("\n") for value in _texts(r)),
        "Python's $ matches in front of a last line feed as well",
    ),
    "a name stands once": (
        lambda r: (
            b'"name"' in r.body.partition(b'"name"')[2]
            or b'"email"' in r.body.partition(b'"email"')[2]
        ),
        "json.loads() takes the last of the values, another parser the first",
    ),
    "text is Unicode": (
        lambda r: re.search(rb"\\u[dD][89a-fA-F]", r.body),
        "half of a surrogate pair is no character: no UTF-8 can say it",
    ),
}
JSON = {"content-type": "application/json"}
EXAMPLES = [
    ("listUsers", Request({}, {"limit": ["1_0"]}, {}, b"")),
    ("listUsers", Request({}, {"email": ["ada@example.com\n"]}, {}, b"")),
    ("createUser", Request({}, {}, JSON, b'{"email": "a@b.cd", "name": "A", "name": "B"}')),
    ("createUser", Request({}, {}, JSON, b'{"email": "a@b.cd", "name": "\\ud800"}')),
]


def _texts(request: Request) -> list[str]:
    try:
        body = json.loads(request.body or b"null")
    except ValueError:
        body = None
    values = list(body.values()) if isinstance(body, dict) else []
    values += [unquote(value) for value in request.path.values()]
    values += [text for texts in request.query.values() for text in texts]
    values += request.header.values()
    return [value for value in values if isinstance(value, str)]


SPECIMENS = [
    *(
        "",
        " ",
        "0",
        "null",
        "true",
        "*",
        '"x"',
        'W/"x", ,"y"',
        '"x',
        "x" * 101,
        "x" * 256,
        "x" * 513,
    ),
    *(
        "ADA@EXAMPLE.COM",
        "a@b",
        "@b.cd",
        "é@b.cd",
        "a@b.cd\n",
        "\u3000",
        "\u3000.",
        "\x7f",
        f"{'x' * 249}@b.cd",
    ),
]
texts = st.sampled_from(SPECIMENS) | st.text(max_size=12)
header_texts = texts.filter(lambda text: not re.search("[\r\n]", text))
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
emails = st.sampled_from(["ada@example.com", "A+b@c-d.Ef", f"{'x' * 249}@b.c"])
tags = st.from_regex(
    r'[ \t,]*(W/)?"[!#-~]{0,9}"([ \t]*,[ \t]*(W/)?"[!#-~]{0,9}"){0,2}', fullmatch=True
)
# Of each part of a request: what is valid, and what may not be.
PARTS: dict[str, tuple[st.SearchStrategy[Any], st.SearchStrategy[Any]]] = {
    "id": (
        st.uuids().map(str),
        st.sampled_from([ID.upper(), ID[:-1], ID + "\n", f"{{{ID}}}"]) | texts,
    ),
    "limit": (
        st.integers(1, 100).map(str),
        st.sampled_from(["0", "101", "1_0", " 5", "007", "٣", "1.0", "1e1"]) | texts,
    ),
    "cursor": (st.text(min_size=1, max_size=512), texts),
    "email": (emails, texts),
    "if-match": (tags, header_texts),
    "if-none-match": (tags, header_texts),
    "idempotency-key": (
        st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1),
        header_texts,
    ),
    "content-type": (
        st.sampled_from(["application/json", "Application/JSON; charset=utf-8"]),
        st.sampled_from(["text/plain", "text/json", ""]),
    ),
    "body.email": (emails, json_values),
    "body.name": (
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=100),
        json_values,
    ),
    "body": (
        st.just({}),
        json_values | st.dictionaries(st.text(max_size=5), json_values, min_size=1),
    ),
    "bytes": (st.none(), st.sampled_from([b"", b"{"])),
}


OPTIONAL = ["limit", "cursor", "email", "if-match", "if-none-match", "idempotency-key"]


@st.composite
def asked(draw: st.DrawFn, operation: str) -> Request:
    wrong = draw(st.sets(st.sampled_from(sorted(PARTS)), max_size=2))
    parts = {}
    for name, (valid, otherwise) in PARTS.items():
        parts[name] = draw(otherwise if name in wrong else valid)
    absent = draw(st.sets(st.sampled_from(OPTIONAL)))

    def chosen(*names: str) -> dict[str, str]:
        return {name: parts[name] for name in names if name not in absent}

    body = parts["body"]
    if isinstance(body, dict):
        body = {"email": parts["body.email"], "name": parts["body.name"], **body}
    encoded = json.dumps(body).encode() if parts["bytes"] is None else parts["bytes"]
    method, path = OPERATIONS[operation]
    return Request(
        path={"id": quote(parts["id"])} if "{id}" in path else {},
        query={name: [text] for name, text in chosen("limit", "cursor", "email").items()},
        header=chosen("content-type", "if-match", "if-none-match", "idempotency-key"),
        body=encoded if method in ("post", "put") else b"",
    )


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=30, derandomize=True, database=None, deadline=None)
@given(data=st.data())
def test_the_verdict_is_that_of_openapi_core(operation: str, data: st.DataObject) -> None:
    request = data.draw(asked(operation))
    valid = ours(operation, request)

    if valid != oracle(operation, request):
        assert not valid
        assert [name for name, (holds, _) in STRICTER.items() if holds(request)]


@pytest.mark.parametrize(("difference", "example"), list(zip(STRICTER, EXAMPLES, strict=True)))
def test_what_openapi_core_takes_and_a_function_does_not(
    difference: str, example: tuple[str, Request]
) -> None:
    holds, _ = STRICTER[difference]

    assert holds(example[1])
    assert oracle(*example)
    assert not ours(*example)
