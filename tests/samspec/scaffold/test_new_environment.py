"""A third environment, in a copy of this project and in others."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from samspec.deploy import translation
from samspec.sam import environments
from samspec.sam.errors import ProjectError
from samspec.scaffold import new_environment

from tests.conftest import ROOT

FILES = ("template.yaml", "samconfig.toml", "specs/api/users-api.yaml")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def resources(root: Path, name: str) -> dict[str, Any]:
    parameters = environments.named(root, name).parameters
    return translation.resolved(root / "template.yaml", parameters)


def types(root: Path, name: str) -> list[str]:
    """Not the names: a deployment's has the time in it."""
    return sorted(resource["Type"] for resource in resources(root, name).values())


@pytest.mark.parametrize("like", ["dev", "prod"])
def test_it_begins_with_the_settings_of_another(like: str, root: Path) -> None:
    assert new_environment.main(["staging", "--like", like]) == 0
    staging, other = environments.named(root, "staging"), environments.named(root, like)
    assert (staging.section, staging.stack) == ("staging", "users-api-staging")
    assert staging.parameters == {**other.parameters, "Environment": "staging"}
    assert types(root, "staging") == types(root, like)


def test_its_settings_are_its_own(root: Path) -> None:
    new_environment.main(["staging", "--like", "prod"])
    template = root / "template.yaml"
    before, _, after = template.read_text().rpartition("LogRetentionDays: 90")
    template.write_text(f"{before}LogRetentionDays: 14{after}")
    days = {}
    for name in ("dev", "prod", "staging"):
        days[name] = resources(root, name)["AccessLog"]["Properties"]["RetentionInDays"]
    assert days == {"dev": 7, "prod": 90, "staging": 14}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["prod"], "has the environment prod already"),
        (["staging", "--like", "test"], "no environment 'test'"),
        (["Two words"], "small letters"),
        (["default"], "small letters"),
    ],
)
def test_what_it_cannot_add_is_a_clear_error(words: list[str], error: str, root: Path) -> None:
    texts = [(root / name).read_text() for name in FILES]
    with pytest.raises(ProjectError, match=error):
        new_environment.main(words)
    assert texts == [(root / name).read_text() for name in FILES]


def test_a_template_without_settings_by_environment_says_so(root: Path) -> None:
    (root / "template.yaml").write_text("Resources: { Topic: { Type: AWS::SNS::Topic } }\n")
    with pytest.raises(ProjectError, match="no mapping has the key prod"):
        new_environment.main(["staging"])


def test_a_project_whose_environments_differ_only_by_samconfig(root: Path) -> None:
    template = "Resources: { Topic: { Type: AWS::SNS::Topic } }\n"
    (root / "template.yaml").write_text(template)
    text = (root / "samconfig.toml").read_text().replace("Environment=prod ", "")
    (root / "samconfig.toml").write_text(text)
    assert new_environment.main(["staging"]) == 0
    assert environments.named(root, "staging").stack == "users-api-staging"
    assert (root / "template.yaml").read_text() == template
