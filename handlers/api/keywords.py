"""Keywords of schemas, each a check: of what the keyword expects, a value and its field, it returns
what is wrong, or adds that to the faults. dialect/statement.py states which there are.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from api.faults import Faults, joined
from api.schema import BYTES, KINDS, Check, Schema

NUMBER = ("number", "integer")

Kinds = tuple[str, ...]


def wrong_type(words: str, *_: Any) -> str:
    return f"must be {words}"


def read_only(*_: Any) -> str:
    return "is read-only"


def minimum(expected: tuple[Any, bool], value: Any, *_: Any) -> str | None:
    least, exclusive = expected
    if exclusive:
        return None if value > least else f"must be greater than {least}"
    return None if value >= least else f"must be at least {least}"


def maximum(expected: tuple[Any, bool], value: Any, *_: Any) -> str | None:
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
    if expected and len({comparable(member) for member in value}) < len(value):
        return "must not have an item twice"
    return None


def comparable(value: Any) -> Any:
    """What is equal for equal JSON values only: Python's True equals 1, JSON's does not."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return tuple(comparable(member) for member in value)
    if isinstance(value, dict):
        return frozenset((name, comparable(member)) for name, member in value.items())
    return value


def _pattern(pattern: dict[str, str], value: str, *_: Any) -> str | None:
    fits = re.search(pattern["python"], value)
    return None if fits else f"must match the pattern {pattern['source']}"


def enum(expected: tuple[set[Any], list[Any]], value: Any, *_: Any) -> str | None:
    allowed, values = expected
    if comparable(value) in allowed:
        return None
    words = (value if isinstance(value, str) else json.dumps(value) for value in values)
    return f"must be one of: {', '.join(words)}"


def format(expected: tuple[Callable[[Any], object], str], value: Any, *_: Any) -> str | None:
    fits, name = expected
    try:
        if fits(value):
            return None
    except ValueError:
        pass
    from api.dialect import FORMATS  # only for a fault: a cold start does without it

    return f"must be {FORMATS[name]}"


def required(names: list[str], value: dict[str, Any], field: str, faults: Faults) -> None:
    for name in names:
        if name not in value:
            faults.add(joined(field, name), "is required")


def properties(
    properties: dict[str, Schema], value: dict[str, Any], field: str, faults: Faults
) -> None:
    for name, schema in properties.items():
        if name in value:
            schema.check(value[name], joined(field, name), faults)


def additional(
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


def items(
    expected: tuple[Schema, int | None], value: list[Any], field: str, faults: Faults
) -> None:
    schema, most = expected
    if most is not None and len(value) > most:
        return  # maxItems says so; the rest may be of any size
    for number, member in enumerate(value):
        schema.check(member, joined(field, str(number)), faults)


def all_of(schema: Schema, value: Any, field: str, faults: Faults) -> None:
    schema.check(value, field, faults)


def not_(schema: Schema, value: Any, field: str, faults: Faults) -> str | None:
    return "must not have this form" if schema.fits(value, faults) else None


def any_of(choices: list[Schema], value: Any, field: str, faults: Faults) -> str | None:
    for schema in choices:
        if schema.fits(value, faults):
            return None
    return _no_choice(choices, value, field, faults)


def one_of(choices: list[Schema], value: Any, field: str, faults: Faults) -> str | None:
    fitting = [schema for schema in choices if schema.fits(value, faults)]
    if len(fitting) > 1:
        return f"must fit one of {len(choices)} forms, and fits {len(fitting)}"
    return None if fitting else _no_choice(choices, value, field, faults)


def _no_choice(choices: list[Schema], value: Any, field: str, faults: Faults) -> str | None:
    """The faults of the only choice for this type of value, or that it fits none."""
    value_type = KINDS.get(type(value), BYTES)
    likely = []
    for schema in choices:
        checks = [check for check, _ in schema.checks[value_type]]
        if checks != [wrong_type]:
            likely.append(schema)
    if len(likely) != 1:
        return f"must fit one of {len(choices)} forms, and fits none"
    likely[0].check(value, field, faults)
    return None


def discriminator(
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
