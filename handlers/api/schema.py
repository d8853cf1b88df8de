"""Schemas of OpenAPI 3.0, as checks of values. dialect.py states which keywords there are."""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from api.errors import Fault

LISTED = 50  # faults that are told; those after them are only counted
LONGEST = 200  # characters of a field or detail that are told

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
WORDS = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
}
ALLOWED = {"number": {"number", "integer"}, "string": {"string", BYTES}}
NUMBER = ("number", "integer")

Kinds = tuple[str, ...]
Plan = Mapping[str, Any]


class Faults:
    """The faults of one part of a request: the first ones, and how many more there are."""

    def __init__(self, place: str) -> None:
        self._place = place
        self.listed: list[Fault] = []
        self.more = 0
        # Whether a value fits a schema, by their identities: without it, a deep value of a schema
        # that is composed of itself would take exponential time.
        self.memory: dict[tuple[int, int], bool] = {}

    def add(self, field: str, detail: str) -> None:
        if len(self.listed) < LISTED:
            self.listed.append(Fault(self._place, _short(field), _short(detail)))
        else:
            self.more += 1


class _Mismatch(Exception): ...


class _Trial(Faults):
    """Ends at the first fault."""

    def __init__(self, memory: dict[tuple[int, int], bool]) -> None:
        self.memory = memory

    def add(self, field: str, detail: str) -> None:
        raise _Mismatch


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
        """Adds what is wrong with a value; `field` is its place, dotted. Raises RecursionError
        for a value that is nested too deeply."""
        for check, expected in self.checks[KINDS.get(type(value), BYTES)]:
            detail = check(expected, value, field, faults)
            if detail:
                faults.add(field, detail)

    def fits(self, value: Any, faults: Faults) -> bool:
        key = id(self), id(value)
        if key not in faults.memory:
            try:
                self.check(value, "", _Trial(faults.memory))
                faults.memory[key] = True
            except _Mismatch:
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
        for kind in (*KINDS.values(), BYTES):
            if schema.type and kind not in allowed:
                words = WORDS[schema.type] + (" or null" if plan.get("nullable") else "")
                schema.checks[kind] = [(_wrong_type, words)]
                continue
            fitting = [pair for kinds, *pair in checks if not kinds or kind in kinds]
            schema.checks[kind] = [(check, expected) for check, expected in fitting]
        return schema

    def _simple(self, plan: Plan) -> Iterator[tuple[Kinds, Check, Any]]:
        if plan.get("readOnly"):
            yield (), _read_only, None
        for keyword, (kinds, check) in SIMPLE.items():
            if keyword in plan:
                yield kinds, check, plan[keyword]
        for keyword, check in (("minimum", _minimum), ("maximum", _maximum)):
            if keyword in plan:
                exclusive = plan.get(f"exclusive{keyword.title()}", False)
                yield NUMBER, check, (plan[keyword], exclusive)
        if "enum" in plan:
            allowed = {_comparable(value) for value in plan["enum"]}
            yield (), _enum, (allowed, plan["enum"])
        if plan.get("format") in FORMAT_CHECKS:
            kinds, fits = FORMAT_CHECKS[plan["format"]]
            yield kinds, _format, (fits, plan["format"])

    def _structure(self, schema: Schema, plan: Plan) -> Iterator[tuple[Kinds, Check, Any]]:
        properties = plan.get("properties", {})
        if "required" in plan:
            names = [name for name in plan["required"] if not self._read_only(properties, name)]
            yield ("object",), _required, names
        if properties:
            for name, member in properties.items():
                schema.properties[name] = self.schema(member)
                resolved = self._plans[member["$ref"]] if "$ref" in member else member
                if "default" in resolved:
                    schema.defaults[name] = resolved["default"]
            yield ("object",), _properties, schema.properties
        additional = plan.get("additionalProperties", True)
        if additional is not True:
            if additional is not False:
                schema.additional = self.schema(additional)
            yield ("object",), _additional, (schema.properties, schema.additional)
        if "items" in plan:
            schema.items = self.schema(plan["items"])
            yield ("array",), _items, (schema.items, plan.get("maxItems"))

    def _read_only(self, properties: Plan, name: str) -> bool:
        plan = properties.get(name, {})
        if "$ref" in plan:
            plan = self._plans[plan["$ref"]]
        return bool(plan.get("readOnly"))

    def _composed(self, schema: Schema, plan: Plan) -> Iterator[tuple[Kinds, Check, Any]]:
        schema.all_of = [self.schema(part) for part in plan.get("allOf", ())]
        for part in schema.all_of:
            yield (), _all_of, part
        if "not" in plan:
            yield (), _not, self.schema(plan["not"])
        choices = {}
        for keyword in ("anyOf", "oneOf"):
            choices[keyword] = [self.schema(part) for part in plan.get(keyword, ())]
        if "discriminator" in plan:
            mapping = plan["discriminator"]["mapping"]
            schemas = {value: self.schema(part) for value, part in mapping.items()}
            schema.choices = [*schemas.values()]
            yield (), _discriminator, (plan["discriminator"]["propertyName"], schemas)
            return
        schema.choices = choices["anyOf"] + choices["oneOf"]
        if choices["anyOf"]:
            yield (), _any_of, choices["anyOf"]
        if choices["oneOf"]:
            yield (), _one_of, choices["oneOf"]


