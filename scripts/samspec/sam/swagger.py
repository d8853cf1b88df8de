"""Swagger 2.0 documents in the form of OpenAPI 3.0, the one that all tools read.

https://swagger.io/docs/specification/v3_0/ and its guide "What's new in OpenAPI 3.0"
"""

from collections.abc import Mapping
from typing import Any

from samspec.sam.references import resolve

JSON = "application/json"
MOVED = {
    "definitions": "schemas",
    "parameters": "parameters",
    "responses": "responses",
    "securityDefinitions": "securitySchemes",
}
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY = "x-amazon-apigateway-any-method"
SCHEMA_KEYS = (
    "type", "format", "items", "default", "maximum", "minimum", "maxLength", "minLength", "pattern",
    "maxItems", "minItems", "uniqueItems", "enum", "multipleOf", "exclusiveMaximum",
    "exclusiveMinimum",
)  # fmt: skip


def converted(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as OpenAPI 3.0; extensions stay as they are."""
    dropped = {*MOVED, "swagger", "host", "basePath", "schemes", "consumes", "produces", "paths"}
    kept = {key: value for key, value in document.items() if key not in dropped}
    components = {new: _moved(document, old) for old, new in MOVED.items() if document.get(old)}
    paths = {}
    for path, item in (document.get("paths") or {}).items():
        paths[path] = _path(document, item or {})
    result = {"openapi": "3.0.1", **kept, "paths": paths}
    if components:
        result["components"] = components
    return dict(_renamed(result))


def _moved(document: Mapping[str, Any], section: str) -> dict[str, Any]:
    entries = document[section]
    if section == "responses":
        return {name: _response(document, {}, entry) for name, entry in entries.items()}
    if section == "parameters":
        moved = {}
        for name, entry in entries.items():
            if entry.get("in") not in ("body", "formData"):
                moved[name] = _parameter(entry)
        return moved
    return dict(entries)


def _path(document: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    shared = [resolve(document, node) for node in item.get("parameters") or []]
    result = dict(item)
    if shared:
        result["parameters"] = [_parameter(node) for node in shared if _is_plain(node)]
    for key, operation in item.items():
        if key.lower() in METHODS or key == ANY:
            result[key] = _operation(document, operation or {}, shared)
    return result


def _operation(
    document: Mapping[str, Any], operation: Mapping[str, Any], shared: list[Mapping[str, Any]]
) -> dict[str, Any]:
    own = [resolve(document, node) for node in operation.get("parameters") or []]
    dropped = ("consumes", "produces", "schemes", "parameters", "responses")
    result = {key: value for key, value in operation.items() if key not in dropped}
    if own:
        result["parameters"] = [_parameter(node) for node in own if _is_plain(node)]
    body = _body(document, operation, [*shared, *own])
    if body:
        result["requestBody"] = body
    result["responses"] = {
        str(status): _response(document, operation, resolve(document, response))
        for status, response in (operation.get("responses") or {}).items()
    }
    return result


def _is_plain(parameter: Mapping[str, Any]) -> bool:
    return parameter.get("in") not in ("body", "formData")


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    if "schema" in parameter or "$ref" in parameter:
        return dict(parameter)
    schema = {key: parameter[key] for key in SCHEMA_KEYS if key in parameter}
    rest = {key: value for key, value in parameter.items() if key not in schema}
    listed = rest.pop("collectionFormat", None)
    if schema.get("type") == "array":
        rest["explode"] = listed == "multi"
    return {**rest, "schema": schema}


def _body(
    document: Mapping[str, Any],
    operation: Mapping[str, Any],
    parameters: list[Mapping[str, Any]],
) -> dict[str, Any] | None:
    for parameter in parameters:
        if parameter.get("in") == "body":
            types = operation.get("consumes") or document.get("consumes") or [JSON]
            content = {name: {"schema": parameter.get("schema") or {}} for name in types}
            return {"required": bool(parameter.get("required")), "content": content}
    fields = [parameter for parameter in parameters if parameter.get("in") == "formData"]
    return _form(fields) if fields else None


def _form(fields: list[Mapping[str, Any]]) -> dict[str, Any]:
    has_file = any(field.get("type") == "file" for field in fields)
    media_type = "multipart/form-data" if has_file else "application/x-www-form-urlencoded"
    properties = {}
    for field in fields:
        properties[field["name"]] = {key: field[key] for key in SCHEMA_KEYS if key in field}
    required = [field["name"] for field in fields if field.get("required")]
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return {"content": {media_type: {"schema": schema}}}


def _response(
    document: Mapping[str, Any], operation: Mapping[str, Any], response: Mapping[str, Any]
) -> dict[str, Any]:
    result = {key: value for key, value in response.items() if key not in ("schema", "examples")}
    headers = {name: _parameter(entry) for name, entry in (response.get("headers") or {}).items()}
    if headers:
        result["headers"] = headers
    if "schema" in response:
        types = operation.get("produces") or document.get("produces") or [JSON]
        result["content"] = {name: {"schema": response["schema"]} for name in types}
    return result


def _renamed(value: Any) -> Any:
    """The value with each `$ref` to a moved section pointing where it is now."""
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        section, _, rest = reference.removeprefix("#/").partition("/")
        if section in MOVED:
            return {**value, "$ref": f"#/components/{MOVED[section]}/{rest}"}
    return {key: _renamed(item) for key, item in value.items()}
