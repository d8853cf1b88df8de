"""The spec, as the check of one operation's requests.

fastjsonschema compiles the operation's schemas to Python once, at the cold start: JSON Schema draft 4, which OpenAPI
3.0 and API Gateway's models are made of. specs/architecture.md says why not openapi-core, whose verdicts the tests
hold these against.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from fastjsonschema import JsonSchemaValueException, JsonSchemaValuesException, compile

from api.errors import Fault, InvalidJson, InvalidRequest, UnsupportedMediaType
from api.proxy import Request

SPEC = Path(__file__).parent.parent / "users-api.yaml"
DRAFT_4 = {"$schema": "http://json-schema.org/draft-04/schema"}
SCALAR = re.compile(r"true|false|-?(0|[1-9][0-9]{0,15})([.][0-9]{1,15})?")
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Arguments:
    """A valid request's values: parameters by the spec's names, as their schemas' types, defaults filled in."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    header: Mapping[str, Any]
    body: Any


@dataclass(frozen=True)
class Parameter:
    place: str
    name: str
    required: bool
    schema: Schema
    check: Callable[[Any], Any]


class Contract:
    def __init__(self, spec: Schema, operation: Mapping[str, Any]) -> None:
        self._spec = spec
        self._parameters = [
            self._parameter(self._resolve(node)) for node in operation.get("parameters", ())
        ]
        body = self._resolve(operation.get("requestBody", {}))
        self._body_required = body.get("required", False)
        self._checks = {
            media: self._compile(kind["schema"]) for media, kind in body.get("content", {}).items()
        }

    @classmethod
    def of(cls, operation_id: str, path: Path = SPEC) -> "Contract":
        spec = _read(path)
        for item in spec["paths"].values():
            for operation in item.values():
                if isinstance(operation, dict) and operation.get("operationId") == operation_id:
                    return cls(spec, operation)
        raise LookupError(f"{path.name} has no operation {operation_id!r}")

    def check(self, request: Request) -> Arguments:
        """Raises InvalidRequest with every fault of the parameters, or else of the body; UnsupportedMediaType;
        InvalidJson."""
        values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
        faults = [
            fault for one in self._parameters if (fault := _take(one, request, values[one.place]))
        ]
        if faults:
            raise InvalidRequest(faults)
        return Arguments(**values, body=self._body(request) if self._checks else None)

    def _body(self, request: Request) -> Any:
        if not request.body:
            if self._body_required:
                raise InvalidRequest([Fault("body", "", "is required")])
            return None
        media = request.header.get("content-type", "").partition(";")[0].strip().lower()
        if media not in self._checks:
            raise UnsupportedMediaType
        value = _parse(request.body)
        try:
            return self._checks[media](value)
        except JsonSchemaValuesException as error:
            raise InvalidRequest(fault for one in error.errors for fault in _faults(one)) from error

    def _parameter(self, node: Mapping[str, Any]) -> Parameter:
        schema = self._resolve(node["schema"])
        return Parameter(
            node["in"], node["name"], node.get("required", False), schema, self._compile(schema)
        )

    def _compile(self, schema: Schema) -> Callable[[Any], Any]:
        # The code of each error quotes the schema that it is of. At the root, that would be the components as well.
        components = {
            "schemas": self._spec.get("components", {}).get("schemas", {})
        }  # where references lead
        document = {**DRAFT_4, "allOf": [schema], "components": components}
        check: Callable[[Any], Any] = compile(document, use_default=False, fast_fail=False)
        return check

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            node = reduce(lambda found, key: found[key], node["$ref"].split("/")[1:], self._spec)
        return node


def _read(path: Path) -> Any:
    """The spec; as JSON where `sam build` has made it (handlers/Makefile), for YAML costs a cold start 100 ms."""
    built = path.with_suffix(".json")
    if built.exists():
        return json.loads(built.read_bytes())
    import yaml

    return yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (both are safe)


def _take(parameter: Parameter, request: Request, values: dict[str, Any]) -> Fault | None:
    """Puts the parameter's value among the others, or says what is wrong with it."""
    given: Mapping[str, str] = getattr(request, parameter.place)
    text = given.get(parameter.name.lower() if parameter.place == "header" else parameter.name)
    if text is None:
        if "default" in parameter.schema:
            values[parameter.name] = parameter.schema["default"]
        return Fault(parameter.place, parameter.name, "is required") if parameter.required else None
    is_text = parameter.schema.get("type") == "string" or not SCALAR.fullmatch(text)
    try:
        values[parameter.name] = parameter.check(text if is_text else json.loads(text))
    except JsonSchemaValuesException as error:
        return Fault(parameter.place, parameter.name, _reason(error.errors[0]))
    return None


def _parse(body: bytes) -> Any:
    """Strict JSON (RFC 8259): UTF-8 without a BOM, no NaN, no name twice, no lone surrogate."""
    try:
        value = json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidJson from error
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _faults(error: JsonSchemaValueException) -> Iterator[Fault]:
    """One for each property: the library has one error for all that are missing, and one for all that are unknown."""
    names, detail = [""], _reason(error)
    if error.rule == "required":
        names, detail = (
            [name for name in error.rule_definition if name not in error.value],
            "is required",
        )
    elif error.rule == "additionalProperties":
        names = [name for name in error.value if name not in error.definition.get("properties", {})]
        detail = "is not a property of this body"
    for name in names:
        yield Fault("body", ".".join(filter(None, [*map(str, error.path[1:]), name])), detail)


def _reason(error: JsonSchemaValueException) -> str:
    """The library's message without its own name for the value."""
    return str(error.message).removeprefix(f"{error.name} ")
