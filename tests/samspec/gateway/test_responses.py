"""Proxy integration responses and gateway responses, by AWS's rules."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samspec.gateway import Gateway
from werkzeug.test import Client


@pytest.mark.parametrize(
    ("cover", "reason"),
    [
        ("none", "it is null, not an object"),
        ("text", 'it is "text", not an object'),
        ("extra", "unknown keys colour"),
        ("status-word", "statusCode is 'fine'"),
        ("status-odd", "statusCode is 999"),
        ("status-early", "statusCode is 103"),
        ("body-object", "body is not a string"),
        ("multi-string", "multiValueHeaders.X-Odd is not a list"),
        ("headers-list", "must be objects"),
        ("object-header", "the header X-Odd is not a string"),
        ("split-header", "holds a line break"),
        ("snow-header", "a value that HTTP cannot carry"),
        ("bell-header", "a value that HTTP cannot carry"),
        ("spaced-header", "is not a header's name"),
        ("big", "beyond Lambda's limit"),
        ("unserializable", "not JSON serializable"),
    ],
)
def test_malformed_proxy_responses_are_a_502(library: Gateway, cover: str, reason: str) -> None:
    reasons: list[str] = []
    library.on_exchange = lambda a: reasons.append(a.response.reason)
    response = Client(library).get(f"/covers/{cover}")
    assert (response.status_code, response.json) == (502, {"message": "Internal server error"})
    assert response.headers["x-amzn-ErrorType"] == "InternalServerErrorException"
    assert reason in reasons[0]


@pytest.mark.parametrize(
    ("cover", "status", "body"),
    [("status-none", 200, "no status"), ("status-text", 201, "made"), ("decimal", 202, "")],
)
def test_status_codes_may_be_missing_or_text(
    client: Client, cover: str, status: int, body: str
) -> None:
    response = client.get(f"/covers/{cover}")
    assert (response.status_code, response.text) == (status, body)


def test_boolean_headers_become_text_and_json_is_the_default_type(client: Client) -> None:
    response = client.get("/covers/bool-header")
    assert response.headers["X-Flag"] == "true"
    assert response.headers["Content-Type"] == "application/json"


def test_multi_value_headers_are_sent_one_by_one(client: Client) -> None:
    assert client.get("/covers/cookies").headers.getlist("Set-Cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(("path", "values"), [("merged", ["1", "2"]), ("both", ["0", "1", "2"])])
def test_single_and_multi_value_headers_are_merged(
    client: Client, path: str, values: list[str]
) -> None:
    assert client.get(f"/covers/{path}").headers.getlist("X-A") == values


def test_headers_of_the_gateway_itself_are_remapped(client: Client) -> None:
    headers = client.get("/covers/server").headers
    assert (headers["x-amzn-Remapped-Server"], headers["x-amzn-Remapped-Date"]) == ("mine", "today")
    assert "Server" not in headers


PNG = base64.b64decode("iVBORw0KGgo=")


@pytest.mark.parametrize(
    ("accept", "body"),
    [
        ("image/png, */*", PNG),
        ("application/json", b"iVBORw0KGgo="),
        ("*/*", b"iVBORw0KGgo="),
        ("", b"iVBORw0KGgo="),
    ],
)
def test_base64_is_decoded_when_the_first_accepted_type_is_binary(
    client: Client, accept: str, body: bytes
) -> None:
    assert client.get("/covers/png", headers={"Accept": accept}).data == body


def test_what_claims_to_be_base64_and_is_not_is_a_500(client: Client) -> None:
    assert client.get("/covers/not-base64", headers={"Accept": "image/png"}).status_code == 500


def test_unlisted_gateway_responses_take_after_default_4xx(client: Client) -> None:
    response = client.get("/nowhere")
    assert response.headers["Access-Control-Allow-Origin"] == "https://library.example"


def test_gateway_responses_substitute_their_variables(
    altered: Callable[..., Path], made: Callable[..., Gateway]
) -> None:
    gateway = made(altered(), parameters={"Stage": "tight"})
    throttled = []
    for _ in range(20):
        response = Client(gateway).get("/books", headers={"X-Asked": "now"})
        if response.status_code == 429:
            throttled.append(response)
    assert throttled[0].json == {
        "slow": "Too Many Requests",
        "type": "THROTTLED",
        "id": throttled[0].headers["x-amzn-RequestId"],
    }
    assert (throttled[0].headers["Retry-After"], throttled[0].headers["X-Asked"]) == ("1", "now")


def test_payloads_beyond_10_mb_are_a_413(client: Client) -> None:
    response = client.post("/covers/echo", data=b"x" * 10_000_001, content_type="text/plain")
    assert (response.status_code, response.json) == (413, {"message": "Request Too Long"})


def test_no_spec_changes_what_a_413_says(application: Any) -> None:
    response = Client(application).post("/users", data=b"x" * 10_000_001)
    assert (response.status_code, response.json) == (413, {"message": "Request Too Long"})


def test_headers_beyond_10240_bytes_are_a_431(client: Client) -> None:
    response = client.get("/covers/echo", headers={"X-Long": "x" * 10_240})
    assert (response.status_code, response.json) == (
        431,
        {"message": "Request Header Fields Too Large"},
    )


def test_this_projects_own_gateway_responses_are_problems(application: Any) -> None:
    response = Client(application).get("/nowhere")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert response.get_json(force=True)["detail"] == "No such path"
