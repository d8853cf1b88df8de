"""Each mistake is found, by its rules and no others; valid changes pass."""

from pathlib import Path

import pytest
from samspec.drift.checks import run
from samspec.drift.rules import rules
from samspec.sam.finding import ERROR

from tests.samspec.drift.copies import ROOT, copy
from tests.samspec.drift.mutations import MUTATIONS, NEIGHBOURS, Change
from tests.samspec.drift.test_orders import MISTAKES

# These rules have tests of their own: they need git, a stack, or settings.
ELSEWHERE = {
    "break",
    "deployed-difference",
    "iam-widened",
    "two-steps",
    "waiver-unused",
    "iam-broad",
    "import-size",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy for all changes: each puts back what it touched."""
    return copy(tmp_path_factory.mktemp("drift") / "project")


def _name(change: Change) -> str:
    return f"{change.group}: {change.what}"


def test_the_project_itself_does_not_drift() -> None:
    result = run(ROOT)

    assert list(map(str, result.findings)) == []
    assert result.notes == []


@pytest.mark.parametrize("change", MUTATIONS, ids=_name)
def test_drift_finds(project: Path, change: Change) -> None:
    with change.made(project) as findings:
        shown = [str(finding) for finding in findings]
        assert {finding.rule for finding in findings} == change.rules, shown
        assert any(change.steps.get("says", "") in finding.message for finding in findings), shown
        assert all(finding.file.startswith(change.steps.get("in", "")) for finding in findings)


@pytest.mark.parametrize("change", NEIGHBOURS, ids=_name)
def test_drift_lets_pass(project: Path, change: Change) -> None:
    with change.made(project) as findings:
        errors = [str(finding) for finding in findings if finding.severity == ERROR]
        assert errors == []
        assert {finding.rule for finding in findings} == change.rules


def test_every_change_is_undone(project: Path) -> None:
    assert run(project).findings == []


def test_there_is_a_mutation_for_every_rule() -> None:
    shown = {rule for change in MUTATIONS + NEIGHBOURS + MISTAKES for rule in change.rules}

    assert shown - rules().keys() == set()
    assert rules().keys() - shown - ELSEWHERE == set()


def test_there_are_as_many_as_we_say_and_none_twice() -> None:
    assert len(MUTATIONS) >= 200
    assert len(NEIGHBOURS) >= 60
    names = [_name(change) for change in MUTATIONS + NEIGHBOURS]
    assert len(set(names)) == len(names)
