"""Secrets do not leave with saved events and exports."""

import json
from typing import Any

import pytest
from samspec.server import redaction

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "X-Api-Key", "apiKey",
        "X-Amz-Security-Token", "token", "access_token", "idToken", "password", "client_secret",
        "X-Amz-Signature", "X-CSRF-Token", "sessionId", "private_key",
    ],
)  # fmt: skip
def test_credentials_are_known_by_their_names(name: str) -> None:
    assert redaction.is_secret(name)


@pytest.mark.parametrize(
    "name",
    ["next_token", "NextToken", "continuationToken", "Access-Control-Allow-Credentials", "Accept",
     "author", "tokens_used", "cursor", "If-Match", "Idempotency-Key", "keyboard"],
)  # fmt: skip
def test_other_names_are_left(name: str) -> None:
    assert not redaction.is_secret(name)


def test_tokens_are_known_by_their_form_wherever_they_are() -> None:
    assert redaction.redacted({"note": f"see {JWT}", "list": ["AKIAIOSFODNN7EXAMPLE"]}) == {
        "note": "see REDACTED",
        "list": ["REDACTED"],
    }


def test_an_event_loses_its_secrets_and_nothing_else() -> None:
    event: dict[str, Any] = {
        "headers": {"Authorization": f"Bearer {JWT}", "Accept": "*/*"},
        "multiValueHeaders": {"Authorization": [f"Bearer {JWT}"], "Accept": ["*/*"]},
        "queryStringParameters": {"access_token": "abc", "limit": "1"},
        "requestContext": {"identity": {"apiKey": "k", "sourceIp": "127.0.0.1"}},
        "body": '{"name": "Ada",  "password": "pw"}',
        "isBase64Encoded": False,
        "pathParameters": None,
    }
    safe = redaction.event(event)
    assert safe["headers"] == {"Authorization": "REDACTED", "Accept": "*/*"}
    assert safe["multiValueHeaders"] == {"Authorization": ["REDACTED"], "Accept": ["*/*"]}
    assert safe["queryStringParameters"] == {"access_token": "REDACTED", "limit": "1"}
    assert safe["requestContext"]["identity"] == {"apiKey": "REDACTED", "sourceIp": "127.0.0.1"}
    assert json.loads(safe["body"]) == {"name": "Ada", "password": "REDACTED"}
    assert safe["isBase64Encoded"] is False
    assert safe["pathParameters"] is None
    assert "pw" in event["body"]


def test_a_body_without_secrets_stays_as_it_was_written() -> None:
    assert redaction.body('{"a":  1}') == '{"a":  1}'
    assert redaction.body("not JSON") == "not JSON"


def test_a_form_and_a_query_lose_their_secrets() -> None:
    assert redaction.body("user=ada&password=pw") == "user=ada&password=REDACTED"
    assert redaction.url("/a?token=x&b=%20") == "/a?token=REDACTED&b=+"
    assert redaction.url("/a?b=%20") == "/a?b=%20"
