"""Schemas of the spec, as data that schema.py makes checks of."""

import re
from collections.abc import Mapping
from typing import Any

from .document import SCHEMA_LISTS, Document, Node, Place, pointer
from .statement import ANNOTATIONS, INSTEAD, KEYWORDS, TYPES

BOOLEANS = ("nullable", "exclusiveMinimum", "exclusiveMaximum", "uniqueItems", "readOnly")
COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
NUMBERS = ("minimum", "maximum", "multipleOf")


class Schemas:
    """`named` are the schemas that references lead to, by their JSON pointers."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.named: dict[str, Any] = {}

    def completes(self, plan: Any) -> bool:
        """Whether a value changes by its schema: a default, or a fraction that stays exact."""
        waiting, seen = [plan], set()
        while waiting:
            part = waiting.pop()
            if isinstance(part, list):
                waiting += part
            elif isinstance(part, dict):
                if "default" in part or part.get("format") == "decimal":
                    return True
                reference = part.get("$ref")
                if isinstance(reference, str) and reference not in seen:
                    seen.add(reference)
                    waiting.append(self.named.get(reference))
                waiting += part.values()
        return False

    def compiled(self, node: Any, place: Place, above: tuple[str, ...] = ()) -> dict[str, Any]:
        """`above` are the schemas of which this one is a part, by allOf and its like."""
        if not isinstance(node, Mapping):
            self._document.gap(place, "a schema is an object")
            return {}
        if "$ref" in node:
            resolved, target = self._document.resolve(node, place)
            key = pointer(target)
            if key in above:
                self._document.gap(place, f"{key} is a part of itself")
            elif key not in self.named:
                self.named[key] = {}  # a schema may refer to itself
                self.named[key] = self.compiled(resolved, target, (*above, key))
            return {"$ref": key}
        plan = {}
        for keyword, value in node.items():
            if keyword in KEYWORDS:
                plan[keyword] = self._keyword(keyword, value, (*place, keyword), above)
            elif keyword not in ANNOTATIONS and not str(keyword).startswith("x-"):
                advice = INSTEAD.get(keyword, "it is checked by nothing")
                self._document.gap(
                    (*place, keyword), f"OpenAPI 3.0 has no keyword {keyword}: {advice}"
                )
        if "items" not in plan and plan.get("type") == "array":
            self._document.gap(place, "an array needs `items`, the schema of its items")
        if plan.pop("discriminator", None) and plan.keys() & {"oneOf", "anyOf"}:
            plan["discriminator"] = self._discriminator(node, place)
        return plan

    def _keyword(self, keyword: str, value: Any, place: Place, above: tuple[str, ...]) -> Any:
        if keyword in SCHEMA_LISTS:
            parts = enumerate(value)
            return [self.compiled(part, (*place, number), above) for number, part in parts]
        if keyword == "not":
            return self.compiled(value, place, above)
        if keyword == "items":
            return self.compiled(value, place)
        if keyword == "additionalProperties":
            return value if isinstance(value, bool) else self.compiled(value, place)
        if keyword == "properties":
            return {name: self.compiled(node, (*place, name)) for name, node in value.items()}
        self._check_value(keyword, value, place)
        if keyword == "pattern":
            return {"source": value, "python": python_pattern(str(value))}
        return value

    def _check_value(self, keyword: str, value: Any, place: Place) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if keyword == "type" and value not in TYPES:
            hint = "; for null, write nullable: true" if "null" in value else ""
            self._document.gap(place, f"type is one of {', '.join(TYPES)}{hint}")
        elif keyword in BOOLEANS and not isinstance(value, bool):
            self._document.gap(place, f"{keyword} is true or false in OpenAPI 3.0")
        elif keyword in NUMBERS and not is_number:
            self._document.gap(place, f"{keyword} is a number")
        elif keyword == "multipleOf" and value <= 0:
            self._document.gap(place, "multipleOf is greater than 0")
        elif keyword in COUNTS and not (is_number and value == int(value)):
            self._document.gap(place, f"{keyword} is a whole number")
        elif keyword in ("enum", "required") and not isinstance(value, list):
            self._document.gap(place, f"{keyword} is a list")
        elif keyword == "pattern":
            try:
                re.compile(python_pattern(value))
            except (re.error, TypeError) as error:
                self._document.gap(place, f"Python cannot read this pattern: {error}")

    def _discriminator(self, node: Node, place: Place) -> dict[str, Any]:
        """The property, and the schema for each of its values."""
        name = node["discriminator"]["propertyName"]
        mapping = {}
        for keyword in ("oneOf", "anyOf"):
            for number, part in enumerate(node.get(keyword) or ()):
                if "$ref" in part:
                    _, target = self._document.resolve(part, (*place, keyword, number))
                    mapping[str(target[-1])] = part
        for value, reference in (node["discriminator"].get("mapping") or {}).items():
            if "/" not in reference:
                reference = f"#/components/schemas/{reference}"
            mapping[value] = {"$ref": reference}
        where = (*place, "discriminator", "mapping")
        schemas = {value: self.compiled(part, where) for value, part in mapping.items()}
        return {"propertyName": name, "mapping": schemas}


def python_pattern(pattern: str) -> str:
    """A pattern of JSON Schema for Python, whose `$` also matches before a last line feed."""
    parts = r"\\.|\[(?:\\.|[^\]\\])*\]|\$"
    return re.sub(
        parts, lambda part: r"\Z" if part[0] == "$" else part[0], pattern, flags=re.DOTALL
    )
