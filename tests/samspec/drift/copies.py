"""Copies of the project, which tests may break."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
SPEC, TEMPLATE, OBSERVED = "specs/api/users-api.yaml", "template.yaml", "tests/observed.json"
PARTS = (
    "template.yaml",
    "samconfig.toml",
    "pyproject.toml",
    "specs",
    "handlers",
    "events",
    "docs",
    "scripts/*",
    ".claude",
    ".github",
    "*.md",
    OBSERVED,
    "tests/**/*.py",
)
NOT_COPIED = shutil.ignore_patterns("__pycache__", "samspec", "node_modules")


def copy(target: Path) -> Path:
    """What drift reads of the project."""
    subprocess.run(["cp", "-RPp", _pristine().name, target], check=True)
    return target


@cache
def _pristine() -> "tempfile.TemporaryDirectory[str]":
    kept = tempfile.TemporaryDirectory()
    for part in PARTS:
        for source in ROOT.glob(part):
            there = Path(kept.name, source.relative_to(ROOT))
            there.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                if not there.exists():
                    shutil.copytree(source, there, symlinks=True, ignore=NOT_COPIED)
            else:
                shutil.copy(source, there)
    return kept


def edit(root: Path, name: str, old: str, new: str, everywhere: bool = False) -> None:
    """Replace a text that has to be there, at its first place or everywhere."""
    path = root / name
    content = path.read_text()
    assert old in content, f"{name} has no {old!r} any more: this change says nothing"
    path.write_text(content.replace(old, new, -1 if everywhere else 1))


@contextmanager
def kept(root: Path, names: set[str]) -> Iterator[None]:
    """Put these files of a copy back as they were, so that one copy serves many changes."""
    before = {name: _state(root / name) for name in names}
    try:
        yield
    finally:
        for name, state in before.items():
            _restore(root / name, state)


State = tuple[str, bytes]


def _state(path: Path) -> State:
    if path.is_symlink():
        return "link", str(path.readlink()).encode()
    return ("file", path.read_bytes()) if path.is_file() else ("none", b"")


def _restore(path: Path, state: State) -> None:
    form, content = state
    if path.is_symlink() or path.exists():
        path.unlink()
    if form == "link":
        path.symlink_to(content.decode())
    elif form == "file":
        path.write_bytes(content)