def completed(schemas: list[Schema], value: Any, faults: Faults) -> Any:
    """A valid value with the defaults of absent properties; a fraction is a Decimal only where a
    schema of the value has the format decimal."""
    applied = [part for schema in schemas for part in schema.applied(value, faults)]
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


def joined(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _wrong_type(words: str, *_: Any) -> str:
    return f"must be {words}"


def _read_only(*_: Any) -> str:
    return "is read-only"


def _minimum(expected: tuple[Any, bool], value: Any, *_: Any) -> str | None:
    least, exclusive = expected
    if exclusive:
        return None if value > least else f"must be greater than {least}"
    return None if value >= least else f"must be at least {least}"


def _maximum(expected: tuple[Any, bool], value: Any, *_: Any) -> str | None:
    most, exclusive = expected
    if exclusive:
        return None if value < most else f"must be less than {most}"
    return None if value <= most else f"must be at most {most}"


def _multiple_of(divisor: Any, value: Any, *_: Any) -> str | None:
    # In decimal, as people read it: in binary, 19.99 / 0.01 is 1998.9999999999998.
    if isinstance(value, int) and isinstance(divisor, int):
        rest = value % divisor
    else:
        quotient = _fraction(value) / _fraction(divisor)
        rest = quotient.denominator - 1
    return f"must be a multiple of {divisor}" if rest else None


def _fraction(number: Any) -> Any:
    from fractions import Fraction  # seldom needed, and slow to import

    return Fraction(str(number))


def _min_length(least: int, value: str, *_: Any) -> str | None:
    return None if len(value) >= least else f"must have at least {_count(least, 'character')}"


def _max_length(most: int, value: str, *_: Any) -> str | None:
    return None if len(value) <= most else f"must have at most {_count(most, 'character')}"


def _min_items(least: int, value: list[Any], *_: Any) -> str | None:
    return None if len(value) >= least else f"must have at least {_count(least, 'item')}"


def _max_items(most: int, value: list[Any], *_: Any) -> str | None:
    return None if len(value) <= most else f"must have at most {_count(most, 'item')}"


def _min_properties(least: int, value: dict[str, Any], *_: Any) -> str | None:
    return None if len(value) >= least else f"must have at least {_count(least, 'property')}"


def _max_properties(most: int, value: dict[str, Any], *_: Any) -> str | None:
    return None if len(value) <= most else f"must have at most {_count(most, 'property')}"


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun.removesuffix('y')}ies" if noun.endswith("y") else f"{number} {noun}s"


def _unique_items(expected: bool, value: list[Any], *_: Any) -> str | None:
    if expected and len({_comparable(member) for member in value}) < len(value):
        return "must not have an item twice"
    return None


