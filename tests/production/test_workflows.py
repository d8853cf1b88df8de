"""When the workflows deploy, and when they do not."""

import re
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

FOLDER = ROOT / ".github/workflows"


def workflow(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / name).read_text()))


def steps() -> list[dict[str, Any]]:
    return list(workflow("deploy-environment.yml")["jobs"]["deploy"]["steps"])


def test_nothing_is_deployed_before_every_suite_has_passed() -> None:
    jobs = workflow("ci.yml")["jobs"]
    assert set(jobs["dev"]["needs"]) == {"suite", "python"}
    assert jobs["prod"]["needs"] == "dev"


def test_only_a_push_to_main_is_deployed() -> None:
    assert workflow("ci.yml")["jobs"]["dev"]["if"] == "github.event_name == 'push'"
    assert "\n  push:\n    branches: [main]\n" in (FOLDER / "ci.yml").read_text()


def test_a_waiting_approval_of_prod_holds_up_no_other_deploy() -> None:
    """A group holds one running and one waiting job, whichever workflow run they are of."""
    job = workflow("deploy-environment.yml")["jobs"]["deploy"]
    assert job["concurrency"]["group"] == "deploy-${{ inputs.environment }}"
    assert not job["concurrency"]["cancel-in-progress"]
    assert "github.run_id" in workflow("ci.yml")["concurrency"]["group"]


def test_without_a_role_there_is_a_notice_and_nothing_else() -> None:
    notice, *others = steps()
    assert notice["if"] == "env.AWS_ROLE == ''"
    assert "::notice::" in notice["run"]
    assert {step["if"] for step in others} == {"env.AWS_ROLE != ''"}


def test_region_and_python_come_from_the_project() -> None:
    [credentials] = [s for s in steps() if "configure-aws-credentials" in s.get("uses", "")]
    assert credentials["with"]["aws-region"] == "${{ steps.tools.outputs.region }}"
    assert "AWS_REGION" not in (FOLDER / "deploy-environment.yml").read_text()


@pytest.mark.parametrize("name", [path.name for path in FOLDER.iterdir()])
def test_a_workflow_names_no_version_of_python_but_others_than_the_templates(name: str) -> None:
    runtime = re.search(r"Runtime: python(\S+)", (ROOT / "template.yaml").read_text())
    assert runtime
    assert f'"{runtime[1]}"' not in (FOLDER / name).read_text()
