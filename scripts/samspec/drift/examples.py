"""Every example of the definition fits its schema, and values fit their parameters."""

from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.application import Application
from samspec.sam.documents import Keys, is_data
from samspec.sam.finding import Finding
from samspec.sam.written import WrittenApi

SHOWN = 160


def check(application: Application) -> Iterator[Finding]:
    """The examples of media types, parameters, headers and schemas."""
    for api in application.definitions:
        for at, schema, value in _examples(api):
            fault = broken(api, schema, value)
            if fault:
                yield api.finding(
                    "example",
                    at,
                    f"the example breaks its schema ({fault})",
                    "correct the example or the schema",
                )


def broken(api: WrittenApi, schema: Any, value: Any) -> str | None:
    """Why the value breaks the schema, in one line; None if it fits."""
    if not isinstance(schema, dict):
        return None
    errors = sorted(
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:SHOWN]}"
        for error in _validator(api, schema).iter_errors(value)
    )
    return errors[0].removeprefix(": ") if errors else None


def _validator(api: WrittenApi, schema: Mapping[str, Any]) -> Any:
    from openapi_schema_validator import OAS30Validator

    shared: dict[str, Any] = {}
    for key in ("components", "definitions", "parameters", "paths"):
        if key in api.data:
            shared[key] = api.data[key]
    document: dict[str, Any] = {**shared, **schema}
    return OAS30Validator(document, format_checker=OAS30Validator.FORMAT_CHECKER)


def _examples(api: WrittenApi) -> Iterator[tuple[Keys, Any, Any]]:
    """Each example with its schema and place."""
    for at, node in api.nodes:
        if not isinstance(node, dict) or is_data(at) or at[-1:] == ("properties",):
            continue
        schema = node.get("schema")
        if isinstance(schema, dict):
            if "example" in node:
                yield (*at, "example"), schema, node["example"]
            examples = node.get("examples")
            for name, example in examples.items() if isinstance(examples, dict) else ():
                result = api.mapping(example)
                if "value" in result:
                    yield (*at, "examples", name), schema, result["value"]
        elif "example" in node and "type" in node and _is_schema(at):
            schema = {key: value for key, value in node.items() if key != "example"}
            yield (*at, "example"), schema, node["example"]


def _is_schema(at: Keys) -> bool:
    """Whether a place is a schema's: below `schema`, `schemas`, `definitions` or `properties`."""
    return any(key in ("schema", "schemas", "definitions") for key in at[:-1])


def parameter_fault(api: WrittenApi, parameter: Mapping[str, Any], values: list[str]) -> str | None:
    """Why the texts of a parameter break its schema; None if they fit."""
    schema = parameter.get("schema")
    if schema is None and api.is_swagger:
        schema = {key: parameter[key] for key in parameter if key not in ("in", "name", "required")}
    resolved = api.mapping(schema)
    if not resolved or "content" in parameter:
        return None
    if resolved.get("type") == "array":
        explode = parameter.get("explode", parameter.get("in") == "query")
        texts = values if explode else [part for text in values for part in text.split(",")]
        items = api.mapping(resolved.get("items"))
        value: Any = [typed(items, text) for text in texts]
    elif resolved.get("type") == "object":
        return None
    else:
        value = typed(resolved, values[-1])
    return broken(api, resolved, value)


def typed(schema: Mapping[str, Any], text: str) -> Any:
    """A parameter's text as its schema's type; the text if it is not of that type."""
    type_name = schema.get("type")
    try:
        if type_name == "integer":
            return int(text)
        if type_name == "number":
            return float(text)
    except ValueError:
        return text
    if type_name == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
