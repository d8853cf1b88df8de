"""A resource's fields as a command takes them: price:decimal,optional."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from samspec.sam.errors import ProjectError

Schema = dict[str, Any]
LARGEST_INTEGER = 2**53 - 1  # JSON's numbers are exact up to here in any language (RFC 8259, 6)
LARGEST_NUMBER = 1_000_000_000_000
LONGEST_TEXT, LONGEST_LIST = 200, 50
FLAGS = ("optional", "nullable", "unique", "filter")


def _text() -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}


TYPES: dict[str, Callable[[], Schema]] = {
    "text": _text,
    "integer": lambda: {
        "type": "integer",
        "minimum": -LARGEST_INTEGER,
        "maximum": LARGEST_INTEGER,
    },
    "decimal": lambda: {
        "type": "number",
        "minimum": -LARGEST_NUMBER,
        "maximum": LARGEST_NUMBER,
    },
    "boolean": lambda: {"type": "boolean"},
    "date": lambda: {"type": "string", "format": "date"},
    "date-time": lambda: {"type": "string", "format": "date-time", "maxLength": 40},
    "enum": lambda: {"type": "string"},
    "texts": lambda: {"type": "array", "maxItems": LONGEST_LIST, "items": _text()},
    "object": lambda: {"type": "object", "additionalProperties": False},
}
SYNTAX = (
    "name:type, then any of "
    ",optional ,nullable ,unique ,filter ,min=N ,max=N ,values=a|b ,properties=width:integer "
    "height:integer ,pattern=REGEX (the last); types: " + " ".join(TYPES)
)


@dataclass(frozen=True)
class Field:
    """`name` is the property's; `filter`: a listing can ask for one value of it."""

    name: str
    schema: Schema = field(default_factory=dict)
    required: bool = True
    unique: bool = False
    filter: bool = False

    @property
    def nullable(self) -> bool:
        return bool(self.schema.get("nullable"))

    @classmethod
    def parse(cls, text: str) -> "Field":
        """Raises ProjectError with the syntax for what is not a field."""
        name, separator, rest = text.partition(":")
        rest, has_pattern, pattern = rest.partition(",pattern=")
        type_, *options = rest.split(",")
        if not name or not separator or type_ not in TYPES:
            raise ProjectError(f"--field {text!r} is not {SYNTAX}")
        schema = TYPES[type_]()
        if has_pattern:
            schema["pattern"] = pattern
        for option in options:
            key, equals, value = option.partition("=")
            if equals:
                _apply(text, schema, key, value)
            elif key not in FLAGS:
                raise ProjectError(f"--field {text!r}: no option {option!r}: {SYNTAX}")
        if type_ == "enum" and "enum" not in schema:
            raise ProjectError(f"--field {text!r} needs ,values=a|b")
        if "nullable" in options:
            schema["nullable"] = True
        return cls(
            name, schema, "optional" not in options, "unique" in options, "filter" in options
        )


def _apply(text: str, schema: Schema, key: str, value: str) -> None:
    if key == "values":
        schema["enum"] = value.split("|")
    elif key == "properties":
        inner = [Field.parse(part) for part in value.split()]
        schema["required"] = [field.name for field in inner if field.required]
        schema["properties"] = {field.name: field.schema for field in inner}
    elif key in ("min", "max"):
        schema[_bound(text, schema, key)] = _number(text, value)
    else:
        raise ProjectError(f"--field {text!r}: no option {key!r}: {SYNTAX}")


def _bound(text: str, schema: Schema, key: str) -> str:
    bounds = {
        "string": {"min": "minLength", "max": "maxLength"},
        "array": {"min": "minItems", "max": "maxItems"},
        "integer": {"min": "minimum", "max": "maximum"},
        "number": {"min": "minimum", "max": "maximum"},
    }
    if schema["type"] not in bounds:
        raise ProjectError(f"--field {text!r}: its type has no bounds")
    return bounds[str(schema["type"])][key]


def _number(text: str, value: str) -> int | float:
    try:
        return int(value) if value.lstrip("-").isdigit() else float(value)
    except ValueError:
        raise ProjectError(f"--field {text!r}: {value!r} is not a number") from None
