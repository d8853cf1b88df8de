"""Where the functions' verdict is not openapi-core's, and why: all that is known."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.contract.generated import Sent

INTEGER, NUMBER, STRING = {"type": "integer"}, {"type": "number"}, {"type": "string"}
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Difference:
    """`ours` is whether the functions take the example's request; openapi-core says the opposite.
    `shows` tells whether a request may differ in this way; None if none at random does.
    """

    name: str
    reason: str
    ours: bool
    operation: dict[str, Any]
    sent: Sent
    shows: Callable[[str], bool] | None = None


def parameter(schema: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"parameters": [{"in": "query", "name": "q", "schema": schema, **settings}]}


def query(*texts: str) -> Sent:
    return Sent(path={"p": "1"}, query=[("q", text) for text in texts])


def body(schema: dict[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    return {"requestBody": {"content": {media_type: {"schema": schema}}}}


def sent(text: bytes, media_type: str = "application/json") -> Sent:
    return Sent(path={"p": "1"}, body=text, content_type=media_type)


def spelled(pattern: str) -> Callable[[str], bool]:
    """Whether a part of a URL, header or form is written so."""
    parts = re.compile(rf"(?i)(^|[=,.;|&]|%20)({pattern})($|[=,.;|&]|%20)")
    return lambda text: parts.search(text) is not None


DIFFERENCES = [
    Difference(
        "an integer is written as in JSON",
        "Python's int() takes 1_0, +5, 007, blanks around and the digits of every script",
        False,
        parameter(INTEGER),
        query("007"),
        spelled(r"[+-]?0\d+|\+\d+"),
    ),
    Difference(
        "a number is written as in JSON",
        "Python's float() takes NaN, inf, .5 and 1_0, which no JSON has",
        False,
        parameter(NUMBER),
        query("inf"),
        spelled(r"[+-]?0\d+|\+\d+|inf|nan"),
    ),
    Difference(
        "a boolean is true or false",
        "openapi-core takes y, yes, t, on and 1 as well, in any letter case",
        False,
        parameter({"type": "boolean"}),
        query("yes"),
        spelled("y|n|yes|no|t|f|on|off|1|0|true|false"),
    ),
    Difference(
        "a whole number is an integer, also where a number is meant",
        "openapi-core makes 3 of a query 3.0 for `number`, which then is no integer for the next",
        True,
        parameter({"oneOf": [{"type": "number", "maximum": 1}, INTEGER]}),
        query("3"),
    ),
    Difference(
        "a whole number is a number and an integer",
        "for the same reason it fits only `number` of the two for openapi-core",
        False,
        parameter({"oneOf": [NUMBER, INTEGER]}),
        query("3"),
    ),
    Difference(
        "a fraction is a multiple in decimal",
        "in binary, 19.99 / 0.01 is 1998.9999999999998",
        True,
        body({"multipleOf": 0.01}),
        sent(b"19.99"),
    ),
    Difference(
        "a pattern's end is the end",
        "Python's $ also matches before a last line feed; JSON Schema's does not",
        False,
        body({"pattern": "a$"}),
        sent(b'"a\\n"'),
    ),
    Difference(
        "a name is there once",
        "json.loads() takes the last of the values, another parser the first",
        False,
        body({}),
        sent(b'{"a": 1, "a": 2}'),
    ),
    Difference(
        "text is Unicode",
        "half of a surrogate pair is not a character: no UTF-8 can represent it",
        False,
        body({}),
        sent(b'"\\ud800"'),
    ),
    Difference(
        "a number is one that JSON has",
        "json.loads() takes NaN and Infinity, and makes infinity of 1e400",
        False,
        body({}),
        sent(b"1e400"),
    ),
    Difference(
        "an exploded object is its properties",
        "openapi-core looks for one text x=1&y=2 under the parameter's name",
        True,
        parameter({"type": "object", "properties": {"x": INTEGER}}, required=True),
        Sent(path={"p": "1"}, query=[("x", "1")]),
    ),
    Difference(
        "a list in a header may have blanks after its commas",
        "RFC 9110, 5.6.1; API Gateway's own joining of repeated headers writes them",
        True,
        {
            "parameters": [
                {
                    "in": "header",
                    "name": "X-Q",
                    "schema": {"type": "array", "items": {"enum": ["a", "b"]}},
                }
            ]
        },
        Sent(path={"p": "1"}, header={"x-q": "a, b"}),
    ),
    Difference(
        "a list by way of allOf is a list",
        "openapi-core looks for the type next to allOf only",
        True,
        parameter({"allOf": [{"type": "array", "items": INTEGER}]}),
        query("1", "2"),
    ),
    Difference(
        "a required parameter has no default",
        "OpenAPI says that a default has no meaning there; API Gateway refuses the request",
        False,
        parameter({"type": "integer", "default": 1}, required=True),
        query(),
    ),
    Difference(
        "a media type's key may have parameters and capitals",
        "media types are compared without them (RFC 9110, 8.3.1)",
        True,
        body(INTEGER, "Application/JSON; charset=utf-8"),
        sent(b"1"),
    ),
    Difference(
        "a range of media types reads JSON as JSON",
        "openapi-core reads a body of application/* as bytes, which fit no schema but a string's",
        True,
        body(INTEGER, "application/*"),
        sent(b"1"),
    ),
    Difference(
        "a closed form is closed",
        "openapi-core drops the fields that the schema does not name before it checks",
        False,
        body({"type": "object", "properties": {}, "additionalProperties": False}, FORM_TYPE),
        sent(b"other=1", FORM_TYPE),
    ),
    Difference(
        "a form keeps the fields that its schema does not name",
        "openapi-core drops them, so that a required one is missing",
        True,
        body({"type": "object", "properties": {}, "required": ["x"]}, FORM_TYPE),
        sent(b"x=1", FORM_TYPE),
    ),
    Difference(
        "a property that refers to a readOnly schema is read-only",
        "openapi-core requires it, and refuses it when it is there",
        True,
        body(
            {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"$ref": "#/components/schemas/Id"}},
            }
        ),
        sent(b"{}"),
    ),
    Difference(
        "a discriminator chooses among the listed schemas",
        "openapi-core takes any schema of components",
        False,
        body(
            {
                "oneOf": [{"$ref": "#/components/schemas/A"}],
                "discriminator": {"propertyName": "kind"},
            }
        ),
        sent(b'{"kind": "B"}'),
    ),
    Difference(
        "a time has an offset",
        "openapi-core's `time` is that of JSON Schema's draft 3, not RFC 3339's",
        True,
        body({"type": "string", "format": "time"}),
        sent(b'"06:00:00Z"'),
    ),
    Difference(
        "a format that the table lacks is a comment",
        "openapi-core knows a few more: json-pointer, regex, idn-hostname",
        True,
        body({"type": "string", "format": "json-pointer"}),
        sent(b'"x"'),
    ),
]
COMPONENTS = {
    "A": {"type": "object", "properties": {"kind": STRING}},
    "B": {"type": "object"},
    "Id": {"type": "string", "readOnly": True},
}
