"""Changes to a project that happen as a whole: on any error every file stays as it is."""

import atexit
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

LOCK = "tests/requirements.txt"
PINNED_RUFF = re.compile(r"^ruff==(?:.*\\\n)*.*\n", re.MULTILINE)

LEFT_OUT = shutil.ignore_patterns(
    ".git",
    ".venv",
    ".aws-sam",
    ".hypothesis",
    ".*_cache",
    "node_modules",
    "__pycache__",
    "evidence",
)


@contextmanager
def workspace(root: Path) -> Iterator[Path]:
    """A copy of the project to work on. What has changed there is written back at the end, unless
    an exception ended it."""
    with tempfile.TemporaryDirectory(prefix="samspec-") as folder:
        copy = Path(folder, "project")
        shutil.copytree(root, copy, symlinks=True, ignore=LEFT_OUT)
        before = _contents(copy)
        yield copy
        after = _contents(copy)
        for name in before.keys() - after.keys():
            (root / name).unlink()
            _remove_if_empty((root / name).parent, root)
        for name, content in after.items():
            if before.get(name) != content:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).unlink(missing_ok=True)
                shutil.copy2(copy / name, root / name, follow_symlinks=False)


def write(root: Path, name: str, content: str) -> None:
    """Writes the file, with the line ends that it has."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    has_crlf = path.is_file() and b"\r\n" in path.read_bytes()
    path.write_text(content, encoding="utf-8", newline="\r\n" if has_crlf else "\n")


def tidy(root: Path, names: list[str], is_pruned: bool = False) -> None:
    """Sorts imports and formats, as the project's check asks; if `is_pruned`, unused imports go.

    Without ruff, the one that the project's lock pins is used, which nothing but checks needs.
    """
    ruff = _ruff(root / LOCK) if names else None
    if ruff is None:
        return
    rules = "I,F401" if is_pruned else "I"
    for command in (["check", f"--select={rules}", "--fix"], ["format"]):
        run = [*ruff, *command, "--no-cache", "--quiet", *names]
        subprocess.run(run, cwd=root, check=False, capture_output=True)


def _ruff(lock: Path) -> list[str] | None:
    """The command that runs ruff; None if it is neither installed nor pinned, or cannot be had."""
    if find_spec("ruff"):
        return [sys.executable, "-m", "ruff"]
    pinned = PINNED_RUFF.search(lock.read_text(encoding="utf-8")) if lock.is_file() else None
    return _installed(pinned[0]) if pinned else None


@cache
def _installed(requirement: str) -> list[str] | None:
    """The command of ruff, installed by its pinned requirement for as long as this process runs."""
    folder = Path(tempfile.mkdtemp(prefix="samspec-ruff-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "requirements.txt").write_text(requirement, encoding="utf-8")
    options = ["--quiet", "--require-hashes", "--no-deps", "--target", str(folder)]
    pip = [sys.executable, "-m", "pip", "install", *options]
    done = subprocess.run(
        [*pip, "--requirement", str(folder / "requirements.txt")], check=False, capture_output=True
    )
    return [str(folder / "bin/ruff")] if done.returncode == 0 else None


def _remove_if_empty(folder: Path, root: Path) -> None:
    """Removes a folder with nothing in it but compiled modules, and those around it."""
    while folder != root and not any(p.name != "__pycache__" for p in folder.iterdir()):
        shutil.rmtree(folder)
        folder = folder.parent


def _contents(root: Path) -> dict[str, bytes | str]:
    """Texts of files, and targets of links."""
    contents: dict[str, bytes | str] = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if path.is_symlink():
            contents[name] = str(path.readlink())
        elif path.is_file():
            contents[name] = path.read_bytes()
    return contents
