"""The template as CloudFormation gets it: what production stands on is in it, and its loss
shows.
"""

import json
from pathlib import Path

import cfnlint.api
import pytest
from samspec.deploy import translation
from samspec.sam import documents, environments
from samspec.sam.template import Template

from tests.production.properties import PROPERTIES, Check, Resources, functions, of_type

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = environments.read(ROOT)
DEV = ENVIRONMENTS["dev"].parameters
PROD = {**ENVIRONMENTS["prod"].parameters, "AlarmEmail": "ops@example.com"}
FILES = ("template.yaml", "specs/api/users-api.yaml")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_template_that_cloudformation_gets_has_nothing_to_remark(environment: str) -> None:
    parameters = ENVIRONMENTS[environment].parameters
    template = translation.translated(ROOT / "template.yaml", parameters)
    template.pop("Metadata")  # what cfn-lint ignores in the template it does not ignore in this one
    matches = cfnlint.api.lint(json.dumps(template))
    # W8001: dev has no deployment groups, and only they use the canary's condition
    assert [str(match) for match in matches if match.rule.id != "W8001"] == []


@pytest.fixture(scope="module")
def production() -> Resources:
    return translation.resolved(ROOT / "template.yaml", PROD)


@pytest.mark.parametrize("has", [check for _, _, check in PROPERTIES.values()], ids=PROPERTIES)
def test_in_production(has: Check, production: Resources) -> None:
    assert has(production)


@pytest.mark.parametrize(("text", "otherwise", "has"), PROPERTIES.values(), ids=PROPERTIES)
def test_its_loss_shows(text: str, otherwise: str, has: Check, tmp_path: Path) -> None:
    assert not has(translation.resolved(changed(tmp_path, text, otherwise), PROD))


def changed(folder: Path, text: str, otherwise: str) -> Path:
    """A copy of the template, and of the spec; one of them has another text for one that must be
    there.
    """
    (folder / "specs/api").mkdir(parents=True)
    contents = {name: (ROOT / name).read_text() for name in FILES}
    assert any(text in content for content in contents.values())
    for name, content in contents.items():
        (folder / name).write_text(content.replace(text, otherwise))
    return folder / "template.yaml"


def test_a_deployment_without_the_canary_waits_for_no_alarm() -> None:
    resources = translation.resolved(ROOT / "template.yaml", {**PROD, "Canary": "false"})
    groups = of_type(resources, "AWS::CodeDeploy::DeploymentGroup")
    assert len(groups) == len(functions(resources))
    assert {group["DeploymentConfigName"] for group in groups} == {
        "CodeDeployDefault.LambdaAllAtOnce"
    }
    assert not any(group["AlarmConfiguration"] for group in groups)


def test_functions_roles_have_the_boundary_that_is_asked_for() -> None:
    arn = "arn:aws:iam::123456789012:policy/functions-boundary"
    for parameters, boundary in ((PROD, None), ({**PROD, "FunctionsBoundary": arn}, arn)):
        resources = translation.resolved(ROOT / "template.yaml", parameters)
        roles = [r for name, r in resources.items() if name.endswith("FunctionRole")]
        assert len(roles) == len(functions(resources))
        assert {role["Properties"].get("PermissionsBoundary") for role in roles} == {boundary}


DOMAIN = {
    "DomainName": "api.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c",
}


@pytest.mark.parametrize(("path", "mapped"), [("", None), ("v1", "v1")])
def test_a_domain_of_your_own_is_the_only_way_in(path: str, mapped: str | None) -> None:
    parameters = {**PROD, **DOMAIN, "BasePath": path}
    resources = translation.resolved(ROOT / "template.yaml", parameters)
    domain = resources["CustomDomain"]["Properties"]
    mapping = resources["CustomDomainMapping"]["Properties"]
    body = resources["UsersApi"]["Properties"]["Body"]
    assert domain["RegionalCertificateArn"] == DOMAIN["CertificateArn"]
    assert (mapping.get("BasePath"), mapping["Stage"]) == (mapped, "Prod")
    assert body["x-amazon-apigateway-endpoint-configuration"] == {"disableExecuteApiEndpoint": True}


def test_without_a_domain_the_api_is_at_execute_api(production: Resources) -> None:
    body = production["UsersApi"]["Properties"]["Body"]
    assert "CustomDomain" not in production
    assert body["x-amazon-apigateway-endpoint-configuration"] == {
        "disableExecuteApiEndpoint": False
    }


@pytest.mark.parametrize(("limit", "limits"), [("5", {"5"}), ("-1", {None})])
def test_functions_leave_concurrency_to_others(limit: str, limits: set[str | None]) -> None:
    parameters = {**PROD, "ReservedConcurrency": limit}
    resources = translation.resolved(ROOT / "template.yaml", parameters)
    assert {f.get("ReservedConcurrentExecutions") for f in functions(resources)} == limits


@pytest.mark.parametrize(("origin", "accepted"), [("https://example.com", True), ("*", False)])
def test_a_rule_has_production_name_its_origin(origin: str, accepted: bool) -> None:
    template = Template(ROOT / "template.yaml", {"Environment": "prod", "CorsAllowOrigin": origin})
    rule = documents.read(ROOT / "template.yaml")["Rules"]["AnOriginIsNamedOutsideDev"]
    assert template.resolve(rule["RuleCondition"])
    assert all(template.resolve(a["Assert"]) for a in rule["Assertions"]) == accepted


def test_development_costs_nothing_at_rest_and_leaves_nothing() -> None:
    development = translation.resolved(ROOT / "template.yaml", DEV)
    kinds = {r["Type"] for r in development.values()}
    assert not kinds & {
        "AWS::KMS::Key",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::SNS::Topic",
    }
    kept = set()
    for n, r in development.items():
        if r.get("DeletionPolicy") == "Retain" and "Version" not in n:
            kept.add(n)
    assert kept == {"ApiGatewayAccount", "ApiGatewayLogsRole"}


def test_the_account_keeps_the_role_that_it_has_where_asked() -> None:
    parameters = {**DEV, "ApiGatewayAccountRole": "keep"}
    resources = translation.resolved(ROOT / "template.yaml", parameters)
    assert not {"ApiGatewayAccount", "ApiGatewayLogsRole"} & set(resources)
