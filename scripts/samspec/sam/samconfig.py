"""What the SAM CLI's own files say of a local run: samconfig.toml and files of --env-vars.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-invoke.html
"""

import json
import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.sam.functions import as_text

FILE = "samconfig.toml"
SETTING = re.compile(r"\w+=")
SEVERAL = re.compile(r"\w+=.*\s\w+=", re.DOTALL)
COMMANDS = ("global", "local_start_api")


@dataclass(frozen=True)
class SamConfig:
    """The settings of `sam local start-api` for one environment."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    region: str = ""
    env_vars: str = ""  # the path of a file

    @classmethod
    def read(cls, folder: Path, environment: str = "default") -> "SamConfig":
        """What the folder's samconfig.toml says; nothing if there is none."""
        stated: dict[str, Any] = {}
        commands = tables(folder).get(environment) or {}
        for command in COMMANDS:
            stated |= (commands.get(command) or {}).get("parameters") or {}
        where = str(folder / FILE)
        parameters = overrides(stated.get("parameter_overrides") or {}, where)
        return cls(parameters, str(stated.get("region", "")), str(stated.get("env_vars", "")))


def tables(folder: Path) -> dict[str, Any]:
    """The folder's samconfig.toml as it is; empty if there is none."""
    file = folder / FILE
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{FILE}: not valid TOML ({error}): fix it first") from None


def overrides(value: Any, where: str) -> dict[str, str]:
    """Parameters in any of the SAM CLI's forms.

    `A=1 B="two words"`, `ParameterKey=A,ParameterValue=1`, a list of either, or a table.
    """
    if isinstance(value, Mapping):
        return {name: _text(item) for name, item in value.items()}
    try:
        words = shlex.split(value) if isinstance(value, str) else _split(map(str, value))
    except ValueError as error:
        raise ProjectError(f"{where}: parameter_overrides: {error}: close the quotes") from None
    parameters = {}
    for word in words:
        name, separator, text = word.partition("=")
        if name == "ParameterKey":
            name, _, text = text.partition(",ParameterValue=")
        if not separator or not name:
            raise ProjectError(
                f"{where}: parameter_overrides: {word!r} is not of the form KEY=VALUE"
            )
        parameters[name] = text
    return parameters


def _split(items: Iterable[str]) -> list[str]:
    """The words of a list, in which an item may hold several: "A=1 B=2", quoted for the shell."""
    words: list[str] = []
    for item in items:
        parts = shlex.split(item) if SEVERAL.match(item) else [item]
        are_settings = all(SETTING.match(part) for part in parts)
        words += parts if are_settings else [item]
    return words


def environments(file: Path) -> dict[str, dict[str, str]]:
    """The variables of a file of --env-vars, by function; those under `Parameters` are for all."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProjectError(f"{file}: {error.strerror}: give the path of a JSON file") from None
    except ValueError as error:
        raise ProjectError(f"{file}: not valid JSON: {error}") from None
    shape = 'it has to be of the form {"FunctionName": {"VARIABLE": "value"}}'
    if not isinstance(content, dict):
        raise ProjectError(f"{file}: {shape}")
    variables = {}
    for name, values in content.items():
        if not isinstance(values, dict):
            raise ProjectError(f"{file}: {name}: {shape}")
        variables[name] = {key: as_text(value) for key, value in values.items()}
    return variables


def _text(value: Any) -> str:
    """A value of a table as one parameter's text: a list is joined by commas."""
    return ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
