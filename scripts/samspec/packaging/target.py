"""The Lambda environment that an artifact is for."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from samspec.sam.errors import ProjectError

MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# The oldest glibc of Lambda's images: Amazon Linux 2 up to python3.11, Amazon Linux 2023 since.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
AL2_GLIBC, AL2023_GLIBC = 26, 34
LAST_ON_AL2 = 11
OLDEST_GLIBC = 17  # manylinux2014, the oldest that current packages are built for


@dataclass(frozen=True)
class Target:
    """A version of Python such as 3.11, and a machine such as aarch64."""

    python: str
    machine: str

    @classmethod
    def of(cls, name: str, properties: Mapping[str, Any]) -> "Target":
        """The target of a function of the template; raises ProjectError if it is not Python."""
        runtime = str(properties.get("Runtime"))
        python = runtime.removeprefix("python")
        if python == runtime:
            raise ProjectError(f"template.yaml: {name} runs on {runtime}, which is not Python")
        architecture = (properties.get("Architectures") or ["x86_64"])[0]
        if architecture not in MACHINES:
            choices = " or ".join(MACHINES)
            raise ProjectError(f"template.yaml: {name} is for {architecture}: write {choices}")
        return cls(python, MACHINES[architecture])

    @property
    def platforms(self) -> list[str]:
        """The wheel platforms that run there, the newest first (PEP 600)."""
        minor = int(self.python.partition(".")[2])
        newest = AL2_GLIBC if minor <= LAST_ON_AL2 else AL2023_GLIBC
        modern = [f"manylinux_2_{n}" for n in range(newest, OLDEST_GLIBC - 1, -1)]
        return [f"{name}_{self.machine}" for name in [*modern, "manylinux2014"]]

    @property
    def markers(self) -> dict[str, str]:
        """The values of environment markers there (PEP 508)."""
        return {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }

    @property
    def interpreter(self) -> str | None:
        """A command that runs this version of Python here, if there is one."""
        if sys.version.startswith(f"{self.python}."):
            return sys.executable
        return _installed(f"python{self.python}", self.python)


@cache
def _installed(command: str, version: str) -> str | None:
    """A shim may be there without the interpreter: only one that runs counts."""
    try:
        done = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return command if done.stdout.startswith(f"Python {version}.") else None
