"""`samspec deploy`: what it is asked for, and what it refuses before it begins."""

from pathlib import Path
from typing import Any

import pytest
from samspec.deploy import options, preview
from samspec.deploy.options import Options
from samspec.deploy.stack import Stack
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template

SAMCONFIG = """
[default.global.parameters]
stack_name = "shop-dev"
region = "eu-west-1"
[default.deploy.parameters]
parameter_overrides = "Environment=dev"
[prod.global.parameters]
stack_name = "shop-prod"
region = "eu-west-1"
[prod.deploy.parameters]
parameter_overrides = "Environment=prod Origin=https://shop.example"
"""
TEMPLATE = """
Parameters:
  Environment: { Type: String, Default: dev }
  Origin: { Type: String, Default: "*" }
  Canary: { Type: String, Default: by-environment, AllowedValues: [by-environment, "false"] }
  LogsRole: { Type: String, Default: make, AllowedValues: [make, keep] }
Conditions:
  MakesRole: !Equals [!Ref LogsRole, make]
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties: { KeySchema: [{ AttributeName: id, KeyType: HASH }] }
  Account:
    Type: AWS::ApiGateway::Account
    Condition: MakesRole
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "samconfig.toml").write_text(SAMCONFIG)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return tmp_path


def test_an_override_keeps_what_samconfig_says(root: Path) -> None:
    read = options.read(root, ["prod", "--parameter-overrides", "LogsRole=keep"])
    assert read.parameters == {
        "Environment": "prod",
        "Origin": "https://shop.example",
        "LogsRole": "keep",
        "Canary": "by-environment",
    }


@pytest.mark.parametrize(
    "words", [["prod", "--parameter-overrides", "Environment=dev"], ["staging"]]
)
def test_no_option_makes_another_kind_of_environment(words: list[str], root: Path) -> None:
    with pytest.raises(ProjectError, match="samconfig"):
        options.read(root, words)


def test_other_options_go_to_sam(root: Path) -> None:
    read = options.read(root, ["dev", "--no-confirm-changeset", "--s3-bucket", "b"])
    assert read.sam == ("--no-confirm-changeset", "--s3-bucket", "b")


def test_the_canary_is_skipped_for_one_deploy(root: Path) -> None:
    assert options.read(root, ["prod", "--without-canary"]).parameters["Canary"] == "false"
    assert options.read(root, ["prod"]).parameters["Canary"] == "by-environment"


def test_a_template_without_that_parameter_says_so(root: Path) -> None:
    text = TEMPLATE.replace("  Canary:", "  Other:")
    (root / "template.yaml").write_text(text)
    with pytest.raises(ProjectError, match="no parameter Canary"):
        options.read(root, ["prod", "--without-canary"])


def test_a_region_on_the_command_line_is_the_one_for_everything(root: Path) -> None:
    assert options.read(root, ["prod", "--region", "us-west-2"]).environment.region == "us-west-2"


class Deployed(Stack):
    """A stack as AWS would describe it."""

    def __init__(self, status: str = "UPDATE_COMPLETE", **parameters: str) -> None:
        super().__init__("shop-prod", "eu-west-1")
        listed = []
        for name, value in parameters.items():
            listed.append({"ParameterKey": name, "ParameterValue": value})
        self.__dict__["description"] = {"StackStatus": status, "Parameters": listed}
        self.__dict__["resources"] = {
            "Orders": {
                "ResourceType": "AWS::DynamoDB::Table", "PhysicalResourceId": "shop-prod-Orders-1",
            },
            "Account": {"ResourceType": "AWS::ApiGateway::Account"},
        }  # fmt: skip

    def template(self) -> dict[str, Any]:
        key = [{"AttributeName": "id", "KeyType": "HASH"}]
        return {"Resources": {"Orders": {"Properties": {"KeySchema": key}}}}


class Absent(Deployed):
    def __init__(self) -> None:
        super().__init__()
        self.__dict__.update(description=None, resources={})


def asked(root: Path, *words: str) -> tuple[Options, Template]:
    read = options.read(root, ["prod", *words])
    return read, Template(root / "template.yaml", read.parameters)


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The account's setting of API Gateway."""
    setting: dict[str, str] = {}

    class Client:
        def get_account(self) -> dict[str, str]:
            return setting

    monkeypatch.setattr(preview, "client", lambda service, region: Client())
    return setting


def test_a_deploy_that_changes_nothing_of_this_is_not_refused(
    root: Path, role: dict[str, str]
) -> None:
    preview.refuse(Deployed(Environment="prod"), *asked(root))
    preview.refuse(Absent(), *asked(root))


def test_a_stack_does_not_become_another_kind_of_environment(
    root: Path, role: dict[str, str]
) -> None:
    with pytest.raises(ProjectError, match="Environment=dev, and this would make it Environment=p"):
        preview.refuse(Deployed(Environment="dev"), *asked(root))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("ROLLBACK_COMPLETE", "its first deploy failed.*delete-stack"),
        ("UPDATE_IN_PROGRESS", "wait until it is done"),
    ],
)
def test_a_stack_that_cannot_be_updated_says_what_to_do(
    status: str, words: str, root: Path, role: dict[str, str]
) -> None:
    with pytest.raises(ProjectError, match=words):
        preview.refuse(Deployed(status), *asked(root))


def test_a_renamed_table_would_leave_its_data_behind(root: Path, role: dict[str, str]) -> None:
    (root / "template.yaml").write_text(TEMPLATE.replace("  Orders:", "  Purchases:"))
    with pytest.raises(ProjectError, match=r"data stays behind in shop-prod-Orders-1.*--accept-l"):
        preview.refuse(Deployed(), *asked(root))
    preview.refuse(Deployed(), *asked(root, "--accept-loss", "Orders"))


def test_a_changed_key_would_leave_its_data_behind(root: Path, role: dict[str, str]) -> None:
    (root / "template.yaml").write_text(TEMPLATE.replace("AttributeName: id", "AttributeName: no"))
    with pytest.raises(ProjectError, match=r"Orders: KeySchema changes.*data stays behind"):
        preview.refuse(Deployed(), *asked(root))
    preview.refuse(Deployed(), *asked(root, "--accept-loss", "Orders"))


def test_a_second_stack_does_not_replace_the_accounts_role(
    root: Path, role: dict[str, str]
) -> None:
    role["cloudwatchRoleArn"] = "arn:aws:iam::1:role/first"
    with pytest.raises(ProjectError, match="--parameter-overrides LogsRole=keep"):
        preview.refuse(Absent(), *asked(root))
    preview.refuse(Absent(), *asked(root, "--parameter-overrides", "LogsRole=keep"))
    preview.refuse(Deployed(), *asked(root))  # the stack whose role it is


def test_it_says_which_parameters_change_and_which_stay(root: Path) -> None:
    read, template = asked(root, "--parameter-overrides", "Origin=https://b.example")
    stack = Deployed(Environment="prod", Origin="https://a.example", LogsRole="keep")
    assert list(preview.changed_parameters(stack, read, template)) == [
        "Origin: 'https://a.example' becomes 'https://b.example'",
        "LogsRole: 'keep' stays as an earlier deploy set it",
    ]


def test_it_shows_no_parameter_that_cloudformation_hides(root: Path) -> None:
    read, template = asked(root, "--parameter-overrides", "Origin=secret")
    stack = Deployed(Environment="prod", Origin="****", LogsRole="****")
    assert list(preview.changed_parameters(stack, read, template)) == []
