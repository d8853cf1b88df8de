"""`samspec package`: what a Makefile calls to make a function's artifact, and a check of all.

Without a function, each artifact is built as `sam build` would build it, and its handler is
imported from there in a clean interpreter.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from samspec.packaging import artifact, imports
from samspec.packaging.artifact import Function
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template


def main(arguments: list[str] | None = None) -> int:
    """0: made, or every handler can be imported; 1: one cannot."""
    options = _parser().parse_args(arguments)
    template = Template(options.root / "template.yaml")
    functions = {function.name: function for function in artifact.functions(template)}
    if options.function is None:
        return _check(list(functions.values()))
    if options.folder is None:
        raise ProjectError("name the folder of the artifact, too")
    if options.function not in functions:
        raise ProjectError(f"template.yaml: no Python function {options.function} in a folder")
    function = functions[options.function]
    if options.compile:
        artifact.compile_modules(function, options.folder)
    else:
        artifact.pack(function, options.folder)
    return 0


def _check(functions: list[Function]) -> int:
    with tempfile.TemporaryDirectory(prefix="artifacts-") as folder:

        def outcome(function: Function) -> tuple[str, bool]:
            return _outcome(function, Path(folder, function.name))

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            outcomes = list(pool.map(outcome, functions))
    for line, _ in outcomes:
        print(line)
    return 0 if all(fine for _, fine in outcomes) else 1


def _outcome(function: Function, folder: Path) -> tuple[str, bool]:
    """A line about a function, and whether it is fine."""
    folder.mkdir()
    failure = _build(function, folder)
    if failure:
        return f"{function.name}: its artifact cannot be built:\n{failure}", False
    reason = imports.not_importable_here(function, folder)
    if reason:
        return f"{function.name}: built, but not imported: {reason}", True
    problem = imports.problem(function, folder)
    if problem:
        return f"{function.name}: {function.handler} cannot be imported:\n{problem}", False
    return f"{function.name}: {function.handler} imports from its artifact", True


def _build(function: Function, folder: Path) -> str | None:
    """The errors of the build, if any."""
    makefile = (function.code / "Makefile").resolve()
    if not makefile.is_file():
        artifact.pack(function, folder)
        return None
    if not shutil.which("make"):
        raise ProjectError("make is not installed (Debian: apt install make; macOS: xcode-select)")
    command = ["make", "--silent", "--makefile", str(makefile), f"build-{function.name}"]
    done = subprocess.run(
        command,
        cwd=function.code,
        env=os.environ | {"ARTIFACTS_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip() or done.stdout if done.returncode else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="samspec package", description=__doc__)
    parser.add_argument("function", nargs="?", help="make this function's artifact")
    parser.add_argument("folder", nargs="?", type=Path, help="where: an absolute path")
    parser.add_argument("--compile", action="store_true", help="only compile what is there")
    parser.add_argument("--root", type=Path, default=Path(), help="the project's folder")
    return parser
