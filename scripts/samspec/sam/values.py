"""Values that a schema allows, plausible ones and different by number: for seeds, tests,
examples."""

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from samspec.sam import patterns

Schema = Mapping[str, Any]
Resolve = Callable[[Any], Any]  # what a `$ref` refers to

FIRST = [
    "Ada",
    "Alan",
    "Barbara",
    "Claude",
    "Dorothy",
    "Edsger",
    "Frances",
    "Grace",
    "Hedy",
    "John",
    "Radia",
]
LAST = [
    "Allen",
    "Dijkstra",
    "Hamilton",
    "Hopper",
    "Johnson",
    "Knuth",
    "Liskov",
    "Lovelace",
    "Shannon",
    "Turing",
]
WORDS = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "heron",
    "iris",
    "jade",
    "kelp",
    "lotus",
    "maple",
    "north",
]
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


class NoValue(Exception):
    """No value could be made for a schema; `name` is the property's."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name or 'the body'}: {reason}")
        self.name = name


def value(schema: Any, number: int, resolve: Resolve, name: str = "") -> Any:
    """The value with that number, of all properties; raises NoValue if none can be made."""
    schema = merged(schema, resolve)
    if "enum" in schema:
        choices = [choice for choice in schema["enum"] if choice is not None]
        return choices[number % len(choices)]
    if "properties" in schema or schema.get("type") == "object":
        properties = schema.get("properties", {})
        example = {}
        for key, member in properties.items():
            if not _read_only(member, resolve):
                example[key] = value(member, number, resolve, key)
        return example
    make = MAKERS.get(str(schema.get("type", "string")), _string)
    return make(schema, number, resolve, name)


def merged(node: Any, resolve: Resolve) -> dict[str, Any]:
    """The schema with its references followed and its parts in one; of choices the first."""
    schema: dict[str, Any] = dict(resolve(node) or {})
    parts = [*schema.pop("allOf", ())]
    for choice in ("oneOf", "anyOf"):
        parts += schema.pop(choice, ())[:1]
    for part in parts:
        other = merged(part, resolve)
        properties = {**schema.get("properties", {}), **other.get("properties", {})}
        schema = {**other, **schema}
        if properties:
            schema["properties"] = properties
    return schema


def people() -> Iterator[str]:
    """Names that never repeat."""
    names = [f"{first} {last}" for last in LAST for first in FIRST]
    yield from names
    for number in itertools.count(2):
        for name in names:
            yield f"{name} {number}"


def person(number: int) -> str:
    first, last = FIRST[number % len(FIRST)], LAST[number // len(FIRST) % len(LAST)]
    again = number // (len(FIRST) * len(LAST))
    return f"{first} {last} {again + 1}" if again else f"{first} {last}"


def _read_only(schema: Any, resolve: Resolve) -> bool:
    return bool((resolve(schema) or {}).get("readOnly"))


def _string(schema: Schema, number: int, resolve: Resolve, name: str) -> str:
    written = _formatted(schema, number, name)
    for text in (written, *_lengthened(schema, written, number)):
        if _fits(schema, text):
            return text
    pattern = schema.get("pattern")
    if pattern:
        for text in patterns.texts(pattern, number):
            if _fits(schema, text):
                return text
        raise NoValue(name, f"no text was found for the pattern {pattern}")
    raise NoValue(name, "no text of its length was found")


def _formatted(schema: Schema, number: int, name: str) -> str:
    moment = FIRST_DAY + timedelta(days=number, seconds=number)
    named = person(number)
    examples = {
        "date": (FIRST_DAY.date() + timedelta(days=number)).isoformat(),
        "date-time": moment.isoformat().replace("+00:00", "Z"),
        "email": f"{named.lower().replace(' ', '.')}@example.com",
        "uuid": str(uuid5(NAMESPACE_URL, str(number))),
        "uri": f"https://example.com/{number}",
        "byte": "c2Ftc3BlYw==",
    }
    form = schema.get("format")
    if form in examples:
        return examples[form]
    if "mail" in name.lower():
        return examples["email"]
    if "name" in name.lower():
        return named
    return f"{WORDS[number % len(WORDS)]} {number}"


def _lengthened(schema: Schema, text: str, number: int) -> Iterator[str]:
    """The text without spaces, and cut or filled to the length that is asked for."""
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    yield text.replace(" ", "-")
    digits = str(number)
    if most is not None:
        yield text[: max(most - len(digits), 0)].strip() + digits[-most:]
        yield digits[-most:] if most else ""
    yield text.ljust(least, "x")
    yield digits.rjust(least, "0")


def _fits(schema: Schema, text: str) -> bool:
    long_enough = len(text) >= schema.get("minLength", 0)
    short_enough = len(text) <= schema.get("maxLength", len(text))
    return long_enough and short_enough and bool(re.search(schema.get("pattern", ""), text))


def _integer(schema: Schema, number: int, resolve: Resolve, name: str) -> int:
    return int(_bounded(schema, number, 1, name))


def _number(schema: Schema, number: int, resolve: Resolve, name: str) -> float:
    step = schema.get("multipleOf", 0.25)
    return round(_bounded(schema, number, step, name), 10)


def _bounded(schema: Schema, number: int, least_step: float, name: str) -> float:
    """The number-th multiple of the step within the bounds, beginning again after the last."""
    step = float(schema.get("multipleOf", least_step))
    low, high = schema.get("minimum", 0), schema.get("maximum", math.inf)
    if low < 0 and high >= step:
        low = step  # plausible values are not the most negative ones
    first = math.ceil(low / step)
    if schema.get("exclusiveMinimum") and first * step == low:
        first += 1
    if "minimum" not in schema and high < 0:
        first = math.floor(high / step) - number
    last = math.inf if high == math.inf else math.floor(high / step)
    if schema.get("exclusiveMaximum") and last * step == high:
        last -= 1
    if last < first:
        raise NoValue(name, "no number is within its bounds")
    places = last - first + 1
    place = number + 1 if "minimum" not in schema and number + 1 <= last else number
    return float(step * (first + (place if places == math.inf else place % int(places))))


def _boolean(schema: Schema, number: int, resolve: Resolve, name: str) -> bool:
    return number % 2 == 0


def _array(schema: Schema, number: int, resolve: Resolve, name: str) -> list[Any]:
    least = schema.get("minItems", 0)
    count = min(max(least, 2), schema.get("maxItems", max(least, 2)))
    return [value(schema.get("items", {}), number + n, resolve, name) for n in range(count)]


MAKERS: dict[str, Callable[[Schema, int, Resolve, str], Any]] = {
    "array": _array,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "string": _string,
}
