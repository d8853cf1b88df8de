"""The locked packages of the functions, as Lambda's platform needs them, from any machine."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from samspec.packaging.target import Target
from samspec.sam.errors import ProjectError

LOCK = "requirements.txt"
WANTED = "requirements.in"
CONTINUED = re.compile(r"\\\s*\n")
PIP = [
    *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
    *("--no-deps", "--no-compile", "--only-binary=:all:", "--implementation=cp"),
]


def installed(code: Path, target: Target) -> Path | None:
    """A folder with the packages that the lock in `code` pins; None without a lock.

    It is made once per lock and target, in the user's cache.
    """
    lock = code / LOCK
    if not lock.is_file():
        return None
    requirements = _requirements(lock)
    _refuse_unlocked(code, requirements)
    needed = [line for line, requirement in requirements.items() if _applies(requirement, target)]
    text = "".join(f"{line}\n" for line in needed)
    key = hashlib.sha256(f"{target}\n{text}".encode()).hexdigest()[:24]
    folder = _cache() / f"python{target.python}-{target.machine}-{key}"
    if not folder.is_dir():
        _install(text, target, folder)
    return folder


def _requirements(lock: Path) -> dict[str, Requirement]:
    """The requirements of a lock by their lines, hashes included."""
    requirements = {}
    for line in CONTINUED.sub(" ", lock.read_text(encoding="utf-8")).splitlines():
        pinned = line.partition(" --hash")[0].partition(" #")[0].strip()
        if not pinned or pinned.startswith(("#", "-")):
            continue
        try:
            requirements[line] = Requirement(pinned)
        except InvalidRequirement as error:
            raise ProjectError(f"{lock}: {pinned}: {error}") from None
    return requirements


def _refuse_unlocked(code: Path, requirements: dict[str, Requirement]) -> None:
    wanted = code / WANTED
    if not wanted.is_file():
        return
    pinned = {canonicalize_name(requirement.name) for requirement in requirements.values()}
    for requirement in _requirements(wanted).values():
        if canonicalize_name(requirement.name) not in pinned:
            raise ProjectError(
                f"{code.name}/{WANTED} asks for {requirement.name}, which {code.name}/{LOCK} "
                "does not pin: run scripts/lock"
            )


def _applies(requirement: Requirement, target: Target) -> bool:
    marker = requirement.marker
    return marker is None or marker.evaluate(dict(target.markers))


def _install(requirements: str, target: Target, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        lock, new = Path(temporary, LOCK), Path(temporary, "packages")
        lock.write_text(requirements, encoding="utf-8")
        new.mkdir()
        command = [sys.executable, *PIP, f"--python-version={target.python}"]
        command += [f"--platform={platform}" for platform in target.platforms]
        if "--hash" in requirements:
            command.append("--require-hashes")
        command += ["--target", str(new), "--requirement", str(lock)]
        if requirements:
            _run(command, target)
        for scripts in new.glob("bin"):
            shutil.rmtree(scripts)  # console scripts name this machine's interpreter
        try:
            new.rename(folder)
        except OSError:  # another build was faster
            if not folder.is_dir():
                raise


def _run(command: list[str], target: Target) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProjectError(
            f"pip cannot install the functions' packages for Python {target.python} on Linux, "
            f"{target.machine}; each needs a wheel for it, and this machine the network:\n"
            + done.stderr.strip()
        )


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "samspec", "packages")
