"""samspec.sam.values: what a schema allows, as seeds, tests and examples use it."""

from typing import Any

import pytest
from jsonschema import Draft4Validator
from samspec.sam.values import NoValue, value

NUMBERS = (0, 1, 2, 30, 1000)
SCHEMAS: list[dict[str, Any]] = [
    {"type": "string", "pattern": "^[0-9]{13}$"},
    {"type": "string", "pattern": r"^(97(8|9))?\d{9}(\d|X)$"},
    {"type": "string", "pattern": "^[A-Z]{2}-[^a-z]{3}$", "minLength": 6},
    {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"},
    {"type": "string", "pattern": "^[ぁ-ん]+$"},
    {"type": "string", "pattern": "^[^ ]+$", "maxLength": 8},
    {"type": "string", "minLength": 20, "maxLength": 22},
    {"type": "string", "maxLength": 2},
    {"type": "string", "format": "email"},
    {"type": "string", "format": "date"},
    {"type": "string", "format": "date-time"},
    {"type": "string", "format": "uuid"},
    {"type": "string", "enum": ["a", "b"]},
    {"type": "integer", "minimum": 1, "maximum": 3},
    {"type": "integer", "maximum": -5},
    {"type": "integer", "minimum": 10, "multipleOf": 7},
    {"type": "number", "minimum": 0, "exclusiveMinimum": True},
    {"type": "number", "minimum": 0, "maximum": 1},
    {"type": "boolean"},
    {"type": "array", "items": {"type": "string"}, "minItems": 3},
    {"type": "array", "items": {"type": "integer"}, "maxItems": 1},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    {"allOf": [{"properties": {"a": {"enum": [1]}}}, {"properties": {"b": {"enum": [2]}}}]},
    {"oneOf": [{"type": "string", "maxLength": 1}, {"type": "integer"}]},
]


def same(node: Any) -> Any:
    return node


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_value_is_one_that_the_schema_allows(schema: dict[str, Any], number: int) -> None:
    Draft4Validator(schema).validate(value(schema, number, same))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "pattern": "^[0-9]{13}$"},
        {"type": "string", "maxLength": 4},
        {"type": "string", "format": "email"},
        {"type": "integer"},
        {"type": "number", "minimum": 1},
    ],
    ids=str,
)
def test_a_thousand_values_differ(schema: dict[str, Any]) -> None:
    values = [value(schema, number, same) for number in range(1000)]

    assert len(set(values)) == 1000


def test_what_the_service_sets_is_left_out() -> None:
    schema = {"properties": {"id": {"readOnly": True}, "a": {"enum": [1]}}}

    assert value(schema, 0, same) == {"a": 1}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "string", "pattern": "^(?=b)a$"}, "no text was found for the pattern"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "no text of its length"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "no number is within its bounds"),
    ],
)
def test_a_schema_that_allows_nothing_is_named(schema: dict[str, Any], reason: str) -> None:
    with pytest.raises(NoValue, match=f"code: {reason}"):
        value({"properties": {"code": schema}}, 0, same)
