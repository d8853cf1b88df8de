"""The Python that a function's Runtime names, where it is installed."""

import functools
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

VERSION = re.compile(r"python(\d+)\.(\d+)$")
ASK = "import sys; print(sys.version_info[0], sys.version_info[1], sys.executable)"
# Where version managers keep what is not on the PATH.
MANAGED = (
    "~/.pyenv/versions/{version}.*/bin/python{version}",
    "~/.local/share/uv/python/cpython-{version}*/bin/python{version}",
    "~/.local/share/mise/installs/python/{version}*/bin/python{version}",
    "/opt/homebrew/opt/python@{version}/bin/python{version}",
)


@dataclass(frozen=True)
class Interpreter:
    """A Python, and whether it is the one that was asked for."""

    path: Path
    version: tuple[int, int]
    exact: bool = True

    @property
    def name(self) -> str:
        """As in `python3.12`."""
        return f"python{self.version[0]}.{self.version[1]}"


def of_runtime(runtime: str) -> Interpreter:
    """The interpreter for `python3.12` and its like, or else the one that this process runs on."""
    match = VERSION.match(runtime)
    own = Interpreter(Path(_own_executable()), (sys.version_info[0], sys.version_info[1]))
    if not match:
        return own
    wanted = int(match[1]), int(match[2])
    if wanted == own.version:
        return own
    return installed(wanted) or Interpreter(own.path, own.version, exact=False)


@functools.cache
def installed(version: tuple[int, int]) -> Interpreter | None:
    """An interpreter of that version on this machine, None where there is none that works."""
    name = f"{version[0]}.{version[1]}"
    on_path = shutil.which(f"python{name}")
    candidates = [on_path] if on_path else []
    for pattern in MANAGED:
        path = Path(pattern.format(version=name)).expanduser()
        candidates += map(str, sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))))
    for candidate in candidates:
        if real := _real_path(candidate, version):
            return Interpreter(real, version)
    return None


def _real_path(candidate: str, version: tuple[int, int]) -> Path | None:
    """Where the interpreter is; a version manager's stand-in on the PATH may lead nowhere."""
    command = [candidate, "-I", "-S", "-c", ASK]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor, path = done.stdout.strip().split(" ", 2)
    return Path(path) if (int(major), int(minor)) == version else None


def _own_executable() -> str:
    """The interpreter itself: a virtual environment's would bring its packages."""
    base = getattr(sys, "_base_executable", None)
    return base if base and os.access(base, os.X_OK) else sys.executable
