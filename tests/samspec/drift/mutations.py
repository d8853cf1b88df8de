"""Changes of the project: mutations, which drift finds, and neighbours, which it lets pass.

The tables are YAML files of the folders `mutations` and `neighbours`. A change has `what` and
either one edit (`file`, `from`, `to`, perhaps `all`) or several `edits` of that form. An edit may
also `add` a file with `content`, `remove` one, `copy` one or `link` one `to` another. A mutation
lists the `rules` that find it, all of them; `says` is in a message, `in` the file.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from samspec.drift.checks import run
from samspec.sam.finding import Finding

from tests.samspec.drift.copies import edit, kept

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Change:
    """One change, and what drift makes of it."""

    group: str
    steps: Mapping[str, Any]

    @property
    def what(self) -> str:
        return str(self.steps["what"])

    @property
    def rules(self) -> set[str]:
        """The rules that find a mutation; those of warnings that a neighbour gets."""
        return set(str(self.steps.get("rules", "")).split())

    @property
    def edits(self) -> list[Mapping[str, Any]]:
        return list(self.steps.get("edits", [self.steps]))

    @property
    def files(self) -> set[str]:
        """Every file that it touches."""
        names = set()
        for item in self.edits:
            for key in ("file", "add", "remove", "link"):
                if key in item:
                    names.add(item[key])
        return names | {item["to"] for item in self.edits if "copy" in item}

    def apply(self, root: Path) -> None:
        for item in self.edits:
            _apply(root, item)

    @contextmanager
    def made(self, root: Path) -> Iterator[list[Finding]]:
        """The findings of a project with this change, which is undone in the end."""
        with kept(root, self.files):
            self.apply(root)
            yield run(root).findings


def _apply(root: Path, item: Mapping[str, Any]) -> None:
    if "file" in item:
        edit(root, item["file"], item["from"], item["to"], everywhere="all" in item)
    elif "add" in item:
        (root / item["add"]).parent.mkdir(parents=True, exist_ok=True)
        (root / item["add"]).write_text(item["content"])
    elif "remove" in item:
        (root / item["remove"]).unlink()
    elif "link" in item:
        (root / item["link"]).unlink()
        (root / item["link"]).symlink_to(item["to"])
    elif "copy" in item:
        (root / item["to"]).unlink(missing_ok=True)
        shutil.copy(root / item["copy"], root / item["to"])


def table(folder: str) -> list[Change]:
    """The changes of one folder's files."""
    changes = []
    for file in sorted((FOLDER / folder).glob("*.yaml")):
        changes += [Change(file.stem, steps) for steps in yaml.safe_load(file.read_text())]
    return changes


MUTATIONS, NEIGHBOURS = table("mutations"), table("neighbours")
