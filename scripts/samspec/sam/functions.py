"""What a Lambda function is: its code, its handler and its settings, as a template says."""

import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.sam.once import once

HANDLER = re.compile(r"[\w./-]+\.\w+")


@dataclass(frozen=True)
class LambdaFunction:
    """A function of the template, with every intrinsic function resolved.

    A runtime needs nothing else to run it. Where `gap` is not empty the function cannot run
    locally, and `gap` says why and what to do.
    """

    name: str  # the logical id
    physical_name: str  # what Lambda calls it
    arn: str
    region: str
    runtime: str  # "python3.12"; empty for an image
    handler: str  # as the template has it: "app.lambda_handler", "src/app.lambda_handler"
    code: Path  # the folder that is /var/task
    layers: tuple[Path, ...]  # the folders that are merged into /opt, the last one wins
    environment: Mapping[str, str]  # the template's own variables, no AWS_* among them
    timeout: float  # seconds
    memory: int  # MB
    logging: Mapping[str, str]  # LogFormat, ApplicationLogLevel, LogGroup: what is stated
    gap: str = ""


def code_folder(location: Path, name: str) -> Path:
    """The folder with the code at `location`: itself, or what a zip file there holds.

    Raises a ProjectError where there is neither.
    """
    if location.is_dir():
        return location
    if location.suffix == ".py" and location.is_file():
        return location.parent  # `sam package` packs the one file
    if location.suffix in (".zip", ".whl") and location.is_file():
        return _unpacked(location, location.stat().st_mtime_ns, name)
    raise ProjectError(
        f"{name}: {location} is neither a folder nor a zip file: "
        "correct its path in the template, or build it first (sam build)"
    )


@once
def inline_folder(source: str) -> Path:
    """A folder with `source` as its index.py, where Lambda puts a ZipFile's text.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-lambda-function-code.html
    """
    folder = _scratch() / sha256(source.encode()).hexdigest()[:16]
    folder.mkdir()
    (folder / "index.py").write_text(source, encoding="utf-8")
    return folder


@once
def _unpacked(archive: Path, changed: int, name: str) -> Path:
    folder = Path(tempfile.mkdtemp(dir=_scratch()))
    try:
        with zipfile.ZipFile(archive) as content:
            content.extractall(folder)
    except (OSError, zipfile.BadZipFile) as error:
        raise ProjectError(f"{name}: {archive} cannot be unpacked: {error}") from None
    return folder


def _scratch() -> Path:
    return Path(_scratch_folder().name)


@once
def _scratch_folder() -> "tempfile.TemporaryDirectory[str]":
    """One for the process, removed at its end."""
    return tempfile.TemporaryDirectory(prefix="samspec-")


def text_values(variables: Mapping[str, Any]) -> dict[str, str]:
    """Environment variables as CloudFormation writes them: `true`, not `True`."""
    return {as_text(name): as_text(value) for name, value in variables.items()}


def as_text(value: Any) -> str:
    """A scalar of a template as CloudFormation makes text of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
