"""What is packed with the functions is the definition itself, and is built for their runtime."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from samspec.drift.application import Application
from samspec.drift.functions import claimed
from samspec.sam.finding import Finding

PYTHON = re.compile(r"^PYTHON\s*[?:]?=\s*(python3\.\d+)\s*$", re.MULTILINE)
PINNED = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*==\s*([^\s;\\]+)", re.MULTILINE
)
WANTED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*([^;#\n]*)", re.MULTILINE)


def check(application: Application) -> Iterator[Finding]:
    """Every folder of code: the packed definition, the Makefile, the lock."""
    folders = {item.folder for item in application.functions.values() if item.folder}
    for folder in sorted(folders):
        yield from _definition(application, folder)
        yield from _makefile(application, folder)
        yield from _lock(application, folder)


def _definition(application: Application, folder: str) -> Iterator[Finding]:
    """A definition in the code's folder is a link to the one that API Gateway gets."""
    required = application.conventions.require_packaged_definition
    for api in application.definitions:
        if api.mounts[0].at or not api.included:
            continue
        source = Path(api.document.name)
        if source.parent == Path(folder):
            continue
        link = Path(folder) / source.name
        path = application.root / link
        target = os.path.relpath(application.root / source, application.root / folder)
        is_there = path.is_symlink() or path.exists()
        if required is False or not (is_there or _expects(application, folder, source.name)):
            continue
        if not path.is_symlink():
            reason = "a copy goes stale" if is_there else "the functions read it"
            yield Finding(
                str(link),
                1,
                f"it is not a symbolic link to the definition, and {reason}",
                f"ln -sf {target} {link}",
                "packaged-definition",
            )
        elif str(path.readlink()) != target:
            yield Finding(
                str(link),
                1,
                f"it points to {path.readlink()}, not to the definition",
                f"ln -sf {target} {link}",
                "packaged-definition",
            )


def _expects(application: Application, folder: str, name: str) -> bool:
    """Whether the code in a folder names the definition's file."""
    if application.conventions.require_packaged_definition is True:
        return True
    functions = [item for item in application.functions.values() if item.folder == folder]
    if any(claimed(application, function) for function in functions):
        return True  # its handlers name operations, which they look up in the definition
    return name in application.source(folder)


def _makefile(application: Application, folder: str) -> Iterator[Finding]:
    """Compiled modules serve one version of Python."""
    name = f"{folder}/Makefile".removeprefix("./")
    content = application.text(name) if application.exists(name) else ""
    runtimes = {item.runtime for item in application.functions.values() if item.folder == folder}
    match = PYTHON.search(content)
    if match and runtimes != {match[1]}:
        line = content.count("\n", 0, match.start()) + 1
        yield Finding(
            name,
            line,
            f"it compiles for {match[1]}, and the functions run on {', '.join(sorted(runtimes))}",
            "make PYTHON and the template's Runtime the same version",
            "build-runtime",
        )


def _lock(application: Application, folder: str) -> Iterator[Finding]:
    """requirements.txt locks what requirements.in asks for."""
    source, lock = f"{folder}/requirements.in", f"{folder}/requirements.txt"
    source, lock = source.removeprefix("./"), lock.removeprefix("./")
    if not (application.exists(source) and application.exists(lock)):
        return
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    pinned = {_normal(name): version for name, version in PINNED.findall(application.text(lock))}
    content = application.text(source)
    for match in WANTED.finditer(content):
        name, wanted = match[1], match[2].strip()
        line = content.count("\n", 0, match.start()) + 1
        version = pinned.get(_normal(name))
        if version is None:
            message = f"{name} is not in {lock}"
        else:
            try:
                if SpecifierSet(wanted).contains(version, prereleases=True):
                    continue
            except InvalidSpecifier:
                continue
            message = f"{name} {wanted} is locked as {version} in {lock}"
        yield Finding(source, line, message, "lock again: scripts/lock", "lock-stale")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
