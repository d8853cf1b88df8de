"""What the documents on production say, next to what the template does."""

import re

import pytest
from samspec.sam import documents

from tests.conftest import ROOT

TEMPLATE = documents.read(ROOT / "template.yaml")
PRODUCTION = (ROOT / "specs/production.md").read_text()
OPERATIONS = (ROOT / "specs/operations.md").read_text()
BLOCK = re.compile(r"```(?:sh|console)\n(.*?)```", re.DOTALL)


def test_each_alarm_has_a_section_that_says_what_to_do() -> None:
    section = OPERATIONS.partition("## Alarms")[2].partition("\n## ")[0]
    alarms = []
    for name, resource in TEMPLATE["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            alarms.append(name)
    assert re.findall(r"^### (\w+)$", section, re.MULTILINE) == alarms


def test_each_parameter_is_described() -> None:
    table = PRODUCTION.partition("These parameters are yours")[2].partition("\n## ")[0]
    one_deploy_only = {"Environment", "Canary"}
    assert set(TEMPLATE["Parameters"]) - one_deploy_only <= set(re.findall(r"\w+", table))


@pytest.mark.parametrize("name", ["README.md", "specs/production.md", "specs/operations.md"])
def test_no_command_drops_what_samconfig_says_or_asks_in_vain(name: str) -> None:
    """`--guided` stops at its default response; overrides replace those of samconfig.toml."""
    commands = "\n".join(BLOCK.findall((ROOT / name).read_text()))
    assert "sam deploy" in commands or name != "README.md"
    assert "--guided" not in commands
    assert not re.search(r"^sam (deploy|sync).*--parameter-overrides", commands, re.MULTILINE)
