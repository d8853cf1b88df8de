"""The commands in scripts/ run the tools, and never a file of the folder that they are started
in.
"""

import os
import re
import shutil
import signal
import subprocess
import time
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("after", ["making .venv", "installing the locked packages"])
def test_an_installation_that_was_interrupted_is_repaired_by_the_next(
    tmp_path: Path, after: str, number: int
) -> None:
    (tmp_path / "scripts").mkdir()
    for name in ("install", "python"):
        shutil.copy(ROOT / "scripts" / name, tmp_path / "scripts")
    pinned = re.search(
        r"^h11==.*?(?=^\S)", (ROOT / "requirements.txt").read_text(), re.MULTILINE | re.DOTALL
    )
    assert pinned
    (tmp_path / "requirements.txt").write_text(pinned[0])
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/requirements.txt").write_text(f"# all\n{pinned[0]}")

    with subprocess.Popen(
        [tmp_path / "scripts/install"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as interrupted:
        assert interrupted.stderr
        assert any(after in line for line in iter(interrupted.stderr.readline, ""))
        time.sleep(0.1)  # it has begun with that
        os.killpg(interrupted.pid, number)
        interrupted.stderr.read()
    assert interrupted.returncode

    done = subprocess.run(
        [tmp_path / "scripts/install"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    subprocess.run([tmp_path / ".venv/bin/python", "-c", "import h11"], check=True)
