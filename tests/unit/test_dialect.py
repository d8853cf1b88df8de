"""The dialect of OpenAPI that the functions check: what lies outside is named, with its place."""

import json
import runpy
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from api import build, dialect
from api.contract import Contract
from samspec.sam import documents

STRING, ARRAY = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
OPERATION = "#/paths/~1things~1{id}/post"


def spec(operation: dict[str, Any], **rest: Any) -> dict[str, Any]:
    path = {"post": {"operationId": "do", **operation}}
    return {"openapi": "3.0.3", "paths": {"/things/{id}": path}, **rest}


def gaps(operation: dict[str, Any], **rest: Any) -> list[tuple[str, str]]:
    outside = dialect.gaps(spec(operation, **rest))
    return [(dialect.pointer(gap.place).removeprefix(OPERATION), gap.reason) for gap in outside]


def schema_gaps(schema: Any, **rest: Any) -> list[tuple[str, str]]:
    content = {"application/json": {"schema": schema}}
    place = "/requestBody/content/application~1json/schema"
    outside = gaps({"requestBody": {"content": content}}, **rest)
    return [(pointer.removeprefix(place), reason) for pointer, reason in outside]


@pytest.mark.parametrize(
    ("schema", "place", "reason"),
    [
        ({"const": 1}, "/const", "OpenAPI 3.0 has no keyword const: write `enum` with one value"),
        (
            {"properties": {"a/b": {"if": {}}}},
            "/properties/a~1b/if",
            "OpenAPI 3.0 has no keyword if: write `oneOf`",
        ),
        (
            {"maxLenght": 1},
            "/maxLenght",
            "OpenAPI 3.0 has no keyword maxLenght: it is checked by nothing",
        ),
        (
            {"type": ["string", "null"]},
            "/type",
            "type is one of string, number, integer, boolean, array, object; for null, write "
            "nullable: true",
        ),
        (
            {"type": "text"},
            "/type",
            "type is one of string, number, integer, boolean, array, object",
        ),
        ({"type": "array"}, "", "an array needs `items`, the schema of its items"),
        (
            {"minimum": 1, "exclusiveMinimum": 0},
            "/exclusiveMinimum",
            "exclusiveMinimum is true or false in OpenAPI 3.0",
        ),
        ({"maximum": "9"}, "/maximum", "maximum is a number"),
        ({"multipleOf": 0}, "/multipleOf", "multipleOf is greater than 0"),
        ({"maxLength": 1.5}, "/maxLength", "maxLength is a whole number"),
        ({"required": True}, "/required", "required is a list"),
        (
            {"pattern": r"^\p{L}+$"},
            "/pattern",
            r"Python cannot read this pattern: bad escape \p at position 1",
        ),
        ({"not": True}, "/not", "a schema is an object"),
        (
            {"additionalProperties": {"$ref": "other.yaml#/A"}},
            "/additionalProperties",
            "other.yaml#/A is in another file: API Gateway imports one file",
        ),
        ({"items": {"$ref": "#/components/x"}}, "/items", "#/components/x leads nowhere"),
        (
            {"allOf": [{"$ref": "#/paths/~1things~1{id}/7"}]},
            "/allOf/0",
            "#/paths/~1things~1{id}/7 leads nowhere",
        ),
    ],
)
def test_a_schema_outside_the_dialect_is_named(
    schema: dict[str, Any], place: str, reason: str
) -> None:
    assert schema_gaps(schema) == [(place, reason)]


def test_a_gap_is_where_the_reference_leads_and_is_told_once() -> None:
    schemas = {"Thing": {"properties": {"x": {"const": 1}}}}
    two = {"properties": {name: {"$ref": "#/components/schemas/Thing"} for name in "ab"}}

    ((place, _),) = schema_gaps(two, components={"schemas": schemas})

    assert place == "#/components/schemas/Thing/properties/x/const"


