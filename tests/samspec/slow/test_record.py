"""The record of what the tests saw: when it is stale, and how it is renewed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samspec.drift.copies import OBSERVED, ROOT

TESTS = "tests/unit/test_list_users.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for part in ("handlers", "scripts", "specs", "tests/unit"):
        shutil.copytree(
            ROOT / part,
            tmp_path / part,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for source in (*ROOT.glob("*.toml"), ROOT / "template.yaml", *ROOT.glob("tests/*.*")):
        shutil.copy(source, tmp_path / source.relative_to(ROOT))
    return tmp_path


def _pytest(project: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"testpaths={TESTS}", *arguments]
    environment = {}
    for key, value in os.environ.items():
        if not key.startswith(("COV_", "COVERAGE_", "PYTEST_")):
            environment[key] = value
    run = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    return run.returncode, run.stdout


def test_a_stale_record_fails_a_run_of_all_tests_until_it_is_renewed(project: Path) -> None:
    status, output = _pytest(project)
    assert (status, "run scripts/test --record and commit it" in output) == (1, True), output

    assert _pytest(project, "--record")[0] == 0
    assert '"GET /users"' in (project / OBSERVED).read_text()
    assert '"POST /users": {}' not in (project / OBSERVED).read_text()

    assert _pytest(project)[0] == 0


def test_a_run_of_some_tests_says_nothing_of_the_record(project: Path) -> None:
    (project / OBSERVED).unlink()

    status, output = _pytest(project, "-k", "no_users")
    assert (status, "observed.json" in output) == (0, False)

    status, output = _pytest(project, "-k", "no_users", "--record")
    assert (status, "nothing recorded, because that takes all tests" in output) == (0, True)
    assert not (project / OBSERVED).exists()
