"""The commands in scripts/ run the tools, and never a file of the folder that they are started
in.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

NAMES = ("yaml", "random", "json", "argparse", "samspec", "h11", "sitecustomize")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with modules that take the names of others; each leaves a mark when it runs."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/run", tmp_path / "scripts")
    (tmp_path / "scripts/install").write_text("#!/bin/sh\n")
    (tmp_path / "scripts/install").chmod(0o755)
    (tmp_path / "scripts/samspec").symlink_to(ROOT / "scripts/samspec")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    for name in NAMES:
        mark = tmp_path / f"{name}.ran"
        (tmp_path / f"{name}.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    return tmp_path


@pytest.mark.parametrize("arguments", [["--version"], ["start", "--help"], ["start"]])
def test_a_command_runs_no_file_of_the_folder_it_is_started_in(
    checkout: Path, arguments: list[str]
) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [checkout / "scripts/run", *arguments],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert not list(checkout.glob("*.ran")), done.stderr
    assert "samspec" in done.stdout + done.stderr
