"""A schema of OpenAPI 3.0, as checks of values."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

from api.faults import REMEMBERED, Faults, Mismatch, Trial

KINDS: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    Decimal: "number",
    type(None): "null",
}
BYTES = "bytes"  # the kind of everything else: files

# What a keyword expects, the value, its field; returns what is wrong, or adds it to the faults.
Check = Callable[[Any, Any, str, Faults], str | None]


class Schema:
    """A schema whose references are followed."""

    def __init__(self) -> None:
        self.type = ""
        self.format = ""
        self.properties: dict[str, Schema] = {}
        self.additional: Schema | None = None
        self.items: Schema | None = None
        self.all_of: list[Schema] = []
        self.choices: list[Schema] = []  # of anyOf and oneOf
        self.defaults: dict[str, Any] = {}  # of the properties
        self.checks: dict[str, list[tuple[Check, Any]]] = {}  # by kind of value

    def check(self, value: Any, field: str, faults: Faults) -> None:
        """Adds what is wrong with a value; `field` is its place, dotted. Raises RecursionError for
        a value that is nested too deeply.
        """
        for check, expected in self.checks[KINDS.get(type(value), BYTES)]:
            detail = check(expected, value, field, faults)
            if detail:
                faults.add(field, detail)

    def fits(self, value: Any, faults: Faults) -> bool:
        key = id(self), id(value)
        if key not in faults.memory:
            if len(faults.memory) > REMEMBERED:
                faults.memory.clear()
            try:
                self.check(value, "", Trial(faults.memory))
                faults.memory[key] = True
            except Mismatch:
                faults.memory[key] = False
        return faults.memory[key]

    def applied(self, value: Any, faults: Faults) -> Iterator["Schema"]:
        """This schema and the parts of it that a valid value fits."""
        yield self
        for part in self.all_of:
            yield from part.applied(value, faults)
        for choice in self.choices:
            if choice.fits(value, faults):
                yield from choice.applied(value, faults)


def completed(schemas: list[Schema], value: Any, faults: Faults) -> Any:
    """A valid value with the defaults of absent properties; a fraction is a Decimal only where a
    schema of the value has the format decimal.
    """
    applied: list[Schema] = []
    for schema in schemas:
        applied += schema.applied(value, faults)
    if isinstance(value, dict):
        for schema in applied:
            for name, default in schema.defaults.items():
                value.setdefault(name, deepcopy(default))
        for name, member in value.items():
            inner = [schema.properties.get(name) or schema.additional for schema in applied]
            value[name] = completed([schema for schema in inner if schema], member, faults)
    elif isinstance(value, list):
        items = [schema.items for schema in applied if schema.items]
        value[:] = [completed(items, member, faults) for member in value]
    elif isinstance(value, Decimal) and "decimal" not in {schema.format for schema in applied}:
        return float(value)
    return value
