"""`scripts/new-operation`: gives each operation of the spec that has no function what it needs, and
nothing more."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from samspec.sam.operations import Operation
from samspec.sam.project import Project
from samspec.scaffold import files, specification, template, workspace
from samspec.scaffold.add_auth_handlers import asks_a_function, takes_rule
from samspec.scaffold.addition import Addition
from samspec.scaffold.caller_tests import CallerTests
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
        before = {operation.id for operation in Project(copy).proxies}
        lines = list(added(copy))
        if lines:
            project = require_valid(Project(copy))  # what was written is valid, too
            lines += _callers(project, [new for new in project.proxies if new.id not in before])
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


def _callers(project: Project, operations: list[Operation]) -> Iterator[str]:
    """Writes the tests of who may call the operations, in a project with such rules; yields lines
    that say what was done."""
    for operation in operations:
        if not takes_rule(project, operation):
            continue
        tests = CallerTests(project, [operation], asks_a_function(project))
        name = f"tests/unit/test_callers_of_{operation.named('_')}.py"
        for file, content in tests.files(name, f" with {operation.id}"):
            workspace.write(project.root, file, content)
            yield f"  {WROTE if file == name else 'extended'} {file}"
        workspace.tidy(project.root, [name])
        yield from (f"note: {note}" for note in tests.notes)


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
