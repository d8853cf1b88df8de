"""Lambda authorizers of a REST API: TOKEN and REQUEST."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.samspec.gateway.authorization.conftest import Project, context, refusal

# Allows what the token names, with the last part of its effect's own resource.
POLICY = """
import json, pathlib
def handler(event, context):
    log = pathlib.Path(__file__).with_name("calls.json")
    log.write_text(json.dumps([*json.loads(log.read_text() if log.exists() else "[]"), event]))
    token = event.get("authorizationToken") or event["headers"]["Authorization"]
    if token in ("Unauthorized", "Broken"):
        raise Exception(token)
    if token == "malformed":
        return {"principalId": "ada"}
    if token == "nested":
        return {"policyDocument": policy("Allow", "*"), "context": {"a": {"b": 1}}}
    effect, _, resource = token.partition(" ")
    return {
        "principalId": "ada",
        "policyDocument": policy(effect, resource or event["methodArn"]),
        "context": {"plan": "gold", "level": 3, "vip": True},
    }

def policy(effect, resource):
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}
"""
DENIED = (
    403,
    "AccessDeniedException",
    {"Message": "User is not authorized to access this resource"},
)
UNAUTHORIZED = (401, "UnauthorizedException", {"message": "Unauthorized"})


@pytest.fixture
def calls(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """The events that the authorizer's function has got."""

    def read() -> list[dict[str, Any]]:
        file = tmp_path / "calls.json"
        return list(json.loads(file.read_text())) if file.exists() else []

    return read


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": token}


def test_the_function_gets_principal_and_context_as_text(project: Project) -> None:
    project.authorizer(POLICY)
    authorizer = context(project.client().get("/books", headers=bearing("Allow")))["authorizer"]
    assert authorizer["principalId"] == "ada"
    assert (authorizer["plan"], authorizer["level"], authorizer["vip"]) == ("gold", "3", "true")


def test_a_token_authorizer_gets_token_and_method(
    project: Project, calls: Callable[[], list[Any]]
) -> None:
    project.authorizer(POLICY)
    project.client().get("/v1/books?a=1", headers=bearing("Allow"))
    [event] = calls()
    assert event["type"] == "TOKEN"
    assert event["authorizationToken"] == "Allow"
    assert event["methodArn"].startswith("arn:aws:execute-api:us-east-1:123456789012:")
    assert event["methodArn"].endswith("/v1/GET/books")


def test_a_request_authorizer_gets_the_request_without_its_body(
    project: Project, calls: Callable[[], list[Any]]
) -> None:
    project.authorizer(
        POLICY,
        type="request",
        identitySource="method.request.header.Authorization, method.request.querystring.shop",
    )
    assert project.client().get("/books?shop=7", headers=bearing("Allow")).status_code == 200
    [event] = calls()
    assert event["type"] == "REQUEST"
    assert event["queryStringParameters"] == {"shop": "7"}
    assert event["requestContext"]["resourcePath"] == "/books"
    assert "body" not in event


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("Unauthorized", UNAUTHORIZED),
        ("Broken", (500, "AuthorizerFailureException", {"message": None})),
        ("malformed", (500, "AuthorizerConfigurationException", {"message": None})),
        ("nested", (500, "AuthorizerConfigurationException", {"message": None})),
        ("Allow arn:aws:execute-api:us-east-1:123456789012:*/v1/POST/*", DENIED),
        ("Allow arn:aws:execute-api:us-east-1:123456789012:*/prod/*", DENIED),
        (
            "Deny",
            (
                403,
                "AccessDeniedException",
                {"Message": f"{DENIED[2]['Message']} with an explicit deny"},
            ),
        ),
    ],
)
def test_anything_but_an_allow_is_refused(project: Project, token: str, expected: Any) -> None:
    project.authorizer(POLICY)
    assert refusal(project.client().get("/books", headers=bearing(token))) == expected


