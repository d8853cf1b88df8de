"""Copies of the project, which tests may break."""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
SPEC, TEMPLATE, OBSERVED = "specs/api/users-api.yaml", "template.yaml", "tests/observed.json"
PARTS = (
    "template.yaml",
    "pyproject.toml",
    "specs",
    "handlers",
    "events",
    "README.md",
    "CLAUDE.md",
    "docs/*.md",
    OBSERVED,
    "tests/**/test_*.py",
)


def copy(target: Path) -> Path:
    """What drift reads of the project."""
    subprocess.run(
        ["cp", "-RPp", _pristine().name, target], check=True
    )  # in one process: many tests take a copy
    return target


@cache
def _pristine() -> "tempfile.TemporaryDirectory[str]":
    kept = tempfile.TemporaryDirectory()
    for part in PARTS:
        for source in ROOT.glob(part):
            there = Path(kept.name, source.relative_to(ROOT))
            there.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(
                    source, there, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                shutil.copy(source, there)
    return kept


def edit(root: Path, name: str, old: str, new: str, everywhere: bool = False) -> None:
    """Replaces a text that has to be there, at its first place or everywhere."""
    path = root / name
    content = path.read_text()
    assert old in content, f"{name} has no {old!r} any more: this change says nothing"
    path.write_text(content.replace(old, new, -1 if everywhere else 1))
