"""Each thing that differs is found, and nothing else is."""

from pathlib import Path

import pytest
from samspec.drift.command import check

from tests.samspec.drift.copies import ROOT, copy
from tests.samspec.drift.mutations import MUTATIONS, Mutation


def test_the_project_itself_does_not_drift() -> None:
    assert list(map(str, check(ROOT))) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_drift_finds(tmp_path: Path, mutation: Mutation) -> None:
    root = copy(tmp_path / "project")
    mutation.apply(root)

    found = sorted(check(root))

    assert {finding.check for finding in found} == set(mutation.checks), list(map(str, found))
    assert len(found) == len(mutation.finds), list(map(str, found))
    for finding, said in zip(found, mutation.finds, strict=True):
        assert said in finding.differs
        assert finding.file.startswith(mutation.file)


def test_there_is_a_mutation_for_every_check_of_the_project() -> None:
    modules = {
        path.stem
        for path in (ROOT / "scripts/samspec/drift").glob("*.py")
        if "\ndef check(" in path.read_text()
    }

    modules = modules - {"command", "compatibility", "deployed"} | {"translation"}
    assert {check for mutation in MUTATIONS for check in mutation.checks} == modules
    assert len({mutation.what for mutation in MUTATIONS}) == len(MUTATIONS) >= 40
