"""specs/aws/waf.yaml, the recipe for a limit by client."""

import subprocess
from pathlib import Path
from typing import Any

import boto3
import cfnlint.api
import pytest
import yaml
from samspec.rehearse import ministack
from samspec.sam import documents
from samspec.sam.template import Template

from tests.conftest import ROOT

TEMPLATE = ROOT / "specs/aws/waf.yaml"


def web_acl(**parameters: str) -> dict[str, Any]:
    template = Template(TEMPLATE, {"Api": "abc123", **parameters})
    return dict(template.of_type("AWS::WAFv2::WebACL")["WebAcl"])


def test_cfn_lint_has_nothing_to_remark() -> None:
    assert cfnlint.api.lint(TEMPLATE.read_text()) == []


@pytest.mark.parametrize(
    ("action", "rate", "managed"),
    [("count", {"Count": {}}, {"Count": {}}), ("block", {"Block": {}}, {"None": {}})],
)
def test_it_counts_until_it_is_told_to_block(
    action: str, rate: dict[str, Any], managed: dict[str, Any]
) -> None:
    by_client, bad_addresses = web_acl(Action=action)["Rules"]
    assert (by_client["Action"], bad_addresses["OverrideAction"]) == (rate, managed)


def test_it_is_for_the_one_stage() -> None:
    template = Template(TEMPLATE, {"Api": "abc123"})
    [association] = template.of_type("AWS::WAFv2::WebACLAssociation").values()
    assert association["ResourceArn"].endswith("::/restapis/abc123/stages/Prod")


def test_no_request_is_kept_as_a_sample() -> None:
    acl = web_acl()
    settings = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
    assert not any(setting["SampledRequestsEnabled"] for setting in settings)


@pytest.mark.slow
def test_it_can_be_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To MiniStack, whose CloudFormation lacks only the association."""
    tools = subprocess.run([".ci/venv", "ministack"], capture_output=True, text=True, check=True)
    monkeypatch.setenv("MINISTACK", f"{tools.stdout.strip()}/python")
    template = documents.read(TEMPLATE)
    del template["Resources"]["Association"]
    with ministack.running(tmp_path) as url:
        session = boto3.Session("test", "test", region_name="us-east-1")
        formation = session.client("cloudformation", endpoint_url=url)
        formation.create_stack(
            StackName="waf",
            TemplateBody=yaml.safe_dump(template),
            Parameters=[
                {"ParameterKey": "Api", "ParameterValue": "abc123"},
                {"ParameterKey": "RequestsByClient", "ParameterValue": "300"},
            ],
        )
        waiter = formation.get_waiter("stack_create_complete")
        waiter.wait(StackName="waf", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        listed = session.client("wafv2", endpoint_url=url).list_web_acls(Scope="REGIONAL")
    assert len(listed["WebACLs"]) == 1
