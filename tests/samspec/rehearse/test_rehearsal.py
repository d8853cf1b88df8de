"""What a rehearsal reads and changes, without its minutes; `scripts/rehearse` shows the rest."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from samspec.rehearse import command, ministack, retained, standins
from samspec.sam import environments
from samspec.sam.errors import ProjectError

from tests.conftest import ROOT

CONFIGURATION = """
[live.global.parameters]
stack_name = "shop"
region = "eu-west-1"
"""
PLAN = """
[tool.samspec.rehearse.live]
parameters = "Mail=a@example.com"
then = ["Level=high"]
"""


def test_a_project_says_what_is_rehearsed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PLAN)
    plan = command.Plan.of(tmp_path, "live")
    assert (plan.parameters, plan.then, plan.restores) == (
        "Mail=a@example.com",
        ["Level=high"],
        False,
    )
    assert command.Plan.of(tmp_path, "test") == command.Plan()


def test_without_pyproject_it_deploys_changes_and_deletes(tmp_path: Path) -> None:
    assert command.Plan.of(tmp_path, "live") == command.Plan()


def test_a_misspelt_setting_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PLAN.replace("then", "than"))
    with pytest.raises(ProjectError, match=r"\[tool.samspec.rehearse.live\] has no 'than'"):
        command.Plan.of(tmp_path, "live")


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("dev", ["role"]), ("prod", ["key", "log group", "log group", "role", "table"])],
)
def test_what_stays_is_what_the_template_retains(name: str, kinds: list[str]) -> None:
    parameters = environments.named(ROOT, name).parameters
    assert retained.kinds(ROOT, parameters) == kinds


def test_without_ministack_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    false = tmp_path / "python"
    false.write_text("#!/bin/sh\nexit 1\n")
    false.chmod(0o755)
    monkeypatch.setenv("MINISTACK", str(false))
    with (
        pytest.raises(ProjectError, match="pip install ministack"),
        ministack.running(tmp_path),
    ):
        pytest.fail("it runs")


@pytest.mark.parametrize("apis", [0, 2])
def test_a_template_without_its_one_api_is_refused_before_anything_runs(
    apis: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api: dict[str, Any] = {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "v1"}}
    resources: dict[str, Any] = {"Topic": {"Type": "AWS::SNS::Topic"}}
    resources |= {f"Api{number}": api for number in range(apis)}
    (tmp_path / "template.yaml").write_text(json.dumps({"Resources": resources}))
    (tmp_path / "samconfig.toml").write_text(CONFIGURATION)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda program: program)

    with pytest.raises(ProjectError, match=f"this one has {apis}: samspec start runs"):
        command.main(["live"])


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A built template after the stand-ins."""
    template = {
        "Parameters": {"Environment": {"Type": "String"}},
        "Mappings": {"By": {"prod": {"Alarms": "true"}}},
        "Conditions": {
            "HasAlarms": {
                "Fn::Equals": [{"Fn::FindInMap": ["By", {"Ref": "Environment"}, "Alarms"]}, "true"]
            }
        },
        "Globals": {"Function": {"DeploymentPreference": {"Type": "AllAtOnce"}}},
        "Resources": {
            "Get": {"Type": "AWS::Serverless::Function", "Properties": {"DeploymentPreference": {}}}
        },
    }
    monkeypatch.chdir(tmp_path)
    standins.BUILT.mkdir(parents=True)
    (standins.BUILT / "template.yaml").write_text(json.dumps(template))
    loaded: dict[str, Any] = yaml.safe_load((standins.BUILT / "template.yaml").read_text())
    for change in standins.ALL:
        change(loaded, {"Environment": "prod"})
    return loaded


def test_stand_ins_leave_out_what_ministack_lacks(built: dict[str, Any]) -> None:
    assert built["Globals"]["Function"] == {}
    assert built["Resources"]["Get"]["Properties"] == {}
    assert built["Parameters"]["Environment"]["Default"] == "prod"
    assert built["Conditions"]["HasAlarms"] == {"Fn::Equals": ["true", "true"]}


@pytest.mark.parametrize(
    ("stated", "security"),
    [
        ("AWS_IAM", [{"sigv4": []}]),
        ("NONE", []),
        ({"Fn::If": ["C", "AWS_IAM", "NONE"]}, {"Fn::If": ["C", [{"sigv4": []}], []]}),
    ],
)
def test_an_operation_that_asks_for_a_signature_has_a_scheme(stated: Any, security: Any) -> None:
    operation: dict[str, Any] = {"x-amazon-apigateway-auth": {"type": stated}}
    body: dict[str, Any] = {"paths": {"/a": {"get": operation, "parameters": []}}}
    api = {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionBody": body}}

    standins.with_security_scheme({"Resources": {"Api": api}}, {})

    assert operation == {"security": security}
    assert body["components"]["securitySchemes"]["sigv4"] == standins.SIGNED


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("a.yaml:1: s has no ANY /users: deploy again", 0),
        ("a.yaml:1: s has no GET /users: deploy again", 1),
        ("a.yaml:1: s has none, not UserPool, as authorization of GET /users: deploy again", 0),
        ("a.yaml:1: s has Keys, not UserPool, as authorization of GET /users: deploy again", 1),
        ("a.yaml:1: warning: LEVEL is set, and nothing reads it: remove it", 0),
    ],
)
def test_only_what_ministack_can_serve_counts_as_drift_of_the_stage(
    line: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drift(*arguments: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, stdout=f"{line}\n", stderr="")

    monkeypatch.setattr(subprocess, "run", drift)
    assert command._drift(tmp_path, ["--stack", "s"]) == code
