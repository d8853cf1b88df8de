"""Reads YAML with CloudFormation's tags: `!Sub x` becomes `{"Fn::Sub": x}`."""

from pathlib import Path
from typing import Any

import yaml

from gateway.errors import ProjectError


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The C loader, where PyYAML was built with it, plus CloudFormation's short tags."""


def _short_tag(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    kind = type(node).__name__.removesuffix("Node").lower()
    construct = getattr(loader, f"construct_{kind}")
    value = construct(node) if kind == "scalar" else construct(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_tag)
# A date in an example is a string on the wire, so it stays one.
Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_yaml_str)


def read(path: Path) -> dict[str, Any]:
    """The mapping that the YAML (or JSON) file at `path` holds, or a ProjectError that says what is wrong."""
    try:
        content = yaml.load(path.read_bytes(), Loader)  # noqa: S506 (a subclass of the safe loader)
    except OSError as error:
        raise ProjectError(f"{path}: {error.strerror}: give the path of an existing file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ProjectError(f"{path}{f':{mark.line + 1}' if mark else ''}: not valid YAML: {said}") from None
    if not isinstance(content, dict):
        raise ProjectError(f"{path}: expected a mapping, found {type(content).__name__}")
    return content
