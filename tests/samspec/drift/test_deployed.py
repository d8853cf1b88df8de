"""A deployed stage against spec and template; botocore's stubs check the responses against the
shapes of AWS's own models.
"""

import copy
import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber
from samspec.cli import main
from samspec.drift import deployed
from samspec.drift.application import Application
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.sam.template import Template

from tests.samspec.drift.copies import ROOT

API, STACK = "a1b2c3d4e5", "users-api"
PARAMETERS = {"Environment": "prod", "CorsAllowOrigin": "https://example.com"}
PROJECT = Project(ROOT)
INTEGRATION, RESPONSES = "x-amazon-apigateway-integration", "x-amazon-apigateway-gateway-responses"
LAMBDA = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:"
)
BOTOCORE = botocore.session.Session()  # one, for it keeps the models it has read
Change = Callable[[dict[str, Any]], Any]


def exported() -> dict[str, Any]:
    """What API Gateway makes of the spec: integrations, validators and gateway responses as they
    are, ARNs for functions, types in lower case, no examples, an integration default that nobody
    wrote.
    """
    spec: dict[str, Any] = copy.deepcopy(
        Template(ROOT / "template.yaml", PARAMETERS).resolve(PROJECT.spec.data)
    )
    for operation in PROJECT.operations:
        node = spec["paths"][operation.path][operation.keys[-1]]
        node[INTEGRATION]["passthroughBehavior"] = "when_no_match"
        if operation.is_proxy:
            name, alias = operation.target
            node[INTEGRATION]["uri"] = f"{LAMBDA}{STACK}-{name}-X1:{alias}/invocations"
            node["x-amazon-apigateway-request-validator"] = spec[
                "x-amazon-apigateway-request-validator"
            ]
    del spec["x-amazon-apigateway-request-validator"], spec["components"]["examples"]
    spec["servers"] = [{"url": f"https://{API}.execute-api.us-east-1.amazonaws.com/{{basePath}}"}]
    return spec


class Session:
    """A session whose clients give recorded responses."""

    def __init__(self, responses: dict[str, Any]) -> None:
        self._responses = responses
        self._stack = ExitStack()

    def create_client(self, service: str) -> Any:
        client = BOTOCORE.create_client(
            service,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        stubber = self._stack.enter_context(Stubber(client))
        for method, response in self._responses[service].items():
            if isinstance(response, str):
                stubber.add_client_error(method, response)
            else:
                stubber.add_response(method, response)
        return client

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def responses() -> dict[str, Any]:
    names = {PROJECT.api: API} | {name: f"{STACK}-{name}-X1" for name in PROJECT.functions}
    api = Template(ROOT / "template.yaml", PARAMETERS).of_type("AWS::Serverless::Api")[PROJECT.api]
    return {
        "cloudformation": {
            "describe_stacks": {"Stacks": [_stack(PARAMETERS)]},
            "list_stack_resources": {
                "StackResourceSummaries": [_resource(*pair) for pair in names.items()]
            },
        },
        "apigateway": {
            "get_stage": {
                "stageName": "Prod",
                "methodSettings": {
                    "*/*": {
                        "throttlingRateLimit": float(
                            api["MethodSettings"][0]["ThrottlingRateLimit"]
                        ),
                        "throttlingBurstLimit": int(
                            api["MethodSettings"][0]["ThrottlingBurstLimit"]
                        ),
                    }
                },
            },
            "get_export": {"contentType": "application/octet-stream", "body": exported()},
        },
    }


@pytest.fixture
def check(responses: dict[str, Any]) -> Iterator[Callable[[], list[str]]]:
    """Runs the check on the responses as they then are."""
    session = Session(responses)

    def run() -> list[str]:
        export = responses["apigateway"].get("get_export")
        if isinstance(export, dict):
            export["body"] = io.BytesIO(json.dumps(export["body"]).encode())
        return [finding.message for finding in deployed.check(Application(ROOT), STACK, session)]

    yield run
    session.close()


def _stack(parameters: dict[str, str]) -> dict[str, Any]:
    pairs = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    return {
        "StackName": STACK,
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": "2026-11-23",
        "Parameters": pairs,
    }


def _resource(logical: str, physical: str) -> dict[str, Any]:
    return {
        "LogicalResourceId": logical,
        "PhysicalResourceId": physical,
        "ResourceType": "AWS::Lambda::Function",
        "LastUpdatedTimestamp": "2026-11-23",
        "ResourceStatus": "CREATE_COMPLETE",
    }


def test_a_stage_that_is_as_the_spec_says_has_no_finding(check: Callable[[], list[str]]) -> None:
    assert check() == []


AUTH = "x-amazon-apigateway-auth"
ORIGIN = "method.response.header.Access-Control-Allow-Origin"


def _create(spec: dict[str, Any]) -> Any:
    return spec["paths"]["/users"]["post"]


def _preflight(spec: dict[str, Any]) -> Any:
    return spec["paths"]["/users"]["options"][INTEGRATION]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda spec: spec["paths"]["/users"].pop("post"), "has no POST /users"),
        (lambda spec: spec["paths"].pop("/users/{id}"), "has no GET /users/{id}"),
        (
            lambda spec: spec["paths"]["/users"].update(patch={}),
            "has PATCH /users, which the definition lacks",
        ),
        (
            lambda spec: _create(spec)[INTEGRATION].update(type="aws"),
            "has aws, not aws_proxy, as integration type",
        ),
        (
            lambda spec: _create(spec)[INTEGRATION].update(httpMethod="GET"),
            "has GET, not POST, as integration httpMethod",
        ),
        (
            lambda spec: _create(spec)[INTEGRATION].update(uri=f"{LAMBDA}other:live/invocations"),
            f"calls {LAMBDA}other:live/invocations, not live of CreateUserFunction",
        ),
        (
            lambda spec: _create(spec).pop("x-amazon-apigateway-request-validator"),
            "has none, not validateRequestParameters, as request validator",
        ),
        (
            lambda spec: spec["x-amazon-apigateway-request-validators"]["parameters"].update(
                validateRequestBody=True
            ),
            "has validateRequestBody and validateRequestParameters, not",
        ),
        (
            lambda spec: spec[RESPONSES]["THROTTLED"].update(statusCode="503"),
            "has statusCode 503, not 429, in its response",
        ),
        (lambda spec: spec[RESPONSES].pop("WAF_FILTERED"), "in its response WAF_FILTERED"),
        (
            lambda spec: _create(spec).update({AUTH: {"type": "NONE"}}),
            "has none, not AWS_IAM, as authorization",
        ),
        (
            lambda spec: _preflight(spec)["requestTemplates"].update(
                {"application/json": '{"statusCode": 200}'}
            ),
            "has requestTemplates application/json",
        ),
        (
            lambda spec: _preflight(spec)["responses"]["default"].update(statusCode="200"),
            "has statusCode 200, not 204, in the response default",
        ),
        (
            lambda spec: _preflight(spec)["responses"]["default"]["responseParameters"].update(
                {ORIGIN: "'*'"}
            ),
            f"has responseParameters {ORIGIN} '*', not 'https://example.com'",
        ),
        (
            lambda spec: spec[RESPONSES]["THROTTLED"]["responseParameters"].pop(
                "gatewayresponse.header.Retry-After"
            ),
            "has responseParameters gatewayresponse.header.Retry-After None, not '1'",
        ),
        (
            lambda spec: _create(spec)[INTEGRATION].update(timeoutInMillis=5000),
            "has 5000, not 29000, as timeoutInMillis",
        ),
    ],
)
def test_what_was_changed_by_hand_is_found(
    check: Callable[[], list[str]], responses: dict[str, Any], change: Change, message: str
) -> None:
    change(responses["apigateway"]["get_export"]["body"])

    differences = check()

    assert differences
    assert any(message in difference for difference in differences), differences
    assert all(difference.startswith(f"{STACK} ") for difference in differences)


