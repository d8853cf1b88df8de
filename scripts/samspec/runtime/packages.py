"""The packages that a function sees: its own, its layers', and those of Lambda's runtime."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from samspec.runtime.interpreters import Interpreter
from samspec.sam.errors import ProjectError
from samspec.sam.functions import LambdaFunction
from samspec.sam.once import once

# What Lambda's Python runtimes bring:
# https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
IN_RUNTIME = (
    "boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3",
    "awslambdaric", "simplejson", "snapshot-restore-py",
)  # fmt: skip
REQUIREMENTS = "requirements.txt"
PINNED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^\s;\\]+)")
INCLUDED = re.compile(r"(?:-r|--requirement)[\s=]+(\S+)")
NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Paths:
    """Folders of `sys.path`, in order: `before` Python's own, and `after`."""

    before: tuple[Path, ...]
    after: tuple[Path, ...]


def paths(
    function: LambdaFunction, interpreter: Interpreter, local: tuple[str, ...], say: Say
) -> Paths:
    """Where the function's modules are; installs packages where they are nowhere yet.

    `local` names packages of this process that it may import besides; `say` is told of an
    installation as it begins. Raises a ProjectError where it fails.
    """
    layers: list[Path] = []
    for layer in reversed(function.layers):  # the last one is on top of the others
        layers.append(layer / "python" / "lib" / interpreter.name / "site-packages")
        layers.append(layer / "python")
    own = _own_packages(function, interpreter, layers, say)
    return Paths((function.code, *layers, *own), (runtime_folder(local),))


def _own_packages(
    function: LambdaFunction, interpreter: Interpreter, layers: list[Path], say: Say
) -> list[Path]:
    """Folders with what the function's requirements.txt asks for, besides those with its code."""
    file = function.code / REQUIREMENTS
    if not file.is_file():
        return []
    text = requirements(file)
    names = set(required(text))
    if not names or names <= set(_present(function.code, *layers)) | set(IN_RUNTIME):
        return []
    built = _built(function, file)
    if built and names <= set(_present(built, *layers)) | set(IN_RUNTIME):
        return [built]
    linked = _linked(text, interpreter)
    return [linked or _cached(text, function, interpreter, say)]


def requirements(file: Path, including: tuple[Path, ...] = ()) -> str:
    """The text of a requirements file, with that of the files that it includes."""
    if not file.is_file() or file.resolve() in including:
        return ""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        match = INCLUDED.match(line)
        included = file.parent / match[1] if match else None
        text = requirements(included, (*including, file.resolve())) if included else line
        lines.append(text)
    return "\n".join(lines)


def required(text: str) -> Iterator[str]:
    """The normalised names of the packages in a requirements file."""
    for line in text.splitlines():
        match = NAMED.match(line.strip())
        if match:
            yield normal(match[0])


def normal(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _present(*folders: Path) -> Iterator[str]:
    """The names of the packages that are installed in the folders."""
    for folder in folders:
        for information in folder.glob("*.dist-info"):
            yield normal(information.name.removesuffix(".dist-info").rsplit("-", 1)[0])


def _built(function: LambdaFunction, requirements: Path) -> Path | None:
    """What `sam build` has made of the function, where that is newer than its requirements."""
    for folder in (function.code, *function.code.parents):
        built = folder / ".aws-sam" / "build"
        if (built / "template.yaml").is_file():
            artifact = built / function.name
            return artifact if _is_newer(artifact, requirements) else None
    return None


def _is_newer(artifact: Path, requirements: Path) -> bool:
    return artifact.is_dir() and artifact.stat().st_mtime >= requirements.stat().st_mtime


def _cached(text: str, function: LambdaFunction, interpreter: Interpreter, say: Say) -> Path:
    """The folder in the cache with the packages of a requirements file, made if need be."""
    key = f"{interpreter.name} {sysconfig.get_platform()}\n{text}"
    folder = cache_folder() / "packages" / hashlib.sha256(key.encode()).hexdigest()[:24]
    with _making(folder):
        if not folder.is_dir():
            _make(folder, function, interpreter, say)
    return folder


@once
def _making(folder: Path) -> threading.Lock:
    """One at a time for each folder: functions of one CodeUri share it."""
    return threading.Lock()


def _make(folder: Path, function: LambdaFunction, interpreter: Interpreter, say: Say) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        say(f"installing the packages of {function.code.name}/{REQUIREMENTS}, once")
        _install(scratch, function, interpreter)
        scratch.rename(folder)
    except OSError:
        if not folder.is_dir():  # otherwise another process was faster
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _install(folder: Path, function: LambdaFunction, interpreter: Interpreter) -> None:
    command = [*_pip(interpreter), "--disable-pip-version-check", "install"]
    command += ["--quiet", "--no-input", "--target", str(folder), "--requirement", REQUIREMENTS]
    done = subprocess.run(command, cwd=function.code, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["pip failed"]
        raise ProjectError(
            f"{function.name}: the packages of {function.code / REQUIREMENTS} cannot be "
            f"installed: {lines[-1]}: correct the file, or run sam build"
        )


@once
def _pip(interpreter: Interpreter) -> tuple[str, ...]:
    """The interpreter's own pip: this process's may be too new for it. Else this process's."""
    own = str(interpreter.path), "-I", "-m", "pip"
    is_there = subprocess.run([*own, "--version"], capture_output=True, check=False)
    if is_there.returncode == 0:
        return own
    return sys.executable, "-m", "pip", "--python", str(interpreter.path)


def _linked(text: str, interpreter: Interpreter) -> Path | None:
    """A folder with links, where all packages are here in the very versions that are pinned.

    A lock of the project's own tools often has them: nothing needs to be downloaded then.
    """
    if interpreter.version != sys.version_info[:2]:
        return None
    return _links(text)


@once
def _links(text: str) -> Path | None:
    pins = {normal(match["name"]): match["version"] for match in PINNED.finditer(text)}
    if set(required(text)) - set(pins):
        return None
    distributions = []
    for name, version in pins.items():
        package = _installed(name, version)
        if package is None:
            return None
        distributions.append(package)
    folder = Path(tempfile.mkdtemp(dir=_scratch().name))
    for package in distributions:
        _link(package, folder)
    return folder


def _installed(name: str, version: str) -> Distribution | None:
    try:
        package = distribution(name)
    except PackageNotFoundError:
        return None
    return package if package.version == version else None


def _link(package: Distribution, folder: Path) -> None:
    """Link a package's top-level files and folders, its metadata included."""
    tops = set()
    for file in package.files or ():
        if file.parts[0] not in ("..", "__pycache__"):
            tops.add(file.parts[0])
    for top in tops:
        link = folder / top
        if not link.exists():
            link.symlink_to(Path(str(package.locate_file(top))).resolve())


@once
def runtime_folder(local: tuple[str, ...]) -> Path:
    """A folder with links to packages of this environment: Lambda's runtime's, and `local`."""
    folder = Path(tempfile.mkdtemp(dir=_scratch().name))
    for name in (*IN_RUNTIME, *local):
        try:
            _link(distribution(name), folder)
        except PackageNotFoundError:
            continue
    return folder


@once
def _scratch() -> "tempfile.TemporaryDirectory[str]":
    """One for the process, removed at its end."""
    return tempfile.TemporaryDirectory(prefix="samspec-packages-")


def cache_folder() -> Path:
    """Where installed packages and compiled modules are kept from one run to the next."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "samspec"