@pytest.mark.parametrize(
    ("schemas", "reason"),
    [
        (
            {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
            "#/components/schemas/B leads back to itself",
        ),
        (
            {"A": {"allOf": [{"$ref": "#/components/schemas/A"}]}},
            "#/components/schemas/A is a part of itself",
        ),
    ],
)
def test_a_schema_that_refers_only_to_itself_is_named(schemas: dict[str, Any], reason: str) -> None:
    outside = schema_gaps({"$ref": "#/components/schemas/A"}, components={"schemas": schemas})

    assert [told for _, told in outside] == [reason]


@pytest.mark.parametrize(
    ("parameter", "place", "reason"),
    [
        (
            {"in": "query", "style": "simple", "schema": STRING},
            "",
            "style simple is not one of a query parameter",
        ),
        (
            {"in": "body", "schema": STRING},
            "",
            "style simple is not one of a body parameter",
        ),
        (
            {"in": "query", "style": "pipeDelimited", "explode": False, "schema": STRING},
            "",
            "style pipeDelimited does not carry a value of this type",
        ),
        (
            {"in": "query", "style": "deepObject", "schema": ARRAY},
            "",
            "style deepObject does not carry a value of this type",
        ),
        (
            {"in": "query", "style": "spaceDelimited", "explode": True, "schema": ARRAY},
            "",
            "style spaceDelimited is not exploded: write explode: false",
        ),
        (
            {
                "in": "query",
                "style": "deepObject",
                "explode": False,
                "schema": {"type": "object", "properties": {}},
            },
            "",
            "style deepObject is always exploded: write explode: true",
        ),
        (
            {"in": "query", "schema": {"type": "array", "items": ARRAY}},
            "/schema/items",
            "a list or object inside another has no form here",
        ),
        (
            {"in": "query", "schema": {"properties": {"a": ARRAY}}},
            "/schema/properties/a",
            "a list or object inside another has no form here",
        ),
        (
            {"in": "query", "schema": {"oneOf": [STRING, ARRAY]}},
            "/schema",
            "a value that may be a list or an object, or not, has no one form",
        ),
        ({"in": "query"}, "", "a parameter needs a schema"),
        (
            {"in": "query", "content": {"image/png": {}}},
            "/content/image~1png",
            "the content of a parameter is JSON or text",
        ),
    ],
)
def test_a_parameter_outside_the_dialect_is_named(
    parameter: dict[str, Any], place: str, reason: str
) -> None:
    outside = gaps({"parameters": [{"name": "p", **parameter}]})

    assert outside == [(f"/parameters/0{place}", reason)]


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        ({}, "", "a request body needs content"),
        (
            {"application/*+json": {}},
            "/content/application~1*+json",
            "application/*+json is not a media type or a range such as text/*",
        ),
        (
            {"a/b": {}, "A/B; x=1": {}},
            "/content/A~1B; x=1",
            "another key has this media type: its parameters are not read",
        ),
        (
            {"text/csv": {"schema": ARRAY}},
            "/content/text~1csv/schema",
            "a body of text/csv is a text: write type: string",
        ),
        (
            {"application/xml": {"schema": {"allOf": [{"type": "object"}]}}},
            "/content/application~1xml/schema",
            "a body of application/xml is a text: write type: string",
        ),
        (
            {"image/png": {"schema": {"type": "string", "maxLength": 9}}},
            "/content/image~1png/schema/maxLength",
            "these bytes are not checked: write type: string, format: binary",
        ),
        (
            {"application/pdf": {"schema": {"type": "object"}}},
            "/content/application~1pdf/schema/type",
            "these bytes are not checked: write type: string, format: binary",
        ),
        (
            {"multipart/form-data": {"schema": ARRAY}},
            "/content/multipart~1form-data/schema",
            "a form is an object: write type: object",
        ),
        (
            {
                "multipart/form-data": {
                    "schema": {"properties": {"a": STRING}},
                    "encoding": {"a": {"headers": {"X-A": {}}}},
                }
            },
            "/content/multipart~1form-data/encoding/a/headers",
            "headers of parts are not read",
        ),
        (
            {
                "application/x-www-form-urlencoded": {
                    "schema": {"properties": {"a": ARRAY}},
                    "encoding": {"a": {"style": "deepObject"}},
                }
            },
            "/content/application~1x-www-form-urlencoded/schema/properties/a",
            "style deepObject does not carry a value of this type",
        ),
    ],
)
def test_a_body_outside_the_dialect_is_named(
    content: dict[str, Any], place: str, reason: str
) -> None:
    assert gaps({"requestBody": {"content": content}}) == [(f"/requestBody{place}", reason)]


def test_a_range_of_media_types_may_have_any_schema() -> None:
    content = {"*/*": {"schema": ARRAY}, "text/*": {"schema": ARRAY}}

    assert gaps({"requestBody": {"content": content}}) == []


