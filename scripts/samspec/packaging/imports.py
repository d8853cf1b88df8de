"""Imports a handler with nothing but its artifact, as Lambda does."""

import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from samspec.packaging.artifact import Function, machine_code
from samspec.sam.account import KEY_ID, REGION, SECRET

# What Lambda's Python runtimes bring: the SDK and what it needs.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
RUNTIME_PACKAGES = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
MACHINES = {"AMD64": "x86_64", "arm64": "aarch64"}  # as Windows and macOS call them
SCRIPT = """
import importlib, sys
sys.path[:] = [{artifact!r}, *sys.path, {runtime!r}]
handler = importlib.import_module({module!r})
if not callable(getattr(handler, {name!r}, None)):
    sys.exit("{module} has no function {name}")
"""


def problem(function: Function, artifact: Path) -> str | None:
    """Why the handler cannot be imported from its artifact; None if it can."""
    module, _, name = function.handler.replace("/", ".").rpartition(".")
    with tempfile.TemporaryDirectory() as runtime:
        _link_runtime_packages(Path(runtime))
        script = SCRIPT.format(artifact=str(artifact), runtime=runtime, module=module, name=name)
        interpreter = function.target.interpreter or sys.executable
        done = subprocess.run(
            [interpreter, "-I", "-S", "-B", "-c", script],
            env=_environment(function),
            cwd=artifact,
            capture_output=True,
            text=True,
            check=False,
        )
    return done.stderr.strip() or None if done.returncode else None


def not_importable_here(function: Function, artifact: Path) -> str | None:
    """Why this machine cannot try the import; None if it can."""
    extensions = list(machine_code(artifact))
    if not extensions:
        return None
    target, machine = function.target, platform.machine()
    here = sys.platform == "linux" and MACHINES.get(machine, machine) == target.machine
    if here and target.interpreter:
        return None
    needed = f"Python {target.python} on Linux, {target.machine}"
    return f"{extensions[0]} is machine code, which needs {needed}"


def _environment(function: Function) -> dict[str, str]:
    own = {name: str(value) for name, value in function.variables.items()}
    credentials = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    files = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    return {"AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION, **credentials, **files, **own}


def _link_runtime_packages(folder: Path) -> None:
    for name in RUNTIME_PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec and spec.origin:
            origin = Path(spec.origin)
            source = origin.parent if origin.name == "__init__.py" else origin
            (folder / source.name).symlink_to(source)
