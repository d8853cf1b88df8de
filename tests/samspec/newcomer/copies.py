"""Projects that people make of this repository, as they are made, and what they run there."""

import atexit
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from functools import cache
from pathlib import Path

import pytest
from samspec.scaffold import new_project

from tests.samspec.drift.copies import ROOT

TOOLS = ("mypy", "pytest", "coverage", "schemathesis")
SHIM = '#!/bin/sh\nexec "$(dirname "$0")/python" -P "{tool}" "$@"\n'
BUILD_WHEEL = new_project.build_wheel
AUTHOR = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]


def make(folder: Path, *options: str) -> Path:
    """A project by `samspec new-project`, committed, with its tools installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(new_project, "build_wheel", _same_wheel)
        new_project.main([str(folder), "--source", str(ROOT), *options])
    install(folder)
    commit(folder, "Start")
    return folder


def _same_wheel(source: Path, folder: Path) -> Path:
    """The tools as a wheel, which is built once for all projects of a run."""
    return Path(shutil.copy(_wheel(source), folder))


@cache
def _wheel(source: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="samspec-wheel-"))
    atexit.register(shutil.rmtree, folder)
    return BUILD_WHEEL(source, folder)


def install(root: Path) -> None:
    """A virtual environment with the project's own tools, and the packages of the tests' one: the
    locks are the same, and to install them takes a minute."""
    venv = root / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(venv)}))
    (site / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin/python"), "install"]
    options = ["--quiet", "--no-deps", "--force-reinstall", "--requirement", "samspec.txt"]
    subprocess.run([*pip, *options], cwd=root, check=True)
    for tool in TOOLS:
        script = Path(sys.executable).with_name(tool)
        (venv / "bin" / tool).write_text(SHIM.format(tool=script))
        (venv / "bin" / tool).chmod(0o755)
    (venv / "bin/ruff").unlink(missing_ok=True)
    (venv / "bin/ruff").symlink_to(Path(sys.executable).with_name("ruff"))
    locks = [root / "tests/requirements.txt", root / "samspec.txt"]
    (venv / "installed.txt").write_text("".join(lock.read_text() for lock in locks))


def of_this_repository(root: Path) -> Path:
    """The repository's files, those included that are not committed."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, text=True
    )
    for name in listed.split("\0")[:-1]:
        if (ROOT / name).is_symlink() or (ROOT / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name, follow_symlinks=False)
    return root


def commit(root: Path, message: str) -> None:
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "-qm", message]):
        git(root, *command)


def git(root: Path, *command: str) -> str:
    """What a command of git prints; it has to succeed."""
    return subprocess.check_output(["git", *AUTHOR, *command], cwd=root, text=True)


def changed(root: Path) -> list[str]:
    """The files that differ from the last commit, new ones included."""
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [line[3:] for line in done.stdout.splitlines()]


def run(root: Path, *command: str) -> str:
    """What a command prints; it has to succeed."""
    done = subprocess.run(
        command,
        cwd=root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-5000:]}"
    return done.stdout


def environment() -> dict[str, str]:
    """Without what would lead to this repository's own modules."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def started(root: Path, *options: str, within: float = 60) -> str:
    """What `scripts/start` prints until it is ready; it is then ended."""
    process = subprocess.Popen(
        ["scripts/start", *options],
        cwd=root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    lines = []
    began = time.monotonic()
    try:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ready") or time.monotonic() - began > within:
                break
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()
    return "".join(lines)


def has_sam() -> bool:
    return shutil.which("sam") is not None
