"""`scripts/new-operation`: gives each operation of the spec that has no function what it needs, and nothing more."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from driftcheck import validity
from driftcheck.finding import CannotRun
from driftcheck.project import Project

from scaffold import files, specification, template
from scaffold.addition import Addition

ARCHITECTURE = "specs/architecture.md"
OBSERVED = "tests/observed.json"
EPILOG = "Write the operation into the spec first: operationId, summary, parameters, body with an example, responses."


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/new-operation", description=__doc__, epilog=EPILOG)
    parser.add_argument("--root", type=Path, default=Path(), help="the project's folder (default: this one)")
    root = parser.parse_args(arguments).root
    try:
        added = list(_added(root))
    except CannotRun as error:
        print(f"new-operation: {error}", file=sys.stderr)
        return 1
    print("\n".join(added) or "new-operation: every operation of the spec has its function")
    return 0


def _added(root: Path) -> Iterator[str]:
    while new := Addition.next(_project(root)):
        yield f"{new.operation.id}: {new.operation} calls {new.function}, which answers 501 until it is written"
        for verb, name, content in list(_changes(new)):  # all of them first: an error leaves every file as it is
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
        subprocess.run(ruff, cwd=root, check=False)  # noqa: S603


def _project(root: Path) -> Project:
    project = Project(root)
    if finding := next(iter(validity.check(project.spec)), None):
        raise CannotRun(str(finding))
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


if __name__ == "__main__":
    sys.exit(main())
