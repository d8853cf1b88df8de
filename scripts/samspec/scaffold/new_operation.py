"""`scripts/new-operation`: gives each operation of the spec that has no function what it needs, and
nothing more."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from samspec.sam.project import Project
from samspec.scaffold import files, specification, template, workspace
from samspec.scaffold.addition import Addition
from samspec.scaffold.validation import require_valid

ARCHITECTURE = "specs/architecture.md"
OBSERVED = "tests/observed.json"
WROTE = "wrote"
EPILOG = (
    "Write the operation into the spec first: operationId, summary, parameters, body with an "
    "example, responses."
)


def main(arguments: list[str] | None = None) -> int:
    """Adds what is missing and prints it; on any error no file changes."""
    parser = argparse.ArgumentParser(
        prog="samspec new-operation", description=__doc__, epilog=EPILOG
    )
    parser.add_argument(
        "--root", type=Path, default=Path(), help="the project's folder (default: this one)"
    )
    with workspace.workspace(parser.parse_args(arguments).root) as copy:
        lines = list(added(copy))
        if lines:
            require_valid(Project(copy))  # what was written is valid, too
    print("\n".join(lines) or "new-operation: every operation of the spec has its function")
    return 0


def added(root: Path) -> Iterator[str]:
    """Adds what each operation without a function needs; yields lines that say what was done."""
    new = Addition.next(require_valid(Project(root)))
    while new:
        operation = new.operation
        yield f"{operation.id}: {operation} calls {new.function}"
        changes = list(_changes(new))
        for verb, name, content in changes:
            workspace.write(root, name, content)
            yield f"  {verb} {name}"
        tests = f"tests/unit/test_{operation.named('_')}.py"
        workspace.tidy(root, [name for verb, name, _ in changes if (verb, name) == (WROTE, tests)])
        new = Addition.next(Project(root))


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
        yield WROTE, name, content