def test_annotations_extensions_and_own_formats_are_not_gaps() -> None:
    annotations = {"title": "T", "example": {"const": 1}, "x-own": 1, "format": "phone"}

    assert schema_gaps({"type": "string", **annotations}) == []


def test_every_operation_of_a_spec_is_looked_at() -> None:
    wrong = {"parameters": [{"in": "query", "name": "q", "schema": {"const": 1}}]}
    paths = {
        "/a": {
            "get": {"operationId": "a", **wrong},
            "x-amazon-apigateway-any-method": {"operationId": "any", **wrong},
            "parameters": [],
        },
        "/b": {"post": {"operationId": "b"}, "options": wrong},
    }

    assert [gap.operation for gap in dialect.gaps({"paths": paths})] == ["a", "any"]


def test_a_function_does_not_load_with_what_it_would_not_check(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(
        json.dumps(spec({"requestBody": {"content": {"a/b+json": {"schema": {"const": 1}}}}}))
    )

    with pytest.raises(dialect.OutsideDialect) as raised:
        build.plan("do", tmp_path)

    assert str(raised.value) == (
        "do uses what the functions do not check:\n"
        f"  {OPERATION}/requestBody/content/a~1b+json/schema/const: "
        "OpenAPI 3.0 has no keyword const: write `enum` with one value"
    )
    assert raised.value.gaps == dialect.gaps(build.read(path))


def test_an_operation_that_the_spec_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="has an operation 'renameUser'"):
        Contract.of("renameUser")
    with pytest.raises(LookupError, match="has no operation 'renameUser'"):
        dialect.compiled(spec({}), "renameUser")


def test_dates_without_quotes_are_text(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_text("info: { version: 2026-11-27, at: 2026-11-23T01:26:38Z, on: true, count: 1 }")

    info = build.read(path)["info"]

    assert info == {"version": "2026-11-27", "at": "2026-11-23T01:26:38Z", True: True, "count": 1}
    assert documents.read(path) == build.read(path)  # the tools read it alike


SPEC_OF_TWO = """
openapi: 3.0.3
info: { title: T, version: 2026-11-27 }
paths:
  /a/b:
    get:
      operationId: a/b
      x-amazon-apigateway-integration: { uri: { Fn::Sub: "x/${AFunction.Arn}:live/y" } }
    put:
      operationId: put
      x-amazon-apigateway-integration: { uri: { Fn::Sub: ["x/${F}", { F: !!str "${AFunction}" }] } }
    post:
      operationId: other
      x-amazon-apigateway-integration: { uri: { Fn::Sub: "x/${AFunctionToo.Arn}/y" } }
"""


@pytest.mark.parametrize(
    ("function", "operations"),
    [
        ("AFunction", {"a%2Fb.json", "put.json"}),
        ("AFunctionToo", {"other.json"}),
        ("Unnamed", {"a%2Fb.json", "put.json", "other.json"}),
    ],
)
def test_the_build_leaves_a_functions_own_operations(
    function: str, operations: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "api.yaml").write_text(SPEC_OF_TWO)
    (tmp_path / "other.yaml").write_text("not: [an, OpenAPI, document]")

    run_build(monkeypatch, tmp_path, function)

    assert {path.name for path in (tmp_path / "contracts").iterdir()} == operations


def test_the_build_stops_at_what_the_functions_would_not_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = spec({"parameters": [{"in": "query", "name": "q", "schema": {"const": 1}}]})
    (tmp_path / "api.json").write_text(json.dumps(outside))

    with pytest.raises(SystemExit, match="do uses what the functions do not check:\n  #/paths/"):
        run_build(monkeypatch, tmp_path, "AFunction")


def run_build(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    """As handlers/Makefile does: python -m api.build ARTIFACT FUNCTION."""
    monkeypatch.setattr(sys, "argv", ["api.build", *map(str, arguments)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the tests have imported it already
        runpy.run_module("api.build", run_name="__main__")


def test_a_function_loads_what_was_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "api.json").write_text(json.dumps(spec({})))
    build.main(tmp_path, "AFunction")
    (tmp_path / "api.json").unlink()
    monkeypatch.setattr("api.contract.FOLDER", tmp_path)

    assert Contract.of("do")
