"""What cfn-lint and `sam validate --lint` find of what drift finds; `scripts/test tests/samspec/slow` prints the table."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from cfnlint.api import lint, lint_file

from tests.samspec.drift.copies import ROOT, TEMPLATE, copy
from tests.samspec.drift.mutations import MUTATIONS, Mutation
from tests.samspec.slow.conftest import TABLE

# What cfn-lint does not see, and the first deploy or the first request does.
DEPLOYS = [
    "OpenAPI 3.1",
    "a short-form intrinsic",
    "a function that is not there",
    "an event path that the spec lacks",
]
SAM = shutil.which("sam")
NO_SAM = "(no sam on PATH)"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_cfn_lint_finds_what_the_list_says(tmp_path: Path, mutation: Mutation) -> None:
    root = copy(tmp_path / "project")
    mutation.apply(root)

    found = ", ".join(
        sorted(_rules((root / TEMPLATE).read_text()) - _rules((ROOT / TEMPLATE).read_text()))
    )

    TABLE[mutation.what] = (mutation.what, ", ".join(mutation.checks), found, "")
    assert found == mutation.cfn_lint


@pytest.mark.parametrize("what", DEPLOYS)
def test_neither_linter_finds_what_only_a_deploy_would(tmp_path: Path, what: str) -> None:
    root = copy(tmp_path / "project")
    mutation = next(one for one in MUTATIONS if one.what == what)
    mutation.apply(root)

    by_sam = _by_sam(root)

    TABLE[what] = (what, ", ".join(mutation.checks), "", by_sam)
    assert lint_file(root / TEMPLATE) == []
    assert by_sam in ("-", NO_SAM)


@cache
def _rules(template: str) -> set[str]:
    """cfn-lint does not follow the Include: one template, one answer."""
    return {match.rule.id for match in lint(template)}


def _by_sam(root: Path) -> str:
    if not SAM:
        return NO_SAM
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}
    run = subprocess.run(
        [SAM, "validate", "--lint"], cwd=root, env=environment, capture_output=True
    )
    return "found" if run.returncode else "-"
