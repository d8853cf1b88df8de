"""Check 9: every example fits its schema: those of the spec, and the requests that the documents make by curl."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from samspec.sam.documents import Keys, nodes
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.project import Project

DOCUMENTS = ("README.md", "CLAUDE.md", "specs/**/*.md", "docs/**/*.md")
COMMAND = re.compile(r"^\$? *curl ((?:.*\\\n)*.*)$", re.MULTILINE)
METHOD, BODY = {"-X", "--request"}, {"-d", "--data", "--data-raw", "--json"}
OTHERS = {
    "-H",
    "--header",
    "-o",
    "--output",
    "-w",
    "--write-out",
    "-u",
    "--user",
    "--aws-sigv4",
    "-m",
    "--max-time",
}


def check(project: Project) -> Iterator[Finding]:
    for at, schema, value in _examples(project):
        if found := broken(project, schema, value):
            yield project.spec.finding(
                at, f"the example breaks its schema ({found})", "mend one of both"
            )
    for name in project.files(*DOCUMENTS):
        content = project.text(name)
        for command in COMMAND.finditer(content):
            line = content.count("\n", 0, command.start()) + 1
            for differs in _faults(project, command[1].replace("\\\n", " ")):
                yield Finding(name, line, differs, "mend the command")


def broken(project: Project, schema: Any, value: Any) -> str | None:
    """Why the value breaks the schema, in a line."""
    from openapi_schema_validator import OAS30Validator

    document = {**schema, "components": project.spec.data.get("components", {})}
    validator = OAS30Validator(document, format_checker=OAS30Validator.FORMAT_CHECKER)
    said = sorted(
        f"{'.'.join(map(str, one.absolute_path))}: {one.message[:160]}"
        for one in validator.iter_errors(value)
    )
    return said[0].removeprefix(": ") if said else None


def _examples(project: Project) -> Iterator[tuple[Keys, Any, Any]]:
    """Each example of a media type, parameter or header, with its schema and place."""
    for at, node in nodes(project.spec.data):
        if not isinstance(node, dict) or "schema" not in node or at[-1:] == ("properties",):
            continue
        if "example" in node:
            yield (*at, "example"), node["schema"], node["example"]
        for name, example in (node.get("examples") or {}).items():
            if "value" in (found := project.resolve(example)):
                yield (*at, "examples", name), node["schema"], found["value"]


def _faults(project: Project, command: str) -> Iterator[str]:
    try:
        method, target, body = _request(shlex.split(command, comments=True))
    except ValueError:
        yield "the command's quotation does not end"
        return
    path = urlsplit(target).path
    operation = _operation(project, method, path)
    if operation is None and not path.startswith("/_/"):  # the local gateway's own pages
        yield f"{method} {path} is no operation of the spec"
    if operation and operation.is_proxy and body is not None:
        try:
            found = broken(project, project.body_schema(operation) or {"not": {}}, json.loads(body))
        except ValueError:
            found = "it is not JSON"
        if found:
            yield f"the body breaks the spec ({found})"


def _request(words: list[str]) -> tuple[str, str, str | None]:
    method, target, body = None, "", None
    rest = iter(words)
    for word in rest:
        if word in METHOD:
            method = next(rest, "")
        elif word in BODY:
            body = next(rest, "")
        elif word in OTHERS:
            next(rest, None)
        elif not word.startswith("-") and not target:
            target = word
    return method or ("GET" if body is None else "POST"), target, body


def _operation(project: Project, method: str, path: str) -> Operation | None:
    """The operation that a path leads to, behind a stage (or a shell variable with it) or not."""
    for one in project.operations:
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(one.path.lstrip("/")))
        if one.method in (method, "ANY") and re.fullmatch(f"([^/]+/)?{pattern}", path.lstrip("/")):
            return one
    return None
