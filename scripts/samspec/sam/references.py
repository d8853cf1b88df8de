"""What an API definition refers to: its own parts by `$ref`, functions by an integration's uri."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from samspec.sam.documents import is_data, nodes
from samspec.sam.errors import ProjectError

NAME = r"[\w-]+"
PUBLISHED = "AutoPublishAlias"  # the qualifier of `${Function.Alias}`: whatever SAM publishes
PSEUDO = re.compile(r"\$\{AWS::(\w+)\}")
# Invocations of a function by its ARN, as a REST API has them (also those that stream), the ARN
# by itself, as an HTTP API may have it, or either with a resource of the template in its place.
TARGET = re.compile(
    rf"(?:^|/functions/)(?:\$\{{(?P<resource>\w+)(?P<attribute>\.(?:Arn|Alias))\}}"
    rf"|arn:[^:]+:lambda:[^:]*:[^:]*:function:(?:\$\{{(?P<ref>\w+)\}}|(?P<name>{NAME})))"
    rf"(?::(?P<qualifier>{NAME}|\$LATEST|\$\{{[\w.]+\}}))?(?:/(?:response-streaming-)?invocations)?$"
)


def resolve(document: Mapping[str, Any], node: Any) -> Any:
    """What a local `$ref` refers to, or the node itself.

    Raises a ProjectError for a `$ref` that points nowhere, outside the document or at itself.
    """
    seen: list[str] = []
    while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
        reference = node["$ref"]
        if reference in seen:
            raise ProjectError(f"the $ref {reference} in the API definition points at itself")
        seen.append(reference)
        node = _pointed_at(document, reference)
    return node


def unresolved(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with the document's references, each once."""
    faults = set()
    for at, node in nodes(document):
        if not isinstance(node, Mapping) or "$ref" not in node or is_data(at):
            continue
        try:
            resolve(document, node)
        except ProjectError as error:
            faults.add(str(error))
    return sorted(faults)


def steps(reference: str) -> list[str]:
    """The keys of a local `$ref`: ["components", "schemas", "User"]."""
    parts = reference.split("/")[1:]
    return [unquote(part).replace("~1", "/").replace("~0", "~") for part in parts]


def _pointed_at(document: Mapping[str, Any], reference: str) -> Any:
    if not reference.startswith("#"):
        raise ProjectError(
            f"the $ref {reference} in the API definition is not local: "
            "API Gateway takes references within the document only (#/components/...)"
        )
    value: Any = document
    for step in steps(reference):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            message = f"the $ref {reference} in the API definition points nowhere"
            raise ProjectError(message) from None
    return value


def target(uri: Any) -> tuple[str | None, str | None]:
    """The function that an integration's uri calls, and its alias or version.

    The function is a logical id where the uri has intrinsic functions, and else Lambda's name for
    it. The alias is PUBLISHED where the uri leaves it to SAM. Both are None where the uri calls
    no function.
    """
    match = TARGET.search(PSEUDO.sub(r"\1", flat(uri)))
    if match is None:
        return None, None
    name = match["resource"] or match["ref"] or match["name"]
    if match["attribute"] == ".Alias":
        return name, PUBLISHED
    return name, match["qualifier"]


def flat(value: Any) -> str:
    """A text with intrinsic functions, written as Fn::Sub writes it: `...${Function.Arn}...`."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return str(value)
    [(name, argument)] = value.items()
    if name == "Ref":
        return f"${{{argument}}}"
    if name == "Fn::GetAtt":
        dotted = argument if isinstance(argument, str) else ".".join(map(str, argument))
        return f"${{{dotted}}}"
    if name == "Fn::Join":
        return str(argument[0]).join(flat(part) for part in argument[1])
    if name == "Fn::Sub" and isinstance(argument, list):
        return _substituted(str(argument[0]), argument[1])
    return str(argument) if name == "Fn::Sub" else str(value)


def _substituted(text: str, local: Mapping[str, Any]) -> str:
    for name, value in local.items():
        text = text.replace(f"${{{name}}}", flat(value))
    return text
