"""Reads YAML with CloudFormation's tags: `!Sub x` becomes `{"Fn::Sub": x}`."""

from pathlib import Path
from typing import Any

import yaml

from gateway.errors import ProjectError


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The C loader, where PyYAML was built with it, plus CloudFormation's short tags."""


def _short_tag(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    value: Any
    if isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    return {name: value}


Loader.add_multi_constructor("!", _short_tag)
# A date in an example is a string on the wire, so it stays one.
Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_yaml_str)


def read(path: Path) -> dict[str, Any]:
    """The mapping that the YAML (or JSON) file at `path` holds, or a ProjectError that says what is wrong."""
    try:
        content = yaml.load(path.read_bytes(), Loader)  # noqa: S506 (a subclass of the safe loader)
    except OSError as error:
        raise ProjectError(f"{path}: {error.strerror or error}: give the path of an existing file") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise ProjectError(f"{path}:{line}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(content, dict):
        raise ProjectError(f"{path}: expected a mapping, found {type(content).__name__}")
    return content
