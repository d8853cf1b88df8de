"""`scripts/new-operation`: gives each operation of the spec that has no function what it needs, and nothing more."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from samspec.drift import validity
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.scaffold import files, specification, template
from samspec.scaffold.addition import Addition

ARCHITECTURE = "specs/architecture.md"
OBSERVED = "tests/observed.json"
EPILOG = "Write the operation into the spec first: operationId, summary, parameters, body with an example, responses."


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="samspec new-operation", description=__doc__, epilog=EPILOG
    )
    parser.add_argument(
        "--root", type=Path, default=Path(), help="the project's folder (default: this one)"
    )
    lines = list(added(parser.parse_args(arguments).root))
    print("\n".join(lines) or "new-operation: every operation of the spec has its function")
    return 0


def added(root: Path) -> Iterator[str]:
    """Adds what each operation without a function needs; yields lines that say what was done."""
    while new := Addition.next(_project(root)):
        yield f"{new.operation.id}: {new.operation} calls {new.function}, which answers 501 until it is written"
        for verb, name, content in list(
            _changes(new)
        ):  # all of them first: an error leaves every file as it is
            (root / name).write_text(content, encoding="utf-8")
            yield f"  {verb} {name}"
        ruff = [
            sys.executable,
            "-m",
            "ruff",
            "format",
            "--no-cache",
            "--quiet",
            f"tests/unit/test_{new.operation.named('_')}.py",
        ]
        subprocess.run(ruff, cwd=root, check=False)


def _project(root: Path) -> Project:
    project = Project(root)
    if finding := next(iter(validity.check(project.spec)), None):
        raise ProjectError(str(finding))
    return project


def _changes(new: Addition) -> Iterator[tuple[str, str, str]]:
    root = new.project.root
    edited: dict[str, Callable[[Addition, list[str]], list[str]]] = {
        new.project.spec.name: specification.extended,
        new.project.template.name: template.extended,
        ARCHITECTURE: files.tabled,
        OBSERVED: files.recorded,
    }
    for name, edit in edited.items():
        lines = new.project.text(name).splitlines()
        yield "extended", name, "\n".join(edit(new, lines)) + "\n"
    for name, content in files.created(new):
        if (root / name).exists():
            continue  # written by hand already
        yield "wrote", name, content
