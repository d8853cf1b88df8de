"""Check 3: what is packed with the functions is the spec itself, and is built for their runtime."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from samspec.sam.finding import Finding
from samspec.sam.project import Project

PYTHON = re.compile(r"^PYTHON\s*[?:]?=\s*(\S+)", re.MULTILINE)


def check(project: Project) -> Iterator[Finding]:
    folders = {
        Path(str(properties.get("CodeUri", "."))) for properties in project.functions.values()
    }
    for folder in sorted(folders):
        yield from _link(project, folder)
        yield from _makefile(project, f"{folder}/Makefile")


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


def _makefile(project: Project, name: str) -> Iterator[Finding]:
    """Compiled modules serve one version of Python."""
    content = project.text(name) if (project.root / name).is_file() else ""
    runtimes = {str(properties.get("Runtime")) for properties in project.functions.values()}
    found = PYTHON.search(content)
    if found and runtimes != {found[1]}:
        differs = (
            f"it compiles for {found[1]}, and the functions run on {', '.join(sorted(runtimes))}"
        )
        line = content.count("\n", 0, found.start()) + 1
        yield Finding(name, line, differs, "make PYTHON and the template's Runtime one version")
