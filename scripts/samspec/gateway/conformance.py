"""Responses checked against the API definition: what a caller of the spec would not expect."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.sam.references import resolve

MOST = 5  # mismatches of one body that are told
LONGEST = 200  # characters of a message

Node = Mapping[str, Any]
Headers = list[tuple[str, str]]


def mismatches(
    spec: Node, operation: Node, status: int, headers: Headers, body: bytes
) -> list[str]:
    """How a response differs from what the operation documents, in the order status, headers,
    body; none for an operation without documented responses. `spec` is OpenAPI 3.0."""
    responses = operation.get("responses") or {}
    if not responses:
        return []
    try:
        documented = _documented(responses, status)
        if documented is None:
            return [f"status {status} is not documented"]
        response = resolve(spec, documented)
        messages = [*_headers(spec, response, headers), *_content(spec, response, headers, body)]
    except ProjectError as error:  # a reference that leads nowhere
        return [str(error)]
    return [text if len(text) <= LONGEST else text[: LONGEST - 1] + "…" for text in messages]


def _documented(responses: Node, status: int) -> Any:
    by_name = {str(name).upper(): node for name, node in responses.items()}
    for name in (str(status), f"{status // 100}XX", "DEFAULT"):
        if name in by_name:
            return by_name[name]
    return None


def _headers(spec: Node, response: Node, headers: Headers) -> Iterator[str]:
    for name, node in (response.get("headers") or {}).items():
        if name.lower() == "content-type":
            continue  # OpenAPI 3.0 leaves it to `content`
        header = resolve(spec, node)
        values = [value for key, value in headers if key.lower() == name.lower()]
        if values:
            value = _typed(spec, ", ".join(values), header.get("schema") or {})
            for place, message in _faults(spec, header.get("schema") or {}, value):
                yield f"header {name}{place}: {message}"
        elif header.get("required"):
            yield f"header {name} is missing"


def _typed(spec: Node, text: str, schema: Node) -> Any:
    """A header's value in style simple: the type of its schema if it has the form of one."""
    schema = resolve(spec, schema)
    value_type = schema.get("type")
    if value_type == "array":
        return [_typed(spec, part.strip(), schema.get("items") or {}) for part in text.split(",")]
    if value_type in ("integer", "number", "boolean"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _content(spec: Node, response: Node, headers: Headers, body: bytes) -> Iterator[str]:
    content = response.get("content") or {}
    if not content:
        return  # of the body nothing is said
    if not body:
        yield "the body that is documented is missing"
        return
    values = [value for key, value in headers if key.lower() == "content-type"]
    sent_as = values[-1].partition(";")[0].strip().lower() if values else ""
    media = _media(content, sent_as)
    if media is None:
        documented = ", ".join(content)
        yield f"Content-Type {sent_as or '(none)'} is not documented; it may be {documented}"
        return
    if "schema" not in media or not (sent_as.endswith("+json") or sent_as == "application/json"):
        return
    try:
        value = json.loads(body)
    except ValueError as error:
        yield f"the body is not JSON: {error}"
        return
    for place, message in _faults(spec, media["schema"], value):
        yield f"body{place and f' at {place}'}: {message}"


def _media(content: Node, sent_as: str) -> Any:
    by_type = {key.partition(";")[0].strip().lower(): node for key, node in content.items()}
    for key in (sent_as, f"{sent_as.partition('/')[0]}/*", "*/*"):
        if key in by_type:
            return by_type[key] or {}
    return None


def _faults(spec: Node, schema: Node, value: Any) -> Iterator[tuple[str, str]]:
    """The first faults: places as JSON pointers, and jsonschema's messages."""
    # References lead to the root of the document that is checked, so the spec is that root.
    document = {**spec, "allOf": [schema]}
    errors = _validator()(document, format_checker=_validator().FORMAT_CHECKER).iter_errors(value)
    for number, error in enumerate(errors):
        if number == MOST:
            yield "", "and more"
            return
        yield "".join(f"/{key}" for key in error.absolute_path), error.message


@cache
def _validator() -> Any:
    from openapi_schema_validator import OAS30ReadValidator  # slow to import: not before it is used

    return OAS30ReadValidator
