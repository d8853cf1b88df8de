"""samspec remove, on copies of the project: what is left is whole."""

import shutil
from pathlib import Path

import pytest
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.scaffold import remove_feature

from tests.samspec.drift.copies import copy


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy(tmp_path / "project")


def run(root: Path, feature: str) -> int:
    return remove_feature.main([feature, "--root", str(root)])


def template(root: Path) -> str:
    return (root / "template.yaml").read_text()


@pytest.mark.parametrize(
    ("feature", "gone"),
    [
        ("canary", ["DeploymentPreference", "Canary"]),
        ("kms", ["AWS::KMS::Key", "HasKey", "CustomerManagedKey", "KmsKeyId", "SSESpecification"]),
    ],
)
def test_a_feature_goes_with_all_that_only_it_used(
    project: Path, feature: str, gone: list[str]
) -> None:
    before = template(project).splitlines()

    assert run(project, feature) == 0

    assert [text for text in gone if text in template(project)] == []
    assert set(template(project).splitlines()) <= set(before)
    assert Project(project).lambdas.keys() >= {"CreateUserFunction"}  # it still resolves


def test_both_can_go(project: Path) -> None:
    run(project, "canary")
    run(project, "kms")

    assert "AlarmTopic:" in template(project)
    assert "UsersTable:" in template(project)


def test_files_of_a_feature_go(project: Path) -> None:
    assert (project / ".github/workflows/ci.yml").exists()

    run(project, "github")

    assert not (project / ".github/workflows/ci.yml").exists()


def test_what_is_not_there_is_not_removed(project: Path) -> None:
    run(project, "canary")
    before = template(project)

    with pytest.raises(ProjectError, match="canary is not in this project"):
        run(project, "canary")
    shutil.rmtree(project / ".github")
    with pytest.raises(ProjectError, match="github is not in this project"):
        run(project, "github")
    assert template(project) == before


def test_what_nothing_used_before_stays(project: Path) -> None:
    text = template(project).replace(
        "Conditions:\n", 'Conditions:\n  Mine: !Equals ["a", "a"]\n', 1
    )
    (project / "template.yaml").write_text(text)

    run(project, "canary")

    assert "  Mine: !Equals" in template(project)
