"""Cognito user pools as the authorizers of a REST API."""

from collections.abc import Callable
from typing import Any

import pytest
from samspec.aws import issuer
from samspec.sam.account import KEY_ID, SECRET
from werkzeug.test import Client

from tests.samspec.gateway.authorization.conftest import (
    POOL,
    POOL_ISSUER,
    Project,
    context,
    refusal,
)

Token = Callable[..., dict[str, str]]
UNAUTHORIZED = (401, "UnauthorizedException", {"message": "Unauthorized"})


@pytest.fixture
def client(project: Project) -> Client:
    authorizer = {"type": "cognito_user_pools", "providerARNs": [POOL]}
    project.scheme(
        "Pool",
        **{
            "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": authorizer,
        },
    )
    project.operation("/books", security=[{"Pool": ["books/read", "books/admin"]}])
    project.operation("/me", security=[{"Pool": []}])
    return project.client()


def test_the_function_gets_the_claims_as_text(client: Client, token: Token) -> None:
    headers = token(groups=("readers", "staff"))
    claims = context(client.get("/books", headers=headers))["authorizer"]["claims"]
    assert claims["sub"] == "ada"
    assert claims["scope"] == "books/read"
    assert claims["cognito:groups"] == "readers,staff"
    assert claims["exp"].endswith(f"UTC {claims['exp'][-4:]}")


def test_a_token_may_come_without_bearer(client: Client, token: Token) -> None:
    bare = token()["Authorization"].removeprefix("Bearer ")
    assert client.get("/books", headers={"Authorization": bare}).status_code == 200


def test_one_of_the_scopes_is_enough(client: Client, token: Token) -> None:
    assert client.get("/books", headers=token(scopes=("x", "books/admin"))).status_code == 200


@pytest.mark.parametrize(
    "request_of_token",
    [
        {"scopes": ("books/write",)},
        {"scopes": ()},
        {"use": "id"},
        {"issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Others"},
    ],
)
def test_a_token_of_another_kind_is_a_401(
    client: Client, token: Token, request_of_token: dict[str, Any]
) -> None:
    assert refusal(client.get("/books", headers=token(**request_of_token))) == UNAUTHORIZED


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_not_a_token_is_a_401(client: Client, value: str) -> None:
    assert refusal(client.get("/books", headers={"Authorization": value})) == UNAUTHORIZED
    assert refusal(client.get("/books")) == UNAUTHORIZED


def test_an_expired_token_gets_an_error_that_says_so(client: Client, token: Token) -> None:
    response = client.get("/books", headers=token(lifetime=-60))
    assert refusal(response) == (
        401,
        "UnauthorizedException",
        {"message": "The incoming token has expired"},
    )


def test_a_changed_token_is_a_401(client: Client, token: Token) -> None:
    header, payload, signature = token()["Authorization"].split(".")
    other = token(subject="grace")["Authorization"].split(".")[1]
    mixed = {"Authorization": ".".join([header, other, signature])}
    assert payload != other
    assert refusal(client.get("/books", headers=mixed)) == UNAUTHORIZED


def test_an_operation_without_scopes_takes_id_tokens_only(client: Client, token: Token) -> None:
    assert client.get("/me", headers=token(use="id")).status_code == 200
    assert refusal(client.get("/me", headers=token())) == UNAUTHORIZED


def test_a_user_who_signs_in_at_the_emulated_cognito_may_call(
    project: Project, cognito: Any
) -> None:
    pool = cognito.create_user_pool(PoolName="readers")["UserPool"]
    authorizer = {"type": "cognito_user_pools", "providerARNs": [pool["Arn"]]}
    project.scheme("Pool", **{"x-amazon-apigateway-authorizer": authorizer})
    project.operation(security=[{"Pool": []}])
    web = cognito.create_user_pool_client(
        UserPoolId=pool["Id"], ClientName="web", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]
    user = {"UserPoolId": pool["Id"], "Username": "ada"}
    cognito.admin_create_user(**user)
    cognito.admin_set_user_password(**user, Password="Engine-1843", Permanent=True)
    signed_in = cognito.initiate_auth(
        ClientId=web["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Engine-1843"},
    )
    headers = {"Authorization": signed_in["AuthenticationResult"]["IdToken"]}
    claims = context(project.client().get("/books", headers=headers))["authorizer"]["claims"]
    assert claims["cognito:username"] == "ada"


@pytest.fixture
def cognito(dynamodb_client: Any) -> Any:
    """A client of moto's Cognito."""
    import boto3

    keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
    return boto3.client("cognito-idp", region_name="us-east-1", **keys)


def test_the_issuers_keys_are_public_ones(client: Client) -> None:
    for key in issuer.public_keys()["keys"]:
        assert set(key) >= {"kid", "n", "e"}
        assert "d" not in key


def test_the_api_names_the_issuers_that_it_trusts(project: Project) -> None:
    authorizer = {"type": "cognito_user_pools", "providerARNs": [POOL]}
    project.scheme("Pool", **{"x-amazon-apigateway-authorizer": authorizer})
    project.operation(security=[{"Pool": []}])
    assert project.gateway().project.access.issuers == [POOL_ISSUER]
