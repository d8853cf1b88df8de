"""The files of a new operation: entry point, sample event, feature spec, first test; and its rows
in the tables."""

import json
import re
from collections.abc import Iterator
from textwrap import indent
from typing import Any
from urllib.parse import quote

from samspec.scaffold.add_auth_handlers import guarded_text, rule, takes_rule
from samspec.scaffold.addition import Addition
from samspec.scaffold.blocks import replaced

ANY_REQUEST = re.compile(
    "accept|host|user-agent|x-", re.IGNORECASE
)  # headers that each sample event has

HANDLER = '''"""{operation}: {does}."""

from api.contract import Arguments
from api.operation import operation
from api.proxy import Response


@operation("{id}")
def handler(arguments: Arguments) -> Response:
    raise NotImplementedError  # a 501 until it is written
'''

FEATURE = """---
operationId: {id}
method: {method}
path: {path}
function: {function}
---

# {summary}

{description}

## Contract

Parameters, body, responses and headers: `{id}` in [{spec_name}](../{spec}).

## Acceptance criteria

1. **Given** a valid request, **when** it is sent, **then** the response is {status}: {success}

## Edge cases

- None is known yet.

## Examples

```sh
sam local invoke {function} --event events/{file}.json
```
"""

TEST = '''"""{operation}"""

import pytest

from tests.client import Api
{imports}

@pytest.mark.criterion("{page}/1")
@pytest.mark.xfail(reason="{id} is not written yet")
def test_a_valid_request_has_its_response(api: Api) -> None:
{request}

    assert response.status == {status}
'''


def created(new: Addition) -> Iterator[tuple[str, str]]:
    """Names and contents."""
    operation = new.operation
    node, spec, file, page = (
        operation.node,
        new.project.spec.name,
        operation.named("_"),
        operation.named("-"),
    )
    request = "\n".join(_request(new))
    facts = {
        "operation": str(operation),
        "method": operation.method,
        "path": operation.path,
        "id": operation.id,
        "function": new.function,
        "summary": new.summary,
        "does": _in_docstring(new.summary[0].lower() + new.summary[1:]),
        "description": str(node.get("description", new.summary + ".")).strip(),
        "status": new.success.replace("X", "0"),
        "success": new.project.resolve(node["responses"][new.success])["description"].strip(),
        "file": file,
        "page": page,
        "spec": spec.removeprefix("specs/"),
        "spec_name": spec.rpartition("/")[2],
        "imports": "from samspec.testing.collection import Collection\n"
        if "Collection(" in request
        else "",
        "request": indent(request, "    "),
    }
    yield f"handlers/{file}.py", _entry_point(new, HANDLER.format(**facts))
    yield f"events/{file}.json", json.dumps(_event(new), indent=2, ensure_ascii=False) + "\n"
    yield f"specs/features/{page}.md", FEATURE.format(**facts)
    yield f"tests/unit/test_{file}.py", TEST.format(**facts)


def _entry_point(new: Addition, text: str) -> str:
    """The entry point, with a rule of who may call it in a project that has such rules."""
    if not takes_rule(new.project, new.operation):
        return text
    return guarded_text(text, new.operation.id, rule(new.project, new.operation))


def tabled(new: Addition, lines: list[str]) -> list[str]:
    """The architecture's tables, with a row for the new function after each that names the
    example's.
    """
    like, operation = new.like, new.operation
    names = new.names | {
        str(like): str(operation),
        f"| {like.method} | {like.path} |": f"| {operation.method} | {operation.path} |",
        like.named("-"): operation.named("-"),
    }
    extended: list[str] = []
    for line in lines:
        extended.append(line)
        if line.startswith("|") and str(like.target[0]) in line:
            extended += replaced([line], names)
    return extended


def recorded(new: Addition, lines: list[str]) -> list[str]:
    """The tests' record with what they see now: a 501, and what the gateway itself returns on the
    path."""
    record = json.loads("\n".join(lines))
    seen, path = record["responses"], new.operation.path
    like = seen.get(str(new.like), {})
    throttled = {status: headers for status, headers in like.items() if status.startswith("429")}
    seen[str(new.operation)] = {
        **throttled,
        "501 Not Implemented": like.get("500 Internal Server Error", ""),
    }
    for method in ("OPTIONS", "ANY"):
        seen[f"{method} {path}"] = seen.get(f"{method} {new.like.path}", {})
    return json.dumps(record, indent=2, sort_keys=True).splitlines()


def _in_docstring(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"")


def _request(new: Addition) -> list[str]:
    """The lines of the first test that send the request: to a resource that there is, if the path
    names one that the API can create."""
    path, before = new.example_path, []
    collection, separator, rest = new.operation.path.partition("/{")
    creates = f"POST {collection}" in map(str, new.project.proxies)
    if separator and creates:
        before = [f'id = Collection(api, "{collection}").create().json["id"]', ""]
        path = f"{collection}/{{id}}{rest.partition('}')[2]}"
        for name, example in new.path_parameters.items():
            path = path if name == "id" else path.replace(f"{{{name}}}", str(example))
    arguments = f'"{new.operation.method}", {"f" if before else ""}"{path}"'
    headers = dict(new.required_headers)
    if new.body is not None and new.is_json:
        arguments += f", json={new.body!r}"
    elif new.body is not None:
        arguments += f", data={str(new.body).encode()!r}"
    if new.media_type not in (None, "application/json"):
        headers["Content-Type"] = str(new.media_type)
    if headers:
        arguments += f", headers={headers!r}"
    return [*before, f"response = api.request({arguments})"]


def _sent(new: Addition) -> str | None:
    """The body as text."""
    if new.body is None:
        return None
    return json.dumps(new.body, ensure_ascii=False) if new.is_json else str(new.body)


def _event(new: Addition) -> Any:
    """The example operation's event, as API Gateway would send it for the new one."""
    operation = new.operation
    event = new.project.document(f"events/{new.like.named('_')}.json").data
    headers = {name: value for name, value in event["headers"].items() if ANY_REQUEST.match(name)}
    headers |= new.required_headers | (
        {"Content-Type": str(new.media_type)} if new.body is not None else {}
    )
    path = "/".join(quote(part) for part in new.example_path.split("/"))
    context = event["requestContext"]
    stage = context["stage"]
    context = context | {
        "httpMethod": operation.method,
        "path": f"/{stage}{path}",
        "resourcePath": operation.path,
    }
    return event | {
        "resource": operation.path,
        "path": path,
        "httpMethod": operation.method,
        "requestContext": context,
        "headers": dict(sorted(headers.items())),
        "multiValueHeaders": {name: [value] for name, value in sorted(headers.items())},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": new.path_parameters or None,
        "body": _sent(new),
    }
