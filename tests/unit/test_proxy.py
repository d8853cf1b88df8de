"""Proxy events and responses: who calls, where, and what a body may be."""

import base64
import datetime as dt
import json
import logging
import uuid
from decimal import Decimal
from typing import Any

import pytest
from api.contract import Arguments
from api.operation import operation
from api.proxy import Caller, Request, Response
from users.user import User

DAY = dt.date(2026, 11, 27)
UTC = dt.datetime(2026, 11, 27, 6, 0, tzinfo=dt.UTC)
OSLO = dt.datetime(2026, 11, 27, 7, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))
ID = "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, 1.5, True, None, "é"]}, '{"a": [1, 1.5, true, null, "é"]}'),
        (Decimal("19.90"), "19.90"),
        ([Decimal("0.1000000000000000000000000001"), Decimal("1E+3")], None),
        (DAY, '"2026-11-27"'),
        (UTC, '"2026-11-27T06:00:00Z"'),
        (OSLO, '"2026-11-27T07:00:00+01:00"'),
        (uuid.UUID(ID), f'"{ID}"'),
        ({"data": b"\x00\xff"}, '{"data": "AP8="}'),
        ("text", '"text"'),
    ],
)
def test_a_body_is_json_with_every_digit(value: Any, text: str | None) -> None:
    proxied = Response(200, value).to_proxy()

    assert proxied["headers"]["Content-Type"] == "application/json"
    assert proxied["isBase64Encoded"] is False
    if text is None:
        assert json.loads(proxied["body"], parse_float=Decimal) == value
    else:
        assert proxied["body"] == text


@pytest.mark.parametrize("media_type", ["text/csv", "text/html; charset=utf-8", "application/xml"])
def test_a_text_of_another_media_type_is_that_text(media_type: str) -> None:
    proxied = Response(200, 'a,"b"', {"Content-Type": media_type}).to_proxy()

    assert proxied["body"] == 'a,"b"'


def test_the_name_of_the_content_type_may_be_in_lower_case() -> None:
    proxied = Response(200, "a,b", {"content-type": "text/csv"}).to_proxy()

    assert proxied["body"] == "a,b"
    assert "Content-Type" not in proxied["headers"]


def test_a_text_in_a_json_media_type_is_a_json_string() -> None:
    problem = {"Content-Type": "application/problem+json"}

    assert Response(200, "a", problem).to_proxy()["body"] == '"a"'


@pytest.mark.parametrize(
    ("headers", "media_type"),
    [({}, "application/octet-stream"), ({"Content-Type": "image/png"}, "image/png")],
)
def test_bytes_are_base64_for_the_gateway(headers: dict[str, str], media_type: str) -> None:
    proxied = Response(200, b"\x89PNG", headers).to_proxy()

    assert proxied["isBase64Encoded"] is True
    assert base64.b64decode(proxied["body"]) == b"\x89PNG"
    assert proxied["headers"]["Content-Type"] == media_type


def test_a_response_without_a_body_has_no_content_type() -> None:
    proxied = Response(204).to_proxy()

    assert proxied["body"] == ""
    assert "Content-Type" not in proxied["headers"]


def test_a_text_that_is_not_unicode_is_an_error() -> None:
    with pytest.raises(UnicodeEncodeError):
        Response(200, "\ud800", {"Content-Type": "text/plain"}).to_proxy()


@pytest.mark.parametrize(
    "body",
    [
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        {"a": Decimal("Infinity")},
        dt.datetime(2026, 11, 27, 6, 0),  # without a time zone
        {"a": object()},
        {"a": {1, 2}},
        "\ud800",
    ],
)
def test_a_body_that_json_cannot_be_is_an_error_and_logged_as_one(
    body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    handler = operation("listUsers")(lambda arguments: Response(200, body))

    with caplog.at_level(logging.INFO, logger="api"):
        proxied = handler({}, None)

    assert proxied["statusCode"] == 500
    assert json.loads(proxied["body"])["detail"] == "Internal server error"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert caplog.records[0].__dict__["error"] in ("ValueError", "TypeError", "UnicodeEncodeError")


@pytest.mark.parametrize(
    ("context", "caller"),
    [
        ({}, None),
        ({"authorizer": None, "identity": {"userArn": None, "sourceIp": "127.0.0.1"}}, None),
        (
            {"authorizer": {"claims": {"sub": "ada", "scope": "users/read users/write"}}},
            Caller(
                "ada",
                frozenset({"users/read", "users/write"}),
                {"sub": "ada", "scope": "users/read users/write"},
            ),
        ),
        (
            {"authorizer": {"principalId": "ada", "scope": "users/read", "tier": "gold"}},
            Caller(
                "ada",
                frozenset({"users/read"}),
                {"principalId": "ada", "scope": "users/read", "tier": "gold"},
            ),
        ),
        (
            {"authorizer": {"principalId": "ada", "claims": "text of an authorizer's own"}},
            Caller("ada", claims={"principalId": "ada", "claims": "text of an authorizer's own"}),
        ),
        (
            {"authorizer": {"claims": {"sub": "ada"}, "scopes": ["users/read"]}},
            Caller("ada", frozenset({"users/read"}), {"sub": "ada"}),
        ),
        (
            {"identity": {"userArn": "arn:aws:iam::123456789012:user/ada"}},
            Caller("arn:aws:iam::123456789012:user/ada"),
        ),
    ],
    ids=["none", "open", "Cognito", "Lambda", "Lambda with claims", "HTTP API", "IAM"],
)
def test_the_caller_is_who_the_gateway_says(context: dict[str, Any], caller: Caller | None) -> None:
    assert Request.from_event({"requestContext": context}).caller == caller


def test_the_caller_and_the_path_are_arguments() -> None:
    seen: list[Arguments] = []

    def endpoint(arguments: Arguments) -> Response:
        seen.append(arguments)
        return Response(204)

    handler = operation("listUsers")(endpoint)
    context = {"authorizer": {"principalId": "ada"}, "path": "/Prod/users"}

    handler({"requestContext": context, "path": "/users"}, None)
    handler({"requestContext": {"path": "/base/users/"}, "path": "/base/users/"}, None)

    assert [(arguments.subject, arguments.target) for arguments in seen] == [
        ("ada", "/Prod/users"),
        (None, "/base/users"),
    ]


def test_an_idempotency_key_belongs_to_its_caller() -> None:
    body = {"email": "ada@example.com", "name": "Ada"}
    callers = [None, "ada", "eve"]

    ids = {User.create(body, "key", caller).id for caller in callers}

    assert len(ids) == 3
    assert User.create(body, "key", "ada").id in ids
