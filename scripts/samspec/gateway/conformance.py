"""Responses checked against the API definition: what a caller of the spec would not expect."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.sam.references import resolve

MOST = 5  # mismatches of one body that are told
LONGEST = 200  # characters of a message
LARGEST = 2_000  # nodes of a schema that gets what it refers to in place of its references
ANYTHING: Mapping[str, Any] = {}

Node = Mapping[str, Any]
Headers = list[tuple[str, str]]


class Conformance:
    """What one API definition, OpenAPI 3.0, documents of its responses."""

    def __init__(self, spec: Node):
        self._spec = spec
        self._validators: dict[int, Any] = {}  # by the identity of a schema within `spec`

    def mismatches(self, operation: Node, status: int, headers: Headers, body: bytes) -> list[str]:
        """How a response differs from what the operation documents, in the order status, headers,
        body; none for an operation without documented responses."""
        responses = operation.get("responses") or {}
        if not responses:
            return []
        try:
            documented = _documented(responses, status)
            if documented is None:
                return [f"status {status} is not documented"]
            response = resolve(self._spec, documented)
            messages = [*self._headers(response, headers), *self._content(response, headers, body)]
        except ProjectError as error:  # a reference that leads nowhere
            return [str(error)]
        return [text if len(text) <= LONGEST else text[: LONGEST - 1] + "…" for text in messages]

    def _headers(self, response: Node, headers: Headers) -> Iterator[str]:
        for name, node in (response.get("headers") or {}).items():
            if name.lower() == "content-type":
                continue  # OpenAPI 3.0 leaves it to `content`
            header = resolve(self._spec, node)
            schema = header.get("schema") or ANYTHING
            values = [value for key, value in headers if key.lower() == name.lower()]
            if values:
                value = _typed(self._spec, ", ".join(values), schema)
                for place, message in self._faults(schema, value):
                    yield f"header {name}{place}: {message}"
            elif header.get("required"):
                yield f"header {name} is missing"

    def _content(self, response: Node, headers: Headers, body: bytes) -> Iterator[str]:
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
        is_json = sent_as.endswith("+json") or sent_as == "application/json"
        if "schema" not in media or not is_json:
            return
        try:
            value = json.loads(body)
        except ValueError as error:
            yield f"the body is not JSON: {error}"
            return
        for place, message in self._faults(media["schema"], value):
            yield f"body{place and f' at {place}'}: {message}"

    def _faults(self, schema: Node, value: Any) -> Iterator[tuple[str, str]]:
        """The first faults: places as JSON pointers, and jsonschema's messages."""
        for number, error in enumerate(self._validator(schema).iter_errors(value)):
            if number == MOST:
                yield "", "and more"
                return
            yield "".join(f"/{key}" for key in error.absolute_path), error.message

    def _validator(self, schema: Node) -> Any:
        if id(schema) not in self._validators:
            # Slow to import: not before it is used.
            from openapi_schema_validator import OAS30ReadValidator

            checked = Inlined(self._spec).of(schema)
            if checked is None:  # references lead to the root of what is checked: to the spec's
                checked = {**self._spec, "allOf": [schema]}
            self._validators[id(schema)] = OAS30ReadValidator(
                checked, format_checker=OAS30ReadValidator.FORMAT_CHECKER
            )
        return self._validators[id(schema)]


class NotInlined(Exception): ...


class Inlined:
    """Schemas with what they refer to in place of their references: they are checked in less than
    half the time."""

    def __init__(self, spec: Node):
        self._spec = spec
        self._size = 0

    def of(self, schema: Node) -> Any:
        """The schema without references; None where it contains itself, grows too large, or has
        an example that looks like a reference."""
        try:
            return self._node(schema, ())
        except (NotInlined, ProjectError):
            return None

    def _node(self, node: Any, within: tuple[int, ...]) -> Any:
        node = resolve(self._spec, node)
        self._size += 1
        if id(node) in within or self._size > LARGEST:
            raise NotInlined
        if isinstance(node, Mapping):
            return {key: self._node(value, (*within, id(node))) for key, value in node.items()}
        if isinstance(node, list):
            return [self._node(value, (*within, id(node))) for value in node]
        return node


def _documented(responses: Node, status: int) -> Any:
    by_name = {str(name).upper(): node for name, node in responses.items()}
    for name in (str(status), f"{status // 100}XX", "DEFAULT"):
        if name in by_name:
            return by_name[name]
    return None


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


def _media(content: Node, sent_as: str) -> Any:
    by_type = {key.partition(";")[0].strip().lower(): node for key, node in content.items()}
    for key in (sent_as, f"{sent_as.partition('/')[0]}/*", "*/*"):
        if key in by_type:
            return by_type[key] or {}
    return None
