"""Makes a function's artifact: everything in its CodeUri and everything in its lock."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samspec.packaging import packages
from samspec.packaging.target import Target
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template

NOT_PACKED = ("Makefile", "requirements*.in", "requirements*.txt", "__pycache__", ".*")
TYPE = "AWS::Serverless::Function"


@dataclass(frozen=True)
class Function:
    """A function of the template; `code` is the folder that its CodeUri names."""

    name: str
    handler: str
    code: Path
    target: Target
    variables: Mapping[str, Any]


def functions(template: Template) -> list[Function]:
    """The Python functions whose code is a folder of the project."""
    functions = []
    for name, properties in template.of_type(TYPE).items():
        code = template.path.parent / str(properties.get("CodeUri", "."))
        if code.is_dir() and str(properties.get("Runtime")).startswith("python"):
            variables = (properties.get("Environment") or {}).get("Variables") or {}
            target = Target.of(name, properties)
            functions.append(Function(name, str(properties["Handler"]), code, target, variables))
    return functions


def pack(function: Function, folder: Path) -> None:
    """Copies modules and locked packages into `folder`; raises ProjectError if two have one
    name.
    """
    own = shutil.ignore_patterns(*NOT_PACKED)
    shutil.copytree(function.code, folder, ignore=own, dirs_exist_ok=True)
    installed = packages.installed(function.code, function.target)
    if installed is None:
        return
    for entry in sorted(installed.iterdir()):
        if (folder / entry.name).exists():
            raise ProjectError(
                f"{function.code.name}/{entry.name} has the name of a package that "
                f"{function.code.name}/requirements.txt installs: rename it"
            )
        copy = shutil.copytree if entry.is_dir() else shutil.copy2
        copy(entry, folder / entry.name)


def compile_modules(function: Function, folder: Path) -> None:
    """Compiles the modules for Lambda's Python, which cannot write into its /var/task.

    Without that version here the artifact is complete, but each cold start compiles again.
    """
    interpreter = function.target.interpreter
    if interpreter is None:
        print(
            f"{function.name}: no Python {function.target.python} here, so its modules are not "
            "compiled: cold starts take longer",
            file=sys.stderr,
        )
        return
    command = [interpreter, "-m", "compileall", "-q", "-f", "--invalidation-mode=unchecked-hash"]
    command += ["-s", str(folder), "-p", "/var/task", str(folder)]
    subprocess.run(command, check=False)  # a module for another version may not compile


def machine_code(folder: Path) -> Iterator[str]:
    """The names of extension modules, which only their own platform can import."""
    for path in sorted(folder.rglob("*.so")):
        yield str(path.relative_to(folder))
