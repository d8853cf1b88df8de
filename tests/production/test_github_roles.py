"""specs/aws/github-roles.yaml on MiniStack, which judges every call by IAM as AWS does."""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import cfnlint.api
import pytest
from botocore.exceptions import ClientError
from samspec.rehearse import ministack
from samspec.sam.template import Template

from tests.conftest import ROOT

TEMPLATE = ROOT / "specs/aws/github-roles.yaml"
ISSUER = "https://token.actions.githubusercontent.com"
REPOSITORY = "octo/books"
BOUNDARY = "arn:aws:iam::000000000000:policy/users-api-functions-boundary"
BOUNDARY_REFERENCE = {"Ref": "FunctionsBoundary"}
ROLE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
STACK = """
Resources:
  Topic: { Type: AWS::SNS::Topic }
"""
Client = Callable[[str], Any]


def test_cfn_lint_has_nothing_to_remark() -> None:
    assert cfnlint.api.lint(TEMPLATE.read_text()) == []


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MiniStack with an OIDC provider, which its CloudFormation cannot make, and the roles."""
    tools = subprocess.run([".ci/venv", "ministack"], capture_output=True, text=True, check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINISTACK", f"{tools.stdout.strip()}/python")
        with ministack.running(Path(tmp_path_factory.mktemp("ministack"))) as url:
            create(url)
            yield url


def create(url: str) -> None:
    account = client_factory(url, "test", "test")
    account("iam").create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"])
    parameters = {"Repository": REPOSITORY, "Provider": "keep"}
    formation = account("cloudformation")
    formation.create_stack(
        StackName="github",
        TemplateBody=TEMPLATE.read_text(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
    )
    waiter = formation.get_waiter("stack_create_complete")
    waiter.wait(StackName="github", WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def client_factory(url: str, key: str, secret: str, token: str | None = None) -> Client:
    session = boto3.Session(key, secret, token, region_name="us-east-1")
    return lambda service: session.client(service, endpoint_url=url)


def token(
    environment: str, repository: str = REPOSITORY, audience: str = "sts.amazonaws.com"
) -> str:
    """GitHub's OIDC token for a job of an environment; nobody checks its signature here."""
    subject = f"repo:{repository}:environment:{environment}"
    claims = {"iss": ISSUER, "aud": audience, "sub": subject}
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def assume(endpoint: str, role: str, web_token: str) -> Client:
    sts = client_factory(endpoint, "test", "test")("sts")
    credentials = sts.assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::000000000000:role/users-api-deploys-{role}",
        RoleSessionName="job",
        WebIdentityToken=web_token,
    )["Credentials"]
    return client_factory(
        endpoint,
        credentials["AccessKeyId"],
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
    )


def refused(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return False


pytestmark = pytest.mark.skipif(
    not os.access(ROOT / ".ci/venv", os.X_OK), reason="this copy has no .ci/venv for MiniStack"
)


@pytest.mark.slow
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_job_of_an_environment_gets_its_role(environment: str, endpoint: str) -> None:
    identity = assume(endpoint, environment, token(environment))("sts").get_caller_identity()
    assert f"users-api-deploys-{environment}" in identity["Arn"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "web_token"),
    [
        ("prod", token("dev")),
        ("dev", token("prod")),
        ("prod", token("prod", repository="octo/fork")),
        ("prod", token("prod", audience="https://github.com/octo")),
    ],
)
def test_no_other_job_gets_it(role: str, web_token: str, endpoint: str) -> None:
    assert refused(lambda: assume(endpoint, role, web_token))


@pytest.fixture
def dev(endpoint: str) -> Client:
    return assume(endpoint, "dev", token("dev"))


@pytest.mark.slow
def test_the_role_of_dev_deploys_only_dev(dev: Client) -> None:
    formation = dev("cloudformation")
    formation.create_stack(StackName="users-api-dev", TemplateBody=STACK)
    assert formation.describe_stacks(StackName="users-api-dev")["Stacks"]
    for name in ("users-api-prod", "shop-dev"):
        assert refused(partial(formation.create_stack, StackName=name, TemplateBody=STACK))


@pytest.mark.slow
def test_it_makes_only_roles_of_this_projects_names(dev: Client) -> None:
    iam, document = dev("iam"), json.dumps(ROLE)
    iam.create_role(RoleName="users-api-dev-Get", AssumeRolePolicyDocument=document)
    for name in ("users-api-prod-Get", "admin", "users-api-deploys-x"):
        create_role = partial(iam.create_role, AssumeRolePolicyDocument=document)
        assert refused(partial(create_role, RoleName=name))


def test_it_makes_no_role_that_does_more_than_functions_may() -> None:
    """Read in the policy: MiniStack knows neither of the two condition keys, and refuses all."""
    template = Template(TEMPLATE, {"Repository": REPOSITORY})
    policies = template.of_type("AWS::IAM::ManagedPolicy")
    makes = policies["MakesRoles"]["PolicyDocument"]["Statement"]
    conditions = {}
    for action in ("iam:PutRolePolicy", "iam:PutRolePermissionsBoundary", "iam:AttachRolePolicy"):
        [statement] = [s for s in makes if s["Effect"] == "Allow" and action in s["Action"]]
        conditions[action] = statement["Condition"]
    boundary = {"StringEquals": {"iam:PermissionsBoundary": template.resolve(BOUNDARY_REFERENCE)}}
    attachable = conditions["iam:AttachRolePolicy"]["ArnEquals"]["iam:PolicyARN"]
    assert conditions["iam:PutRolePolicy"] == boundary
    assert conditions["iam:PutRolePermissionsBoundary"] == boundary
    assert not any("Admin" in arn or "PowerUser" in arn or "*" in arn for arn in attachable)


@pytest.mark.slow
def test_it_changes_neither_itself_nor_the_boundary(dev: Client) -> None:
    iam, document = dev("iam"), json.dumps(ANYTHING)
    policy = {"PolicyName": "p", "PolicyDocument": document}
    version = {"PolicyArn": BOUNDARY, "PolicyDocument": document, "SetAsDefault": True}
    assert refused(partial(iam.put_role_policy, RoleName="users-api-deploys-dev", **policy))
    assert refused(partial(iam.create_policy_version, **version))


@pytest.mark.slow
def test_it_touches_no_other_projects_tables_and_functions(dev: Client) -> None:
    key = {"id": {"S": "1"}}
    for table in ("users-api-prod-Users-1", "shop-dev-Orders-1"):
        assert refused(partial(dev("dynamodb").get_item, TableName=table, Key=key))
    assert refused(lambda: dev("lambda").get_function(FunctionName="shop-dev-Get"))
