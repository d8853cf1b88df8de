"""The mutations of mutations.yaml, made on a copy of the project."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.samspec.drift.copies import edit


@dataclass(frozen=True)
class Mutation:
    steps: dict[str, Any]

    @property
    def what(self) -> str:
        return str(self.steps["what"])

    @property
    def checks(self) -> list[str]:
        """The modules of driftcheck that find it."""
        return str(self.steps["check"]).split(", ")

    @property
    def file(self) -> str:
        """Where the findings are; empty where they are in several."""
        return str(self.steps.get("in", ""))

    @property
    def finds(self) -> list[str]:
        return list(self.steps["finds"])

    @property
    def cfn_lint(self) -> str:
        return str(self.steps.get("cfn-lint", ""))

    def apply(self, root: Path) -> None:
        steps = self.steps
        if "edit" in steps:
            edit(root, steps["edit"], steps["from"], steps["to"], everywhere="all" in steps)
        if "add" in steps:
            (root / steps["add"]).write_text(steps["content"])
        if "remove" in steps:
            (root / steps["remove"]).unlink()
        if "link" in steps:
            (root / steps["link"]).unlink()
            (root / steps["link"]).symlink_to(steps["to"])
        if "copy" in steps:
            (root / steps["to"]).unlink(missing_ok=True)
            shutil.copy(root / steps["copy"], root / steps["to"])


MUTATIONS = [
    Mutation(steps) for steps in yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text())
]
