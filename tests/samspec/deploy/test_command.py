"""`samspec deploy`, with a SAM CLI that writes down what it is asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from samspec.deploy import command, options, preview, smoke
from samspec.deploy.stack import Stack
from samspec.sam.errors import ProjectError

SAM = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done >> "$SAM_LOG"
echo -- >> "$SAM_LOG"
exit ${SAM_FAILS:-0}
"""
SAMCONFIG = """
[prod.global.parameters]
stack_name = "shop-prod"
region = "eu-west-1"
[prod.deploy.parameters]
parameter_overrides = "Environment=prod Title='The shop'"
"""
TEMPLATE = """
Parameters:
  Environment: { Type: String }
  Title: { Type: String }
  Mail: { Type: String, Default: "" }
Rules:
  Titled:
    Assertions: [{ Assert: !Not [!Equals [!Ref Title, ""]], AssertDescription: give it a title }]
Resources:
  Topic: { Type: AWS::SNS::Topic }
"""


BUILT = """
Parameters:
  Environment: { Type: String }
  Title: { Type: String }
  Mail: { Type: String, Default: "" }
Resources:
  Topic: { Type: AWS::SNS::Topic }
"""


class Project:
    """A project in a folder, a stack that takes what is deployed, and what was done."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.drift_finds = 0
        self.done: list[str] = []
        self.deployed: dict[str, str] | None = None

    def deploy(self, *words: str) -> int:
        return command.run(self.root, options.read(self.root, ["prod", *words]), self.drift)

    def drift(self, root: Path, arguments: Sequence[str]) -> int:
        self.done.append(" ".join(["drift", *arguments]))
        return self.drift_finds

    def calls(self) -> list[list[str]]:
        text = (self.root / "sam.log").read_text() if (self.root / "sam.log").exists() else ""
        return [call.split("\n")[:-1] for call in text.split("--\n")[:-1]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path)
    (tmp_path / "samconfig.toml").write_text(SAMCONFIG)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    built = tmp_path / ".aws-sam/build"
    built.mkdir(parents=True)
    (built / "template.yaml").write_text(BUILT)
    shim = tmp_path / "bin/sam"
    shim.parent.mkdir()
    shim.write_text(SAM)
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:/usr/bin:/bin")
    monkeypatch.setenv("SAM_LOG", str(tmp_path / "sam.log"))
    monkeypatch.setattr(Stack, "description", property(lambda stack: described(project)))
    monkeypatch.setattr(Stack, "url", "https://shop.example.com")
    monkeypatch.setattr(Stack, "events_since", lambda stack, start: [])
    monkeypatch.setattr(preview, "refuse", lambda *arguments: None)
    monkeypatch.setattr(smoke, "test", lambda *arguments: ["tried nothing"])
    return project


def described(project: Project) -> dict[str, Any] | None:
    """The stack as it is once SAM has been asked to deploy."""
    if not any(call[0] == "deploy" for call in project.calls()):
        return None
    deployed = project.deployed or {"Environment": "prod", "Title": "The shop"}
    listed = [{"ParameterKey": key, "ParameterValue": value} for key, value in deployed.items()]
    return {"StackStatus": "CREATE_COMPLETE", "Parameters": listed}


def test_it_checks_builds_deploys_and_checks_again(project: Project) -> None:
    assert project.deploy("--no-confirm-changeset") == 0
    build, deploy = project.calls()
    assert build == ["build", "--config-env", "prod"]
    assert deploy == [
        "deploy", "--config-env", "prod", "--no-fail-on-empty-changeset", "--region", "eu-west-1",
        "--parameter-overrides", 'Environment="prod"', 'Title="The shop"', "--no-confirm-changeset",
    ]  # fmt: skip
    assert project.done == ["drift", "drift --stack shop-prod"]


def test_overrides_come_on_top(project: Project) -> None:
    project.deployed = {"Environment": "prod", "Title": "The shop", "Mail": "a@example.com"}
    project.deploy("--parameter-overrides", "Mail=a@example.com")
    [overrides] = [call[6:] for call in project.calls() if call[0] == "deploy"]
    assert overrides[1:] == ['Environment="prod"', 'Title="The shop"', 'Mail="a@example.com"']


def test_a_quote_in_a_value_is_part_of_it(project: Project) -> None:
    project.deployed = {"Environment": "prod", "Title": 'The "shop"'}
    project.deploy("--parameter-overrides", 'Title=The "shop"')
    [overrides] = [call[6:] for call in project.calls() if call[0] == "deploy"]
    assert overrides[2] == 'Title="The \\"shop\\""'


def test_a_hidden_parameter_counts_as_taken(project: Project) -> None:
    project.deployed = {"Environment": "prod", "Title": "****"}
    assert project.deploy() == 0


def test_what_drift_finds_is_not_deployed(project: Project) -> None:
    project.drift_finds = 1
    with pytest.raises(ProjectError, match="nothing is deployed"):
        project.deploy()
    assert project.calls() == []


def test_what_a_rule_refuses_is_not_built(project: Project) -> None:
    with pytest.raises(ProjectError, match="rule Titled: give it a title"):
        project.deploy("--parameter-overrides", "Title=")
    assert project.calls() == []


def test_a_failing_sam_ends_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAM_FAILS", "1")
    with pytest.raises(ProjectError, match="sam build failed"):
        project.deploy()
    assert len(project.calls()) == 1


def test_without_sam_the_error_says_what_to_install(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ProjectError, match="install the AWS SAM CLI"):
        project.deploy()


def test_a_stack_that_did_not_take_a_parameter_is_an_error(project: Project) -> None:
    project.deployed = {"Environment": "dev", "Title": "The shop"}
    with pytest.raises(ProjectError, match="has Environment=dev, not prod"):
        project.deploy()


def test_a_change_set_that_nobody_confirmed_is_an_error(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stack, "description", None)
    with pytest.raises(ProjectError, match="the change set was not executed"):
        project.deploy()


def test_what_changed_is_listed(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = []
    for name, status in (
        ("shop-prod", "UPDATE_COMPLETE"),
        ("Topic", "UPDATE_COMPLETE"),
        ("Topic", "UPDATE_IN_PROGRESS"),
        ("Queue", "CREATE_COMPLETE"),
    ):
        events.append({"LogicalResourceId": name, "ResourceStatus": status})
    monkeypatch.setattr(Stack, "events_since", lambda stack, start: events)
    project.deploy()
    printed = capsys.readouterr().out
    assert "  - updated: Topic\n" in printed
    assert "  - created: Queue\n" in printed
