"""What a project of one's own has of this repository, as [tool.samspec.copy] in pyproject.toml
says."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.scaffold.renaming import Renaming

SETTINGS = "pyproject.toml"
HEADER = re.compile(r"^\[\[?([^\]]+)\]\]?\s*(?:#.*)?$")
NEVER_RENAMED = re.compile(r"LICENSE|.*requirements[\w-]*\.(txt|in)|.*\.lock|vendor/.*")


@dataclass(frozen=True)
class Rules:
    """`resource` is the reference's name. `tools`: replaced in a copy by the installed package.
    `kit`: only about this repository;
    `in_place`: what of it goes where the repository itself is renamed. `reference`: only about the
    reference's resource. `lines`:
    lines of files that a copy leaves out. `tables`: those of pyproject.toml."""

    resource: str
    tools: tuple[str, ...]
    in_place: tuple[str, ...]
    kit: tuple[str, ...]
    reference: tuple[str, ...]
    lines: Mapping[str, list[str]]
    tables: tuple[str, ...]

    @classmethod
    def of(cls, root: Path) -> "Rules":
        """Raises ProjectError where there are none: it is not a repository to copy."""
        settings = root / SETTINGS
        if not settings.is_file():
            raise ProjectError(f"{settings}: cannot be read: is this the repository to copy?")
        data = tomllib.loads(settings.read_text(encoding="utf-8"))
        rules: dict[str, Any] = data.get("tool", {}).get("samspec", {}).get("copy", {})
        if not rules:
            raise ProjectError(f"{settings} has no [tool.samspec.copy]: it is a copy already")
        lists = {key: tuple(rules.get(key, ())) for key in ("tools", "kit", "reference", "tables")}
        in_place = tuple(rules.get("in-place", ()))
        return cls(rules["resource"], in_place=in_place, lines=rules.get("lines", {}), **lists)


def files(root: Path) -> list[str]:
    """The names of the files that git has, or would take."""
    command = ["git", "-C", str(root), "ls-files", "-coz", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProjectError(f"{root}: not a git repository: git init, add and commit it first")
    names = done.stdout.split("\0")[:-1]
    return [name for name in names if (root / name).is_file() or (root / name).is_symlink()]


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern is the name, a folder of it, or fits it."""
    path = PurePath(name)
    places = [path, *path.parents]
    return any(place.match(pattern) for pattern in patterns for place in places if place.name)


def copy(source: Path, target: Path, left_out: tuple[str, ...]) -> None:
    for name in files(source):
        if matches(name, left_out):
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, target / name, follow_symlinks=False)


def drop(root: Path, patterns: tuple[str, ...]) -> list[str]:
    """Removes files; their names. Folders that are then empty go, too."""
    gone = [name for name in files(root) if matches(name, patterns)]
    for name in gone:
        (root / name).unlink()
        folder = (root / name).parent
        while folder != root and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent
    return gone


def without_lines(root: Path, lines: Mapping[str, list[str]]) -> None:
    for name, patterns in lines.items():
        path = root / name
        if path.is_file():
            unwanted = re.compile("|".join(patterns))
            kept = path.read_text(encoding="utf-8").splitlines(keepends=True)
            text = "".join(line for line in kept if not unwanted.search(line))
            path.write_text(text, encoding="utf-8")


def without_tables(text: str, tables: tuple[str, ...]) -> str:
    """The TOML without tables, and the comments right above them; a * ends a name's beginning."""
    kept: list[str] = []
    is_kept = True
    for line in text.splitlines():
        header = HEADER.match(line)
        if header:
            is_kept = not any(PurePath(header[1]).match(pattern) for pattern in tables)
            while not is_kept and kept and kept[-1].startswith("#"):
                kept.pop()
        if is_kept:
            kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n"


def rename(root: Path, renaming: Renaming, spared: tuple[str, ...] = ()) -> int:
    """Exchanges the names in texts, file names and links; how many files had one."""
    count = 0
    for name in files(root):
        if not NEVER_RENAMED.fullmatch(name) and not matches(name, spared):
            count += _renamed(root, name, renaming)
    for folder in sorted(root.rglob("*"), reverse=True):
        if folder.name == "__pycache__" and not any(folder.parent.glob("*.py")):
            shutil.rmtree(folder)
    for empty in _empty(root):
        empty.rmdir()
    return count


def _renamed(root: Path, name: str, renaming: Renaming) -> bool:
    path, target = root / name, root / renaming.path(name)
    if path.is_symlink():
        before = str(path.readlink())
        after = renaming.path(before)
    else:
        try:
            before = path.read_bytes().decode()
        except UnicodeDecodeError:
            return False  # a picture
        after = renaming.text(before, path.suffix)
    if (target, after) == (path, before):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    if target.is_symlink():
        target.unlink()
        target.symlink_to(after)
    else:
        target.write_bytes(after.encode())
    return True


def _empty(root: Path) -> Iterator[Path]:
    for folder in sorted(root.rglob("*"), reverse=True):
        inside = folder.relative_to(root).parts
        hidden = inside[0] in (".git", ".venv", ".aws-sam")
        if not hidden and folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
            yield folder
