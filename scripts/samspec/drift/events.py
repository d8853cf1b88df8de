"""Check 7: every operation has a proxy event in events/, and each event fits its operation."""

import json
import re
from collections.abc import Iterator
from typing import Any

from samspec.drift.examples import broken
from samspec.sam.documents import Keys
from samspec.sam.errors import ProjectError
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.project import Project

FOLDER = "events"
INVALID = "invalid"  # the body of create_user.invalid-name.json breaks the spec, as it says
Fault = tuple[Keys, str, str]


def check(project: Project) -> Iterator[Finding]:
    operations = {operation.named("_"): operation for operation in project.proxies}
    files = {
        name: name.removeprefix(f"{FOLDER}/").split(".")
        for name in project.files(f"{FOLDER}/*.json")
    }
    for key, operation in operations.items():
        if f"{FOLDER}/{key}.json" not in files:
            yield project.spec.finding(
                operation.keys, f"{operation.id} has no {FOLDER}/{key}.json", "write it"
            )
    for name, (key, *label, _) in files.items():
        document = project.document(name)
        if not isinstance(document.data, dict):
            raise ProjectError(f"{name}:1: it is no proxy event: write one, or remove the file")
        if key not in operations:
            yield Finding(
                name,
                1,
                "it is named after no operation",
                "name it operation.json or operation.label.json",
            )
            continue
        event, operation = document.data, operations[key]
        invalid = "".join(label).startswith(INVALID)
        for fault in (
            *_places(event, operation),
            *_pairs(event),
            *_body(project, event, operation, invalid),
        ):
            yield document.finding(*fault)


def _places(event: dict[str, Any], operation: Operation) -> Iterator[Fault]:
    parameters = event.get("pathParameters") or {}
    path = re.sub(
        r"\{(\w+)\+?\}", lambda found: str(parameters.get(found[1], found[0])), operation.path
    )
    wanted = {"resource": operation.path, "httpMethod": operation.method, "path": path}
    inner = {"resourcePath": operation.path, "httpMethod": operation.method}
    for around, where, values in (
        ((), event, wanted),
        (("requestContext",), event.get("requestContext"), inner),
    ):
        for key, value in values.items():
            if (said := (where or {}).get(key)) != value:
                yield (
                    (*around, key),
                    f"its {key} is {said}, and the spec says {value}",
                    f"write {value}",
                )


def _pairs(event: dict[str, Any]) -> Iterator[Fault]:
    for one, many in (
        ("headers", "multiValueHeaders"),
        ("queryStringParameters", "multiValueQueryStringParameters"),
    ):
        if (event.get(one) or {}) != {
            name: values[-1] for name, values in (event.get(many) or {}).items()
        }:
            yield (one,), f"its {one} and {many} differ", "make them say the same"


def _body(
    project: Project, event: dict[str, Any], operation: Operation, invalid: bool
) -> Iterator[Fault]:
    schema = project.body_schema(operation)
    found = broken(project, schema, _parsed(event.get("body"))) if schema else None
    if found and not invalid:
        yield (
            ("body",),
            f"its body breaks the spec ({found})",
            f"mend it, or name the file ....{INVALID}-why.json",
        )
    if invalid and not found:
        yield (
            ("body",),
            f"its body is valid, and its name says {INVALID}",
            "break it, or rename the file",
        )


def _parsed(body: Any) -> Any:
    try:
        return json.loads(body)
    except (TypeError, ValueError):
        return None