def test_a_throttle_that_is_not_the_templates_for_the_stacks_parameters_is_found(
    check: Callable[[], list[str]], responses: dict[str, Any]
) -> None:
    responses["apigateway"]["get_stage"]["methodSettings"] = {"*/*": {"throttlingRateLimit": 5.0}}

    assert sorted(check()) == [
        f"{STACK} has 5.0, not 1000, as throttlingRateLimit of */*",
        f"{STACK} has None, not 2000, as throttlingBurstLimit of */*",
    ]


@pytest.mark.parametrize(
    ("service", "method", "response", "message"),
    [
        (
            "cloudformation",
            "describe_stacks",
            "ValidationError",
            "check its name, the region and the credentials",
        ),
        (
            "cloudformation",
            "list_stack_resources",
            {"StackResourceSummaries": []},
            "it has no UsersApi",
        ),
        (
            "apigateway",
            "get_stage",
            "NotFoundException",
            "check its name, the region and the credentials",
        ),
        (
            "cloudformation",
            "describe_stacks",
            {"Stacks": [_stack({"Env": "dev"})]},
            "no parameter 'Env'",
        ),
    ],
)
def test_a_stack_that_cannot_be_read_is_an_error_of_one_line(
    check: Callable[[], list[str]],
    responses: dict[str, Any],
    service: str,
    method: str,
    response: Any,
    message: str,
) -> None:
    responses[service][method] = response

    with pytest.raises(ProjectError, match=message):
        check()


def test_without_credentials_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_PROFILE",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    assert main(["drift", "--stack", STACK]) == 2
    assert capfd.readouterr().err.startswith(
        f"samspec drift: --stack {STACK}: You must specify a region"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loggingLevel": "INFO"}, "has INFO, not OFF, as loggingLevel of */*"),
        ({"dataTraceEnabled": True}, "has True, not False, as dataTraceEnabled of */*"),
    ],
)
def test_a_setting_of_the_stage_that_was_changed_by_hand_is_found(
    check: Callable[[], list[str]],
    responses: dict[str, Any],
    settings: dict[str, Any],
    message: str,
) -> None:
    responses["apigateway"]["get_stage"]["methodSettings"]["*/*"].update(settings)

    assert check() == [f"{STACK} {message}"]


def test_a_throttle_of_one_method_that_nobody_wrote_is_found(
    check: Callable[[], list[str]], responses: dict[str, Any]
) -> None:
    responses["apigateway"]["get_stage"]["methodSettings"]["~1users/GET"] = {
        "throttlingRateLimit": 1.0
    }

    assert check() == [f"{STACK} has settings of ~1users/GET, which the template lacks"]