def _comparable(value: Any) -> Any:
    """What is equal for equal JSON values only: Python's True equals 1, JSON's does not."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return tuple(_comparable(member) for member in value)
    if isinstance(value, dict):
        return frozenset((name, _comparable(member)) for name, member in value.items())
    return value


def _pattern(pattern: dict[str, str], value: str, *_: Any) -> str | None:
    fits = re.search(pattern["python"], value)
    return None if fits else f"must match the pattern {pattern['source']}"


def _enum(expected: tuple[set[Any], list[Any]], value: Any, *_: Any) -> str | None:
    comparable, values = expected
    if _comparable(value) in comparable:
        return None
    words = (value if isinstance(value, str) else json.dumps(value) for value in values)
    return f"must be one of: {', '.join(words)}"


def _format(expected: tuple[Callable[[Any], object], str], value: Any, *_: Any) -> str | None:
    fits, name = expected
    try:
        if fits(value):
            return None
    except ValueError:
        pass
    from api.dialect import FORMATS  # only for a fault: a cold start does without it

    return f"must be {FORMATS[name]}"


def _required(names: list[str], value: dict[str, Any], field: str, faults: Faults) -> None:
    for name in names:
        if name not in value:
            faults.add(joined(field, name), "is required")


def _properties(
    properties: dict[str, Schema], value: dict[str, Any], field: str, faults: Faults
) -> None:
    for name, schema in properties.items():
        if name in value:
            schema.check(value[name], joined(field, name), faults)


def _additional(
    expected: tuple[dict[str, Schema], Schema | None],
    value: dict[str, Any],
    field: str,
    faults: Faults,
) -> None:
    properties, schema = expected
    for name in value:
        if name in properties:
            continue
        if schema:
            schema.check(value[name], joined(field, name), faults)
        else:
            faults.add(joined(field, name), "is not a known property")


def _items(
    expected: tuple[Schema, int | None], value: list[Any], field: str, faults: Faults
) -> None:
    schema, most = expected
    if most is not None and len(value) > most:
        return  # maxItems says so; the rest may be of any size
    for number, member in enumerate(value):
        schema.check(member, joined(field, str(number)), faults)


def _all_of(schema: Schema, value: Any, field: str, faults: Faults) -> None:
    schema.check(value, field, faults)


def _not(schema: Schema, value: Any, field: str, faults: Faults) -> str | None:
    return "must not have this form" if schema.fits(value, faults) else None


def _any_of(choices: list[Schema], value: Any, field: str, faults: Faults) -> str | None:
    for schema in choices:
        if schema.fits(value, faults):
            return None
    return _no_choice(choices, value, field, faults)


def _one_of(choices: list[Schema], value: Any, field: str, faults: Faults) -> str | None:
    fitting = [schema for schema in choices if schema.fits(value, faults)]
    if len(fitting) > 1:
        return f"must fit one of {len(choices)} forms, and fits {len(fitting)}"
    return None if fitting else _no_choice(choices, value, field, faults)


def _no_choice(choices: list[Schema], value: Any, field: str, faults: Faults) -> str | None:
    """The faults of the only choice for this kind of value, or that it fits none."""
    kind = KINDS.get(type(value), BYTES)
    likely = []
    for schema in choices:
        checks = [check for check, _ in schema.checks[kind]]
        if checks != [_wrong_type]:
            likely.append(schema)
    if len(likely) != 1:
        return f"must fit one of {len(choices)} forms, and fits none"
    likely[0].check(value, field, faults)
    return None


def _discriminator(
    expected: tuple[str, dict[str, Schema]], value: Any, field: str, faults: Faults
) -> str | None:
    name, schemas = expected
    if not isinstance(value, dict):
        return "must be an object"
    choice = value.get(name)
    if not isinstance(choice, str) or choice not in schemas:
        faults.add(joined(field, name), f"must be one of: {', '.join(schemas)}")
        return None
    schemas[choice].check(value, field, faults)
    return None


SIMPLE: dict[str, tuple[Kinds, Check]] = {
    "multipleOf": (NUMBER, _multiple_of),
    "minLength": (("string",), _min_length),
    "maxLength": (("string",), _max_length),
    "pattern": (("string",), _pattern),
    "minItems": (("array",), _min_items),
    "maxItems": (("array",), _max_items),
    "uniqueItems": (("array",), _unique_items),
    "minProperties": (("object",), _min_properties),
    "maxProperties": (("object",), _max_properties),
}

# RFC 3339, without leap seconds, as openapi-core reads it.
TIME = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
DATE = r"\d{4}-\d{2}-\d{2}"


def _is_date(value: str) -> bool:
    return bool(_matches(DATE, value) and date.fromisoformat(value))


def _is_date_time(value: str) -> bool:
    return bool(_matches(f"{DATE}T{TIME}", value) and date.fromisoformat(value[:10]))


def _is_time(value: str) -> bool:
    return _matches(TIME, value)


def _matches(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern, value, re.ASCII) is not None


def _is_uuid(value: str) -> bool:
    UUID(value)
    return all(value[position] == "-" for position in (8, 13, 18, 23))


def _is_email(value: str) -> bool:
    return "@" in value


def _is_ipv4(value: str) -> object:
    from ipaddress import IPv4Address  # seldom needed, and slow to import

    return IPv4Address(value)


def _is_ipv6(value: str) -> object:
    from ipaddress import IPv6Address

    return not IPv6Address(value).scope_id


def _is_base64(value: str) -> bool:
    base64.b64decode(value.encode(), validate=True)
    return True


def _is_int32(value: int) -> bool:
    return -(1 << 31) <= value < 1 << 31


def _is_int64(value: int) -> bool:
    return -(1 << 63) <= value < 1 << 63


FORMAT_CHECKS: dict[str, tuple[Kinds, Callable[[Any], object]]] = {
    "date": (("string",), _is_date),
    "date-time": (("string",), _is_date_time),
    "time": (("string",), _is_time),
    "uuid": (("string",), _is_uuid),
    "email": (("string",), _is_email),
    "ipv4": (("string",), _is_ipv4),
    "ipv6": (("string",), _is_ipv6),
    "byte": (("string",), _is_base64),
    "int32": (("integer",), _is_int32),
    "int64": (("integer",), _is_int64),
}
