"""Check 3: what is packed with the functions is the spec itself."""

import os
from collections.abc import Iterator
from pathlib import Path

from samspec.sam.finding import Finding
from samspec.sam.project import Project


def check(project: Project) -> Iterator[Finding]:
    folders = {
        Path(str(properties.get("CodeUri", "."))) for properties in project.functions.values()
    }
    for folder in sorted(folders):
        yield from _link(project, folder)


def _link(project: Project, folder: Path) -> Iterator[Finding]:
    link = folder / Path(project.spec.name).name
    target = os.path.relpath(project.root / project.spec.name, project.root / folder)
    there = project.root / link
    if not there.is_symlink():
        yield Finding(
            str(link),
            1,
            "it is no symbolic link to the spec, and a copy goes stale",
            f"ln -sf {target} {link}",
        )
    elif str(there.readlink()) != target:
        yield Finding(
            str(link),
            1,
            f"it points to {there.readlink()}, not to the spec",
            f"ln -sf {target} {link}",
        )
