"""What cfn-lint and `sam validate --lint` find of what drift finds; `scripts/test
tests/samspec/slow` prints the table.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cfnlint.api import lint_file

from tests.samspec.drift.copies import TEMPLATE, copy
from tests.samspec.drift.mutations import MUTATIONS
from tests.samspec.slow.conftest import TABLE

# What cfn-lint does not see, and the first deploy or the first request does.
DEPLOYS = [
    "OpenAPI 3.1",
    "a short-form intrinsic",
    "a function that is not there",
    "an event path that the definition lacks",
]
SAM = shutil.which("sam")
NO_SAM = "(no sam on PATH)"


@pytest.mark.parametrize("what", DEPLOYS)
def test_neither_linter_finds_what_only_a_deploy_would(tmp_path: Path, what: str) -> None:
    root = copy(tmp_path / "project")
    mutation = next(change for change in MUTATIONS if change.what == what)
    mutation.apply(root)

    by_sam = _by_sam(root)

    TABLE[what] = (what, ", ".join(mutation.rules), "", by_sam)
    assert lint_file(root / TEMPLATE) == []
    assert by_sam in ("-", NO_SAM)


def _by_sam(root: Path) -> str:
    if not SAM:
        return NO_SAM
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}
    run = subprocess.run(
        [SAM, "validate", "--lint"], cwd=root, env=environment, capture_output=True
    )
    return "found" if run.returncode else "-"
