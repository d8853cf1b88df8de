"""Responses checked against the definition: what a caller of the spec would not expect."""

import json
from typing import Any

import pytest
from samspec.gateway.conformance import Conformance

USER = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "email": {"type": "string", "nullable": True, "pattern": "@"},
        "password": {"type": "string", "writeOnly": True},
    },
    "additionalProperties": False,
}
SPEC = {
    "openapi": "3.0.3",
    "components": {
        "schemas": {"User": USER},
        "headers": {"Count": {"required": True, "schema": {"type": "integer", "minimum": 1}}},
        "responses": {"Gone": {"description": "gone"}},
    },
}
USERS = {"type": "array", "items": {"$ref": "#/components/schemas/User"}}
OPERATION = {
    "responses": {
        "200": {
            "headers": {
                "X-Count": {"$ref": "#/components/headers/Count"},
                "X-Ids": {"schema": {"type": "array", "items": {"type": "integer"}}},
                "Content-Type": {"required": True, "schema": {"type": "string"}},
            },
            "content": {
                "application/json": {"schema": {"properties": {"users": USERS}}},
                "text/*": {"schema": {"type": "string"}},
                "application/vnd.x+json; v=1": {},
            },
        },
        "204": {"description": "nothing"},
        "4XX": {"content": {"application/problem+json": {"schema": {"required": ["status"]}}}},
        410: {"$ref": "#/components/responses/Gone"},
    }
}
ID = "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c"


def check(status: int, body: Any = b"", media_type: str = "", **headers: Any) -> list[str]:
    sent = [(name.replace("_", "-"), value) for name, value in headers.items()]
    if media_type:
        sent.append(("content-type", media_type))
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Conformance(SPEC).mismatches(OPERATION, status, sent, raw)


JSON = "application/json; charset=utf-8"


@pytest.mark.parametrize(
    "response",
    [
        (200, {"users": [{"id": ID, "email": None}]}, JSON),
        (200, b"a,b", "text/csv"),
        (200, b"{}", "application/vnd.x+json"),
    ],
)
def test_a_response_that_the_operation_documents_has_no_mismatch(response: Any) -> None:
    assert check(*response, x_count="3", x_ids="1, 2") == []


def test_a_status_may_be_documented_by_its_class_or_by_reference() -> None:
    assert check(404, {"status": 404}, "application/problem+json") == []
    assert check(410) == []
    assert check(204) == []
    assert check(204, b"of a body nothing is said") == []


@pytest.mark.parametrize(
    ("response", "headers", "expected"),
    [
        ((500,), {}, ["status 500 is not documented"]),
        ((200, b"", JSON), {"x_count": "1"}, ["the body that is documented is missing"]),
        ((200, {}, JSON), {}, ["header X-Count is missing"]),
        ((200, {}, JSON), {"x_count": "many"}, ["header X-Count: 'many' is not of type 'integer'"]),
        ((200, {}, JSON), {"x_count": "0"}, ["header X-Count: 0 is less than the minimum of 1"]),
        (
            (200, {}, JSON),
            {"x_count": "1", "x_ids": "1,b"},
            ["header X-Ids/1: 'b' is not of type 'integer'"],
        ),
        (
            (200, b"\x89", "image/png"),
            {"x_count": "1"},
            [
                "Content-Type image/png is not documented; it may be application/json, text/*, "
                "application/vnd.x+json; v=1"
            ],
        ),
        (
            (200, b"{}"),
            {"x_count": "1"},
            [
                "Content-Type (none) is not documented; it may be application/json, text/*, "
                "application/vnd.x+json; v=1"
            ],
        ),
        (
            (200, b"{", JSON),
            {"x_count": "1"},
            [
                "the body is not JSON: Expecting property name enclosed in double quotes: "
                "line 1 column 2 (char 1)"
            ],
        ),
        (
            (200, {"users": [{"id": ID, "email": "x"}]}, JSON),
            {"x_count": "1"},
            ["body at /users/0/email: 'x' does not match '@'"],
        ),
        (
            (200, {"users": [{"id": ID, "password": "x"}]}, JSON),
            {"x_count": "1"},
            ["body at /users/0/password: Tried to read write-only property with x"],
        ),
        (
            (400, {}, "application/problem+json"),
            {},
            ["body: 'status' is a required property"],
        ),
    ],
)
def test_each_mismatch_is_told_with_its_place(
    response: Any, headers: dict[str, Any], expected: list[str]
) -> None:
    assert check(*response, **headers) == expected


def test_of_many_mismatches_the_first_are_told_and_each_is_short() -> None:
    users = [{"id": "x" * 500} for _ in range(50)]

    mismatches = check(200, {"users": users}, JSON, x_count="1")

    assert mismatches[-1] == "body: and more"
    assert len(mismatches) == 6
    assert max(map(len, mismatches)) == 200


def test_an_operation_without_documented_responses_is_not_checked() -> None:
    assert Conformance(SPEC).mismatches({}, 200, [], b"x") == []


def test_a_reference_that_leads_nowhere_is_told() -> None:
    broken = {"responses": {"200": {"$ref": "#/components/responses/No"}}}

    assert Conformance(SPEC).mismatches(broken, 200, [], b"") == [
        "the $ref #/components/responses/No in the API definition points nowhere"
    ]


TREE = {"type": "object", "properties": {"children": {"type": "array"}}}
TREE["properties"]["children"]["items"] = {"$ref": "#/components/schemas/Tree"}  # type: ignore


@pytest.mark.parametrize(
    "schemas",
    [
        {"Tree": TREE},  # contains itself
        {"Tree": {**TREE, "example": {"$ref": "no reference"}}},
        {"Tree": {"allOf": [TREE, *[{"title": f"part {number}"} for number in range(3000)]]}},
    ],
    ids=["contains itself", "example", "large"],
)
def test_schemas_that_keep_their_references_are_checked_as_well(schemas: dict[str, Any]) -> None:
    spec = {"openapi": "3.0.3", "components": {"schemas": schemas}}
    media = {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}
    operation = {"responses": {"200": {"content": media}}}
    headers = [("Content-Type", "application/json")]
    conformance = Conformance(spec)

    good, bad = b'{"children": [{"children": []}]}', b'{"children": [{"children": 1}]}'
    assert conformance.mismatches(operation, 200, headers, good) == []
    assert conformance.mismatches(operation, 200, headers, bad) == [
        "body at /children/0/children: 1 is not of type 'array'"
    ]
