"""Authorizers of HTTP APIs: JWT, and Lambda with simple responses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from samspec.aws import issuer
from samspec.gateway import Gateway
from werkzeug.test import Client

ISSUER = "https://login.example/"
AUTHORIZER = """
def handler(event, context):
    token = event["headers"].get("authorization") or event["headers"].get("Authorization")
    if token == "broken":
        raise ValueError("no")
    if token == "odd":
        return {"isAuthorized": "yes"}
    context = {"level": 3, "source": event["identitySource"]}
    return {"isAuthorized": token == "open", "context": context}
"""
ECHO = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"].get("authorizer"))}
"""
JWT = {
    "IdentitySource": "$request.header.Authorization",
    "JwtConfiguration": {"issuer": ISSUER, "audience": ["shop"]},
}
SIMPLE = {
    "FunctionArn": {"Fn::GetAtt": ["Authorizer", "Arn"]},
    "AuthorizerPayloadFormatVersion": "2.0",
    "EnableSimpleResponses": True,
    "Identity": {"Headers": ["Authorization"]},
}


@pytest.fixture
def client(tmp_path: Path, dynamodb_client: Any) -> Client:
    """An HTTP API: /books wants a token, /orders a scope as well, /simple asks a function."""
    (tmp_path / "echo.py").write_text(ECHO)
    (tmp_path / "authorizer.py").write_text(AUTHORIZER)

    def event(path: str, authorizer: str, **auth: Any) -> dict[str, Any]:
        stated = {"Authorizer": authorizer, **auth}
        properties = {"ApiId": {"Ref": "Shop"}, "Path": path, "Method": "get", "Auth": stated}
        return {"Type": "HttpApi", "Properties": properties}

    events = {
        "Books": event("/books", "Login"),
        "Orders": event("/orders", "Login", AuthorizationScopes=["orders/read"]),
        "Simple": event("/simple", "Simple"),
    }
    function = {"Runtime": "python3.11", "CodeUri": "."}
    authorizers = {"Authorizers": {"Login": JWT, "Simple": SIMPLE}}
    resources = {
        "Shop": {"Type": "AWS::Serverless::HttpApi", "Properties": {"Auth": authorizers}},
        "Echo": {
            "Type": "AWS::Serverless::Function",
            "Properties": {**function, "Handler": "echo.handler", "Events": events},
        },
        "Authorizer": {
            "Type": "AWS::Serverless::Function",
            "Properties": {**function, "Handler": "authorizer.handler"},
        },
    }
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
    (tmp_path / "template.yaml").write_text(yaml.safe_dump(template))
    return Client(Gateway.from_template(tmp_path / "template.yaml"))


@pytest.fixture
def token() -> Callable[..., dict[str, str]]:
    def headers(**changes: Any) -> dict[str, str]:
        stated: dict[str, Any] = {"issuer": ISSUER, "subject": "ada", "audience": "shop"}
        value = issuer.issue(issuer.TokenRequest(**(stated | changes)))
        return {"Authorization": f"Bearer {value}"}

    return headers


def test_the_function_gets_claims_and_scopes(
    client: Client, token: Callable[..., dict[str, str]]
) -> None:
    books = json.loads(client.get("/books", headers=token(scopes=("orders/read",))).text)
    assert books["jwt"]["claims"]["sub"] == "ada"
    assert books["jwt"]["scopes"] is None
    orders = json.loads(client.get("/orders", headers=token(scopes=("orders/read", "x"))).text)
    assert orders["jwt"]["scopes"] == ["orders/read", "x"]


@pytest.mark.parametrize(
    ("changes", "challenge"),
    [
        ({"audience": "other"}, "the token does not have a valid audience"),
        ({"issuer": "https://other.example/"}, "invalid_token"),
        ({"lifetime": -60}, "the token has expired"),
    ],
)
def test_any_other_token_is_a_401_with_a_challenge(
    client: Client, token: Callable[..., dict[str, str]], changes: dict[str, Any], challenge: str
) -> None:
    response = client.get("/books", headers=token(**changes))
    assert (response.status_code, response.get_json()) == (401, {"message": "Unauthorized"})
    assert challenge in response.headers["www-authenticate"]


def test_no_token_is_a_401(client: Client) -> None:
    response = client.get("/books")
    assert (response.status_code, response.get_json()) == (401, {"message": "Unauthorized"})
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_token_without_the_scope_is_a_403(
    client: Client, token: Callable[..., dict[str, str]]
) -> None:
    response = client.get("/orders", headers=token(scopes=("books/read",)))
    assert (response.status_code, response.get_json()) == (403, {"message": "Forbidden"})
    assert "insufficient_scope" in response.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("closed", (403, {"message": "Forbidden"})),
        ("broken", (500, {"message": "Internal Server Error"})),
        ("odd", (500, {"message": "Internal Server Error"})),
        (None, (401, {"message": "Unauthorized"})),
    ],
)
def test_a_simple_response_decides(client: Client, value: str | None, expected: Any) -> None:
    headers = {"Authorization": value} if value else {}
    response = client.get("/simple", headers=headers)
    assert (response.status_code, response.get_json()) == expected


def test_the_context_of_a_simple_response_keeps_its_types(client: Client) -> None:
    response = client.get("/simple", headers={"Authorization": "open"})
    assert json.loads(response.text) == {"lambda": {"level": 3, "source": ["open"]}}
