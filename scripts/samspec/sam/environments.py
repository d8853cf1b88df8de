"""The environments of samconfig.toml: the one place that says which there are.

A section of samconfig.toml is an environment: a stack, its region and its parameters. SAM's own
section `default`, which plain `sam deploy` takes, has the name that its parameter Environment says.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.sam.samconfig import FILE, overrides, tables

KIND = "Environment"  # the parameter that chooses an environment's settings


@dataclass(frozen=True)
class Environment:
    """`section` is what `sam --config-env` takes."""

    name: str
    section: str
    stack: str
    region: str
    parameters: Mapping[str, str]


def read(root: Path) -> dict[str, Environment]:
    """The environments by name, in the file's order."""
    sections = tables(root)
    if not sections:
        raise ProjectError(f"{FILE}: it is missing or empty: it says which environments there are")
    environments = {}
    for section, commands in sections.items():
        if isinstance(commands, dict):
            environment = _environment(section, commands)
            environments[environment.name] = environment
    return environments


def named(root: Path, name: str) -> Environment:
    """The environment of that name, or of that section."""
    environments = read(root)
    for environment in environments.values():
        if name in (environment.name, environment.section):
            return environment
    raise ProjectError(
        f"samconfig.toml has no environment {name!r}; it has: {', '.join(environments) or 'none'}"
    )


def _environment(section: str, commands: Mapping[str, Any]) -> Environment:
    """Settings of [section.deploy.parameters] win over those of [section.global.parameters]."""
    settings: dict[str, Any] = {}
    for command in ("global", "deploy"):
        settings |= (commands.get(command) or {}).get("parameters") or {}
    parameters = overrides(settings.get("parameter_overrides") or {}, FILE)
    name = parameters.get(KIND, section) if section == "default" else section
    if "stack_name" not in settings:
        raise ProjectError(f"samconfig.toml: [{section}.global.parameters] has no stack_name")
    region = settings.get("region") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise ProjectError(f"samconfig.toml: [{section}.global.parameters] has no region")
    return Environment(name, section, str(settings["stack_name"]), str(region), parameters)
