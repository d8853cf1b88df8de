"""Credentials for a deployed stack, at moto's Cognito and API Gateway."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.cognitoidp.models import CognitoIdpBackend
from samspec.aws import issuer
from samspec.deploy import sign_in
from samspec.deploy.stack import Stack
from samspec.gateway.authorization.trusted import Trusted
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project

from tests.samspec.deploy.notes import ISSUER, TEMPLATE


class FakeStack(Stack):
    """A stack with these resources: physical ids by type."""

    def __init__(self, resources: dict[str, str]) -> None:
        super().__init__("local", "us-east-1")
        self._made = resources

    def resources_of_type(self, resource_type: str) -> list[str]:
        return [self._made[resource_type]] if resource_type in self._made else []


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def pool(*flows: str) -> dict[str, str]:
    cognito = boto3.client("cognito-idp", region_name="us-east-1")
    id = cognito.create_user_pool(PoolName="users")["UserPool"]["Id"]
    cognito.create_group(GroupName="administrators", UserPoolId=id)
    web = cognito.create_user_pool_client(
        UserPoolId=id, ClientName="web", ExplicitAuthFlows=list(flows)
    )
    return {sign_in.POOL: id, sign_in.CLIENT: web["UserPoolClient"]["ClientId"]}


def users(resources: dict[str, str]) -> list[Any]:
    cognito = boto3.client("cognito-idp", region_name="us-east-1")
    return list(cognito.list_users(UserPoolId=resources[sign_in.POOL])["Users"])


def test_a_user_signs_in_and_is_gone_afterwards() -> None:
    resources = pool("ALLOW_ADMIN_USER_PASSWORD_AUTH")
    with sign_in.credentials(FakeStack(resources), []) as headers:
        [user] = users(resources)
        token = headers["Authorization"].removeprefix("Bearer ")
        issuers = [f"https://cognito-idp.us-east-1.amazonaws.com/{resources[sign_in.POOL]}"]
        claims = issuer.verify(token, issuers)
        assert claims["username"] == user["Username"]
        assert claims["cognito:groups"] == ["administrators"]
    assert users(resources) == []


def test_the_user_is_gone_after_a_failed_test_too() -> None:
    resources = pool("ALLOW_ADMIN_USER_PASSWORD_AUTH")
    with pytest.raises(ValueError), sign_in.credentials(FakeStack(resources), []):  # noqa: PT011
        raise ValueError
    assert users(resources) == []


def test_a_pool_that_is_not_there_is_named() -> None:
    stack = FakeStack({sign_in.POOL: "us-east-1_gone", sign_in.CLIENT: "x"})
    with pytest.raises(ProjectError, match="lets nobody sign in"), sign_in.credentials(stack, []):
        pass


def test_a_pool_that_asks_for_a_second_factor_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = pool("ALLOW_ADMIN_USER_PASSWORD_AUTH")
    mfa = {"ChallengeName": "MFA_SETUP"}
    monkeypatch.setattr(CognitoIdpBackend, "admin_initiate_auth", lambda *_: mfa)

    with (
        pytest.raises(ProjectError, match="asks a new user for MFA_SETUP: sign in yourself"),
        sign_in.credentials(FakeStack(resources), []),
    ):
        pass

    assert users(resources) == []


def test_nobody_signs_in_if_a_token_is_given() -> None:
    stack = FakeStack({sign_in.POOL: "us-east-1_gone", sign_in.CLIENT: "x"})
    extra = {"authorization": "Bearer mine"}

    with sign_in.credentials(stack, [], extra) as headers:
        assert headers == extra


def test_an_api_key_is_read() -> None:
    gateway = boto3.client("apigateway", region_name="us-east-1")
    key = gateway.create_api_key(name="partner", value="s" * 24, enabled=True)
    with sign_in.credentials(FakeStack({sign_in.KEY: key["id"]}), []) as headers:
        assert headers == {"X-Api-Key": "s" * 24}


def test_where_operations_name_no_scopes_the_token_is_the_users_id_token() -> None:
    accepted = Trusted("https://cognito-idp.us-east-1.amazonaws.com/x", "id", "", "", ())
    user = sign_in.SignedIn("access", "identity", "ada@example.com")

    assert user.token([accepted]) == "identity"
    assert user.token([replace(accepted, use="access", scopes=("users/read",))]) == "access"


def test_the_local_issuer_signs_an_administrator_in(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)

    with sign_in.credentials(FakeStack({}), Project(tmp_path).apis) as headers:
        token = headers["Authorization"].removeprefix("Bearer ")

    claims = issuer.verify(token, [ISSUER])
    assert claims["scope"] == "notes/write notes/admin"


def test_a_stack_without_both_needs_no_credentials() -> None:
    with sign_in.credentials(FakeStack({}), []) as headers:
        assert headers == {}
