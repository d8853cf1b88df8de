"""The handlers' part of `samspec add-auth`: who may act on which resource, and the tests of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.sam.operations import Operation
from samspec.sam.project import Project
from samspec.scaffold.add_auth_spec import LAMBDA, Guarded, collection_of

CONVENTION = "handlers/api/operation.py"  # projects without it have their own way with callers
ACCESS = "handlers/api/access.py"
PROVABLE = ("email", "phone_number")  # claims of OpenID Connect that come with a `_verified`
OPERATION = '@operation("{}")'
KEY = "Idempotency-Key"


@dataclass(frozen=True)
class Rule:
    """Who may call an operation: the name of a function of access.py, and what it is called
    with."""

    name: str
    arguments: tuple[str, ...] = ()

    @property
    def decorator(self) -> str:
        if self.name == "administrators":
            return "@administrators"
        return f"@{self.name}({', '.join(repr(text) for text in self.arguments)})".replace("'", '"')


def rule(project: Project, operation: Operation) -> Rule:
    """The rule for an operation by the form of its path; administrators only, if none fits."""
    segments = operation.path.strip("/").split("/")
    proven = _provable(project, operation)
    if len(segments) > 1 and segments[1].startswith("{"):
        return Rule("own", (segments[1].strip("{}+"), *proven))
    if creates(operation) and takes_keys(project, operation):
        return Rule("creates_own", proven)
    return Rule("administrators")


def creates(operation: Operation) -> bool:
    """Whether the operation may create what is a caller's own, by the form of its path."""
    return operation.method == "POST" and operation.path.strip("/").count("/") == 0


def takes_keys(project: Project, operation: Operation) -> bool:
    """Whether a key can make the id of what is created, so that each caller creates it once."""
    names = [str(parameter.get("name")) for parameter in project.parameters(operation)]
    return KEY.lower() in [name.lower() for name in names]


def guarded_file(project: Project, operation: Operation) -> tuple[str, str]:
    """The name of the operation's entry file, and its text with the rule in it.

    Raises a ProjectError if the file is not of the form that the rule fits into.
    """
    name = _file(project, operation)
    text = project.text(name)
    decorated = OPERATION.format(operation.id)
    if f"{decorated}\ndef " not in text or "from api." not in text:
        raise ProjectError(
            f"{name}: it has no {decorated} right above its handler: write the file in the form of "
            "the other entry points first"
        )
    return name, guarded_text(text, operation.id, rule(project, operation))


def guarded_text(text: str, id: str, chosen: Rule) -> str:
    """The text of an entry file with the rule above its handler."""
    decorated = OPERATION.format(id)
    text = text.replace(decorated, f"{decorated}\n{chosen.decorator}", 1)
    at = text.index("from api.")
    return text[:at] + f"from api.access import {chosen.name}\n" + text[at:]


def has_rules(project: Project) -> bool:
    """Whether the handlers have rules of who may call them."""
    return (project.root / ACCESS).is_file()


def takes_rule(project: Project, operation: Operation) -> bool:
    """Whether a rule says who may call it: `security: []` opens an operation to all."""
    return operation.node.get("security") != [] and has_rules(project)


def asks_a_function(project: Project) -> bool:
    """Whether a Lambda authorizer of add-auth's checks the tokens, and their scopes."""
    schemes = (project.spec.data.get("components") or {}).get("securitySchemes") or {}
    return LAMBDA.name in schemes


def access_names(guarded: list[Guarded]) -> Mapping[str, str]:
    """What stands for the placeholders in the files of handlers and tests."""
    collections = sorted({collection_of(operation.path) for operation in guarded})
    users = [f'"{name}/{action}"' for name in collections for action in ("read", "write")]
    allowed = [line for name in collections for line in _allowed(name)]
    administrators = [f'"{name}/admin"' for name in collections]
    return {
        "@USER_SCOPES@": ", ".join(users),
        "@ADMIN_SCOPES@": ", ".join(administrators),
        "@ALLOWED@": "\n".join(allowed),
        "@COLLECTION_NAME@": collections[0],
    }


def _allowed(collection: str) -> list[str]:
    """What the scopes of a collection allow, as lines of a dictionary."""
    places = (collection, f"{collection}/*")
    rows = {"read": ("GET",), "write": ("POST", "PUT", "PATCH", "DELETE"), "admin": ("*",)}
    lines = []
    for action, methods in rows.items():
        patterns = [f"{method}/{place}" for method in methods for place in places]
        lines.append(f'    "{collection}/{action}": {json.dumps(patterns)},')
    return lines


def filled(file: Path, names: Mapping[str, str]) -> str:
    """The text of a file with its placeholders replaced."""
    text = file.read_text(encoding="utf-8")
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def _file(project: Project, operation: Operation) -> str:
    function = project.functions.get(str(operation.target[0]))
    properties = function.properties if function else {}
    module = str(properties.get("Handler", "")).rpartition(".")[0].replace(".", "/")
    folder = str(properties.get("CodeUri") or ".").strip("/")
    return f"{folder}/{module}.py"


def _provable(project: Project, operation: Operation) -> tuple[str, ...]:
    schema: Any = project.resolve(project.body_schema(operation) or {})
    properties = schema.get("properties") or {}
    return tuple(name for name in PROVABLE if name in properties)
