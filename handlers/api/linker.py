"""From the plan of an operation (dialect.compiled) to its schemas."""

from collections.abc import Iterator, Mapping
from typing import Any

from api import formats, keywords
from api.keywords import Kinds
from api.schema import BYTES, KINDS, Check, Schema

WORDS = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
}
ALLOWED = {"number": {"number", "integer"}, "string": {"string", BYTES}}

Plan = Mapping[str, Any]


class Linker:
    """Makes the schemas of one operation from a plan of dialect.compiled."""

    def __init__(self, plans: Plan) -> None:
        self._plans = plans  # of the schemas that references name
        self._schemas: dict[str, Schema] = {}

    def schema(self, plan: Plan) -> Schema:
        if "$ref" not in plan:
            return self._link(Schema(), plan)
        reference = plan["$ref"]
        if reference not in self._schemas:
            self._schemas[reference] = Schema()  # before the rest: it may refer to itself
            self._link(self._schemas[reference], self._plans[reference])
        return self._schemas[reference]

    def _link(self, schema: Schema, plan: Plan) -> Schema:
        schema.type = plan.get("type", "")
        schema.format = plan.get("format", "")
        checks = [
            *self._simple(plan),
            *self._structure(schema, plan),
            *self._composed(schema, plan),
        ]
        allowed = {"null"} if plan.get("nullable") else set()
        allowed |= ALLOWED.get(schema.type, {schema.type})
        for value_type in (*KINDS.values(), BYTES):
            if schema.type and value_type not in allowed:
                words = WORDS[schema.type] + (" or null" if plan.get("nullable") else "")
                schema.checks[value_type] = [(keywords.wrong_type, words)]
                continue
            fitting = [pair for kinds, *pair in checks if not kinds or value_type in kinds]
            schema.checks[value_type] = [(check, expected) for check, expected in fitting]
        return schema

    def _simple(self, plan: Plan) -> Iterator[tuple[Kinds, Check, Any]]:
        if plan.get("readOnly"):
            yield (), keywords.read_only, None
        for keyword, (kinds, check) in keywords.SIMPLE.items():
            if keyword in plan:
                yield kinds, check, plan[keyword]
        for keyword, check in (("minimum", keywords.minimum), ("maximum", keywords.maximum)):
            if keyword in plan:
                exclusive = plan.get(f"exclusive{keyword.title()}", False)
                yield keywords.NUMBER, check, (plan[keyword], exclusive)
        if "enum" in plan:
            allowed = {keywords.comparable(value) for value in plan["enum"]}
            yield (), keywords.enum, (allowed, plan["enum"])
        if plan.get("format") in formats.CHECKS:
            kinds, fits = formats.CHECKS[plan["format"]]
            yield kinds, keywords.format, (fits, plan["format"])

    def _structure(self, schema: Schema, plan: Plan) -> Iterator[tuple[Kinds, Check, Any]]:
        properties = plan.get("properties", {})
        if "required" in plan:
            names = [name for name in plan["required"] if not self._read_only(properties, name)]
            yield ("object",), keywords.required, names
        if properties:
            for name, member in properties.items():
                schema.properties[name] = self.schema(member)
                resolved = self._plans[member["$ref"]] if "$ref" in member else member
                if "default" in resolved:
                    schema.defaults[name] = resolved["default"]
            yield ("object",), keywords.properties, schema.properties
        additional = plan.get("additionalProperties", True)
        if additional is not True:
            if additional is not False:
                schema.additional = self.schema(additional)
            yield ("object",), keywords.additional, (schema.properties, schema.additional)
        if "items" in plan:
            schema.items = self.schema(plan["items"])
            yield ("array",), keywords.items, (schema.items, plan.get("maxItems"))

    def _read_only(self, properties: Plan, name: str) -> bool:
        plan = properties.get(name, {})
        if "$ref" in plan:
            plan = self._plans[plan["$ref"]]
        return bool(plan.get("readOnly"))

    def _composed(self, schema: Schema, plan: Plan) -> Iterator[tuple[Kinds, Check, Any]]:
        schema.all_of = [self.schema(part) for part in plan.get("allOf", ())]
        for part in schema.all_of:
            yield (), keywords.all_of, part
        if "not" in plan:
            yield (), keywords.not_, self.schema(plan["not"])
        choices = {}
        for keyword in ("anyOf", "oneOf"):
            choices[keyword] = [self.schema(part) for part in plan.get(keyword, ())]
        if "discriminator" in plan:
            mapping = plan["discriminator"]["mapping"]
            schemas = {value: self.schema(part) for value, part in mapping.items()}
            schema.choices = [*schemas.values()]
            yield (), keywords.discriminator, (plan["discriminator"]["propertyName"], schemas)
            return
        schema.choices = choices["anyOf"] + choices["oneOf"]
        if choices["anyOf"]:
            yield (), keywords.any_of, choices["anyOf"]
        if choices["oneOf"]:
            yield (), keywords.one_of, choices["oneOf"]
