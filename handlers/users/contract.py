"""The spec, as the check of one operation's requests.

fastjsonschema compiles the operation's schemas to Python once, at the cold start (JSON Schema draft 4, as OpenAPI 3.0
and API Gateway's models have it). specs/architecture.md says why not openapi-core, which the tests hold this against.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import fastjsonschema

from users.errors import Fault, InvalidJson, InvalidRequest, UnsupportedMediaType
from users.proxy import Request

SPEC = Path(__file__).parent.parent / "users-api.yaml"
SCALAR = re.compile(r"true|false|-?(0|[1-9][0-9]{0,15})([.][0-9]{1,15})?")
Check = Callable[[Any], Any]


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
    schema: Mapping[str, Any]
    check: Check


class Contract:
    def __init__(self, spec: Mapping[str, Any], operation: Mapping[str, Any]) -> None:
        self._spec = spec
        self._parameters = [self._parameter(node) for node in operation.get("parameters", ())]
        body = self._resolve(operation.get("requestBody", {}))
        self._body_required = body.get("required", False)
        self._schemas = {media: content["schema"] for media, content in body.get("content", {}).items()}
        self._checks = {media: self._compile(schema) for media, schema in self._schemas.items()}

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
        faults = [fault for one in self._parameters if (fault := self._take(one, request, values[one.place]))]
        if faults:
            raise InvalidRequest(faults)
        return Arguments(**values, body=self._body(request) if self._schemas else None)

    def _take(self, parameter: Parameter, request: Request, values: dict[str, Any]) -> Fault | None:
        given: Mapping[str, str] = getattr(request, parameter.place)
        text = given.get(parameter.name.lower() if parameter.place == "header" else parameter.name)
        if text is None:
            if "default" in parameter.schema:
                values[parameter.name] = parameter.schema["default"]
            return Fault(parameter.place, parameter.name, "is required") if parameter.required else None
        value = text
        if parameter.schema.get("type") != "string" and SCALAR.fullmatch(text):
            value = json.loads(text)
        try:
            values[parameter.name] = parameter.check(value)
        except fastjsonschema.JsonSchemaValueException as error:
            return Fault(parameter.place, parameter.name, _reason(error))
        return None

    def _body(self, request: Request) -> Any:
        if not request.body:
            if self._body_required:
                raise InvalidRequest([Fault("body", "", "is required")])
            return None
        media = request.header.get("content-type", "").partition(";")[0].strip().lower()
        if media not in self._schemas:
            raise UnsupportedMediaType
        value = _parse(request.body)
        try:
            return self._checks[media](value)
        except fastjsonschema.JsonSchemaValueException as error:
            faults = tuple(self._faults(self._resolve(self._schemas[media]), value))
            raise InvalidRequest(faults or [_fault(error)]) from error

    def _faults(self, schema: Mapping[str, Any], body: Any) -> Iterator[Fault]:
        """Each property's fault; the compiled check stops at the first."""
        if not isinstance(body, dict):
            return
        known = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in body:
                yield Fault("body", name, "is required")
        for name, value in body.items():
            if name not in known and schema.get("additionalProperties") is False:
                yield Fault("body", name, "is not a property of this body")
            try:
                self._compile(known.get(name, {}))(value)
            except fastjsonschema.JsonSchemaValueException as error:
                yield _fault(error, name)

    def _parameter(self, node: Mapping[str, Any]) -> Parameter:
        node = self._resolve(node)
        return Parameter(
            place=node["in"],
            name=node["name"],
            required=node.get("required", False),
            schema=self._resolve(node["schema"]),
            check=self._compile(node["schema"]),
        )

    def _compile(self, schema: Mapping[str, Any]) -> Check:
        document = {
            "$schema": "http://json-schema.org/draft-04/schema",
            **schema,
            "components": self._spec.get("components", {}),
        }
        check: Check = fastjsonschema.compile(document, use_default=False)
        return check

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            node = reduce(lambda found, key: found[key], node["$ref"].split("/")[1:], self._spec)
        return node


def _read(path: Path) -> Any:
    """The spec; as JSON where `sam build` has made it (handlers/Makefile), for YAML takes a cold start 100 ms more."""
    built = path.with_suffix(".json")
    if built.exists():
        return json.loads(built.read_bytes())
    import yaml

    return yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (both are safe)


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


def _fault(error: fastjsonschema.JsonSchemaValueException, *parents: str) -> Fault:
    return Fault("body", ".".join([*parents, *map(str, error.path[1:])]), _reason(error))


def _reason(error: fastjsonschema.JsonSchemaValueException) -> str:
    """The library's message without its own name for the value."""
    return str(error.message).removeprefix(f"{error.name} ")