@pytest.mark.parametrize("resource", ["*", "arn:aws:execute-api:*/v1/GET/*", "arn:*/?1/*/books"])
def test_wildcards_match_as_in_iam(project: Project, resource: str) -> None:
    project.authorizer(POLICY)
    headers = bearing(f"Allow {resource}")
    assert project.client().get("/books", headers=headers).status_code == 200


def test_a_missing_identity_never_reaches_the_function(
    project: Project, calls: Callable[[], list[Any]]
) -> None:
    project.authorizer(POLICY, identityValidationExpression="^Allow.*")
    client = project.client()
    assert refusal(client.get("/books")) == UNAUTHORIZED
    assert refusal(client.get("/books", headers=bearing(""))) == UNAUTHORIZED
    assert refusal(client.get("/books", headers=bearing("Deny"))) == UNAUTHORIZED
    assert calls() == []


def test_a_result_is_cached_by_its_identity(
    project: Project, calls: Callable[[], list[Any]]
) -> None:
    project.authorizer(POLICY)
    client = project.client()
    for token in ("Allow", "Allow", "Allow *", "Allow"):
        assert client.get("/books", headers=bearing(token)).status_code == 200
    assert len(calls()) == 2


@pytest.mark.parametrize("ttl", [0, 0.001])
def test_a_result_is_cached_no_longer_than_its_ttl(
    project: Project, calls: Callable[[], list[Any]], ttl: float
) -> None:
    project.authorizer(POLICY, authorizerResultTtlInSeconds=ttl)
    client = project.client()
    for _ in range(2):
        assert client.get("/books", headers=bearing("Allow")).status_code == 200
    assert len(calls()) == 2


def test_a_cached_policy_judges_each_method(project: Project) -> None:
    project.authorizer(POLICY)
    project.operation("/books", "delete", security=[{"Custom": []}])
    client = project.client()
    headers = bearing("Allow arn:aws:execute-api:us-east-1:123456789012:*/v1/GET/*")
    assert client.get("/books", headers=headers).status_code == 200
    assert refusal(client.delete("/books", headers=headers)) == DENIED


def test_the_usage_plan_may_know_the_caller_by_the_authorizer(project: Project) -> None:
    project.authorizer(POLICY.replace('"context"', '"usageIdentifierKey": "s3cret", "context"'))
    project.scheme("api_key", name="x-api-key")
    project.operation(security=[{"Custom": []}, {"api_key": []}])
    project.definition["x-amazon-apigateway-api-key-source"] = "AUTHORIZER"
    project.resources |= {
        "Key": {
            "Type": "AWS::ApiGateway::ApiKey",
            "Properties": {"Enabled": True, "Value": "s3cret"},
        },
        "Plan": {
            "Type": "AWS::ApiGateway::UsagePlan",
            "Properties": {"ApiStages": [{"ApiId": {"Ref": "BooksApi"}, "Stage": "v1"}]},
        },
        "Link": {
            "Type": "AWS::ApiGateway::UsagePlanKey",
            "Properties": {
                "KeyId": {"Ref": "Key"},
                "KeyType": "API_KEY",
                "UsagePlanId": {"Ref": "Plan"},
            },
        },
    }
    response = project.client().get("/books", headers=bearing("Allow"))
    assert context(response)["identity"]["apiKeyId"] == "key99a5"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"authorizerUri": "arn:aws:sns:us-east-1:123456789012:topic"}, "names a function"),
        ({"type": "magic"}, "is not of a kind that API Gateway knows"),
    ],
)
def test_an_authorizer_that_cannot_be_asked_lets_nobody_pass(
    project: Project, settings: dict[str, str], words: str
) -> None:
    project.authorizer(POLICY, **settings)
    gateway = project.gateway()
    assert any(words in gap for gap in gateway.project.gaps)
    response = project.client().get("/books", headers=bearing("Allow"))
    assert response.status_code == 501
    assert words in response.text
