"""The contract: what a request must be, as the spec says, for specs of any kind."""

import base64
import json
from typing import Any

import pytest
from api import dialect
from api.contract import Arguments, Contract
from api.errors import Fault, InvalidJson, InvalidRequest, UnsupportedMediaType
from api.faults import Faults
from api.proxy import Request

BODY = {
    "type": "object",
    "required": ["tags"],
    "properties": {
        "tags": {
            "type": "array",
            "items": {"type": "object", "properties": {"n": {"type": "integer"}}},
        },
        "name": {"type": "string"},
    },
}


def contract(
    parameters: list[dict[str, Any]] | None = None,
    body: dict[str, Any] | None = None,
    path: str = "/things",
    **spec: Any,
) -> Contract:
    operation: dict[str, Any] = {"operationId": "do", "parameters": parameters or []}
    if body is not None:
        operation["requestBody"] = body
    return Contract(dialect.compiled({"paths": {path: {"post": operation}}, **spec}, "do"))


def request(
    query: dict[str, Any] | None = None,
    body: bytes = b"",
    content_type: str = "application/json",
    path: dict[str, str] | None = None,
    **header: str,
) -> Request:
    values = {}
    for name, text in (query or {}).items():
        values[name] = text if isinstance(text, list) else [text]
    header = {name.replace("_", "-"): text for name, text in header.items()}
    return Request(path or {}, values, {"content-type": content_type, **header}, body)


def faults(contract: Contract, request: Request) -> list[Fault]:
    with pytest.raises(InvalidRequest) as raised:
        contract.check(request)
    return list(raised.value.faults)


def query(schema: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"in": "query", "name": "q", "schema": schema, **settings}


def json_body(schema: dict[str, Any], required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def body_faults(schema: dict[str, Any], value: Any, **spec: Any) -> list[tuple[str, str]]:
    body = json.dumps(value).encode()
    try:
        contract(body=json_body(schema), **spec).check(request(body=body))
    except InvalidRequest as invalid:
        return [(fault.field, fault.detail) for fault in invalid.faults]
    return []


STRING, INTEGER = {"type": "string"}, {"type": "integer"}
STRINGS, INTEGERS = {"type": "array", "items": STRING}, {"type": "array", "items": INTEGER}
POINT = {"type": "object", "properties": {"x": INTEGER, "y": INTEGER, "name": STRING}}


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (STRING, "20", "20"),
        (INTEGER, "20", 20),
        (INTEGER, "-1", -1),
        (INTEGER, "9" * 100, int("9" * 100)),
        ({"type": "number"}, "-1.5", -1.5),
        ({"type": "number"}, "1e3", 1000.0),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "false", False),
        ({"anyOf": [INTEGER, STRING]}, "20", 20),
        ({"anyOf": [INTEGER, STRING]}, "twenty", "twenty"),
        ({"oneOf": [{"type": "boolean"}, INTEGER]}, "1", 1),
        ({"allOf": [INTEGER, {"minimum": 1}]}, "1", 1),
        ({"enum": ["a", "b"]}, "a", "a"),
        ({}, "20", "20"),
    ],
)
def test_a_parameter_has_its_schemas_type(schema: dict[str, Any], text: str, value: Any) -> None:
    read = contract([query(schema)]).check(request({"q": text})).query["q"]

    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    ["0x1", "01", "+1", " 1", "1_0", "٣", "NaN", "True", "null", "1e999", "inf", "1.", "9" * 5000],
)
@pytest.mark.parametrize(
    ("type", "words"),
    [("integer", "an integer"), ("number", "a number"), ("boolean", "true or false")],
)
def test_a_parameter_of_another_spelling_is_not_of_its_type(
    type: str, words: str, text: str
) -> None:
    invalid = faults(contract([query({"type": type})]), request({"q": text}))

    assert invalid == [Fault("query", "q", f"must be {words}")]


def test_a_fraction_is_a_decimal_where_the_format_says_so() -> None:
    price = {"type": "number", "format": "decimal"}
    read = contract([query(price)]).check(request({"q": "19.990"}))

    assert str(read.query["q"]) == "19.990"


@pytest.mark.parametrize(
    ("schema", "settings", "sent", "value"),
    [
        (STRINGS, {}, {"q": ["a", "b"]}, ["a", "b"]),
        (STRINGS, {}, {"q": ["a"]}, ["a"]),
        (STRINGS, {}, {"q": ["a,b"]}, ["a,b"]),
        (INTEGERS, {"explode": False}, {"q": "1,2"}, [1, 2]),
        (INTEGERS, {"explode": False}, {"q": "1"}, [1]),
        (INTEGERS, {"style": "spaceDelimited", "explode": False}, {"q": "1 2"}, [1, 2]),
        (INTEGERS, {"style": "pipeDelimited", "explode": False}, {"q": "1|2"}, [1, 2]),
        (POINT, {}, {"x": "1", "name": "a", "other": "b"}, {"x": 1, "name": "a"}),
        (POINT, {"explode": False}, {"q": "x,1,name,a"}, {"x": 1, "name": "a"}),
        (POINT, {"style": "deepObject"}, {"q[x]": "1", "q[name]": "a"}, {"x": 1, "name": "a"}),
        ({"allOf": [STRINGS]}, {}, {"q": ["a", "b"]}, ["a", "b"]),
        ({"allOf": [POINT]}, {"explode": False}, {"q": "x,1"}, {"x": 1}),
        (
            {"type": "object", "additionalProperties": INTEGER},
            {"style": "pipeDelimited", "explode": False},
            {"q": "a|1|b|2"},
            {"a": 1, "b": 2},
        ),
    ],
)
def test_a_query_carries_lists_and_objects_in_every_style(
    schema: dict[str, Any], settings: dict[str, Any], sent: dict[str, Any], value: Any
) -> None:
    assert contract([query(schema, **settings)]).check(request(sent)).query == {"q": value}


@pytest.mark.parametrize(
    ("schema", "settings", "text", "value"),
    [
        (STRING, {}, "a%20b%2Fc", "a b/c"),
        (INTEGERS, {}, "1,2", [1, 2]),
        (STRINGS, {}, "a%2Cb,c", ["a,b", "c"]),
        (POINT, {}, "x,1,y,2", {"x": 1, "y": 2}),
        (POINT, {"explode": True}, "x=1,y=2", {"x": 1, "y": 2}),
        (STRING, {"style": "label"}, ".a", "a"),
        (INTEGERS, {"style": "label"}, ".1,2", [1, 2]),
        (INTEGERS, {"style": "label", "explode": True}, ".1.2", [1, 2]),
        (POINT, {"style": "label", "explode": True}, ".x=1.y=2", {"x": 1, "y": 2}),
        (STRING, {"style": "matrix"}, ";p=a", "a"),
        (INTEGERS, {"style": "matrix"}, ";p=1,2", [1, 2]),
        (INTEGERS, {"style": "matrix", "explode": True}, ";p=1;p=2", [1, 2]),
        (POINT, {"style": "matrix"}, ";p=x,1,y,2", {"x": 1, "y": 2}),
        (POINT, {"style": "matrix", "explode": True}, ";x=1;y=2", {"x": 1, "y": 2}),
    ],
)
def test_a_path_carries_values_in_every_style(
    schema: dict[str, Any], settings: dict[str, Any], text: str, value: Any
) -> None:
    parameter = {"in": "path", "name": "p", "required": True, "schema": schema, **settings}

    assert contract([parameter]).check(request(path={"p": text})).path == {"p": value}


@pytest.mark.parametrize(
    ("schema", "settings", "text", "value"),
    [
        (INTEGERS, {}, "1, 2,3", [1, 2, 3]),
        (POINT, {}, "x,1,name,a", {"x": 1, "name": "a"}),
        (POINT, {"explode": True}, "x=1, name=a", {"x": 1, "name": "a"}),
    ],
)
def test_a_header_carries_lists_and_objects(
    schema: dict[str, Any], settings: dict[str, Any], text: str, value: Any
) -> None:
    parameter = {"in": "header", "name": "X-Ids", "schema": schema, **settings}

    assert contract([parameter]).check(request(x_ids=text)).header == {"X-Ids": value}


@pytest.mark.parametrize(
    ("schema", "settings", "cookie", "value"),
    [
        (INTEGER, {}, "a=1; c=2; b=3", 2),
        (STRING, {}, 'c="x y"', "x y"),
        (INTEGERS, {"explode": False}, "c=1", [1]),
        (INTEGERS, {}, "c=1; c=2", [1, 2]),
    ],
)
def test_a_cookie_is_a_parameter(
    schema: dict[str, Any], settings: dict[str, Any], cookie: str, value: Any
) -> None:
    parameter = {"in": "cookie", "name": "c", "schema": schema, **settings}

    assert contract([parameter]).check(request(cookie=cookie)).cookie == {"c": value}


@pytest.mark.parametrize(
    ("content", "text", "value"),
    [
        ({"application/json": {"schema": POINT}}, '{"x": 1}', {"x": 1}),
        ({"text/plain": {"schema": STRING}}, '{"x": 1}', '{"x": 1}'),
        ({"application/json": {}}, "[1]", [1]),
    ],
)
def test_a_parameter_may_be_a_document(content: dict[str, Any], text: str, value: Any) -> None:
    parameter = {"in": "query", "name": "q", "content": content}

    assert contract([parameter]).check(request({"q": text})).query == {"q": value}


def test_a_document_that_is_not_json_or_breaks_its_schema_is_a_fault() -> None:
    document = {"in": "query", "name": "q", "content": {"application/json": {"schema": POINT}}}

    assert faults(contract([document]), request({"q": "{"})) == [
        Fault("query", "q", "must be JSON")
    ]
    assert faults(contract([document]), request({"q": '{"x": "1"}'})) == [
        Fault("query", "q.x", "must be an integer")
    ]


def test_parameters_of_the_path_item_are_checked_and_an_operations_own_replace_them() -> None:
    shop = {"in": "path", "name": "shop", "required": True, "schema": {**INTEGER, "minimum": 1}}
    tenant = {"in": "header", "name": "X-Tenant", "required": True, "schema": {"pattern": "^t-"}}
    limit = {"in": "query", "name": "limit", "schema": {**INTEGER, "default": 20}}
    own = {"in": "query", "name": "limit", "schema": {**INTEGER, "default": 5}}
    item = {"parameters": [shop, tenant, limit], "get": {"operationId": "do", "parameters": [own]}}
    shops = Contract(dialect.compiled({"paths": {"/shops/{shop}": item}}, "do"))

    read = shops.check(request(path={"shop": "1"}, x_tenant="t-1"))

    assert (read.path, read.query, read.header) == ({"shop": 1}, {"limit": 5}, {"X-Tenant": "t-1"})
    assert faults(shops, request(path={"shop": "0"})) == [
        Fault("path", "shop", "must be at least 1"),
        Fault("header", "X-Tenant", "is required"),
    ]


@pytest.mark.parametrize("name", ["path", "path+"])
def test_a_greedy_path_parameter_has_the_rest_of_the_path(name: str) -> None:
    parameter = {"in": "path", "name": name, "required": True, "schema": STRING}
    files = contract([parameter], path="/files/{path+}")

    assert files.check(request(path={"path": "a/b%20c"})).path == {"path": "a/b c"}


def test_a_required_parameter_is_required() -> None:
    required = contract([query(STRING, required=True)])

    assert faults(required, request()) == [Fault("query", "q", "is required")]


def test_a_query_parameter_is_not_empty_unless_it_may_be() -> None:
    empty = request({"q": ""})

    assert faults(contract([query(STRING)]), empty) == [Fault("query", "q", "must not be empty")]
    assert contract([query(STRING, allowEmptyValue=True)]).check(empty).query == {"q": ""}


@pytest.mark.parametrize("schema", [INTEGER, STRINGS, POINT])
def test_a_parameter_that_is_not_there_has_its_default_or_no_value(schema: dict[str, Any]) -> None:
    assert contract([query({**schema, "default": 20})]).check(request()).query == {"q": 20}
    assert contract([query(schema)]).check(request()).query == {}


def test_a_body_that_is_not_required_may_be_left_out() -> None:
    assert contract(body=json_body(BODY, required=False)).check(request()).body is None


def test_a_required_body_may_not_be_left_out() -> None:
    assert faults(contract(body=json_body(BODY)), request()) == [Fault("body", "", "is required")]


def test_a_body_that_no_operation_asks_for_is_not_read() -> None:
    assert contract().check(request(body=b"{", content_type="text/plain")).body is None


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ([], Fault("body", "", "must be an object")),
        (None, Fault("body", "", "must be an object")),
        ({}, Fault("body", "tags", "is required")),
        ({"tags": [{"n": 1}, {"n": "x"}]}, Fault("body", "tags.1.n", "must be an integer")),
        ({"tags": [], "name": 1}, Fault("body", "name", "must be a string")),
    ],
)
def test_a_fault_is_named_by_its_place(body: Any, fault: Fault) -> None:
    invalid = faults(contract(body=json_body(BODY)), request(body=json.dumps(body).encode()))

    assert invalid == [fault]


A, B = {"required": ["a"], "properties": {"a": INTEGER}}, {"required": ["b"]}


KEYWORDS: list[tuple[dict[str, Any], Any, Any, str]] = [
    ({"type": "integer"}, 1, 1.5, "must be an integer"),
    ({"type": "integer"}, 1, True, "must be an integer"),
    ({"type": "string", "nullable": True}, None, 1, "must be a string or null"),
    ({"enum": ["a", 1]}, 1, True, "must be one of: a, 1"),
    (
        {"enum": [[1, {"b": 2}]]},
        [1, {"b": 2}],
        [1, {"b": True}],
        'must be one of: [1, {"b": 2}]',
    ),
    ({"maximum": 1000}, 1000, 1001, "must be at most 1000"),
    ({"maximum": 10, "exclusiveMaximum": True}, 9, 10, "must be less than 10"),
    ({"minimum": 1.5}, 1.5, 1, "must be at least 1.5"),
    ({"minimum": 1, "exclusiveMinimum": True}, 1.1, 1, "must be greater than 1"),
    ({"multipleOf": 0.01}, 19.99, 19.995, "must be a multiple of 0.01"),
    ({"multipleOf": 3}, 9, 10, "must be a multiple of 3"),
    ({"minLength": 1}, "é", "", "must have at least 1 character"),
    ({"maxLength": 2}, "😀é", "abc", "must have at most 2 characters"),
    ({"pattern": "^[a-z$]+$"}, "a$", "a\n", "must match the pattern ^[a-z$]+$"),
    ({"pattern": r"^\$[0-9]"}, "$1", "1", r"must match the pattern ^\$[0-9]"),
    ({"type": "array", "items": {}, "minItems": 1}, [1], [], "must have at least 1 item"),
    ({"type": "array", "items": {}, "maxItems": 1}, [1], [1, 2], "must have at most 1 item"),
    ({"uniqueItems": True}, [1, True, "1"], [1, 1.0], "must not have an item twice"),
    ({"minProperties": 2}, {"a": 1, "b": 2}, {"a": 1}, "must have at least 2 properties"),
    ({"maxProperties": 1}, {"a": 1}, {"a": 1, "b": 2}, "must have at most 1 property"),
    ({"not": STRING}, 1, "a", "must not have this form"),
    ({"anyOf": [A, B]}, {"b": 1}, {}, "must fit one of 2 forms, and fits none"),
    ({"oneOf": [A, B]}, {"b": 1}, {"a": 1, "b": 1}, "must fit one of 2 forms, and fits 2"),
    (
        {"anyOf": [INTEGERS, {**STRING, "maxLength": 1}]},
        "a",
        "ab",
        "must have at most 1 character",
    ),
    ({"format": "date"}, "2024-02-29", "2024-13-45", "must be a date such as 2026-11-27"),
    (
        {"format": "date-time"},
        "2026-11-23T01:26:38.5+01:00",
        "2026-11-31T01:26:38Z",
        "must be a time such as 2026-11-27T06:00:00Z",
    ),
    ({"format": "time"}, "06:00:00Z", "24:00:00Z", "must be a time of day such as 06:00:00Z"),
    (
        {"format": "uuid"},
        "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c",
        "x",
        "must be a UUID such as 5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c",
    ),
    ({"format": "email"}, "a@b", "a", "must be an e-mail address"),
    ({"format": "ipv4"}, "127.0.0.1", "127.0.0.256", "must be an IPv4 address"),
    ({"format": "ipv6"}, "::1", "::1%eth0", "must be an IPv6 address"),
    ({"format": "byte"}, "YQ==", "***", "must be base64"),
    ({"format": "int32"}, 2**31 - 1, 2**31, "must be a number of 32 bits"),
    ({"format": "int64"}, -(2**63), 2**63, "must be a number of 64 bits"),
    ({"readOnly": False}, 1, None, ""),
    ({"format": "phone"}, "x", None, ""),
]


@pytest.mark.parametrize(("schema", "valid", "invalid", "detail"), KEYWORDS)
def test_every_keyword_has_its_effect_and_its_words(
    schema: dict[str, Any], valid: Any, invalid: Any, detail: str
) -> None:
    assert body_faults(schema, valid) == []
    if detail:
        assert body_faults(schema, invalid) == [("", detail)]


INSIDE: list[tuple[dict[str, Any], Any, list[tuple[str, str]]]] = [
    (
        {"additionalProperties": False, "properties": {"a": INTEGER}},
        {"a": "x", "b": 1},
        [("a", "must be an integer"), ("b", "is not a known property")],
    ),
    ({"additionalProperties": INTEGER}, {"b": "x"}, [("b", "must be an integer")]),
    ({"required": ["a", "b"]}, {"b": 1}, [("a", "is required")]),
    ({"type": "array", "items": INTEGER}, [1, "x"], [("1", "must be an integer")]),
    ({"allOf": [A, B]}, {}, [("a", "is required"), ("b", "is required")]),
    (
        {"required": ["id"], "properties": {"id": {"readOnly": True}}},
        {"id": 1},
        [("id", "is read-only")],
    ),
    ({"required": ["id"], "properties": {"id": {"readOnly": True}}}, {}, []),
    ({"properties": {"secret": {"writeOnly": True}}}, {"secret": 1}, []),
]


@pytest.mark.parametrize(("schema", "value", "expected"), INSIDE)
def test_what_is_inside_is_checked_in_its_place(
    schema: dict[str, Any], value: Any, expected: list[tuple[str, str]]
) -> None:
    assert body_faults(schema, value) == expected


PETS = {
    "schemas": {
        "Cat": {"type": "object", "required": ["lives"], "properties": {"lives": INTEGER}},
        "Dog": {"type": "object", "required": ["tricks"]},
        "Pet": {
            "oneOf": [
                {"$ref": "#/components/schemas/Cat"},
                {"$ref": "#/components/schemas/Dog"},
                {"type": "object"},
            ],
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"hound": "Dog", "kitten": "#/components/schemas/Cat"},
            },
        },
    }
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"kind": "Cat", "lives": 9}, []),
        ({"kind": "Cat"}, [("lives", "is required")]),
        ({"kind": "hound"}, [("tricks", "is required")]),
        ({"kind": "kitten"}, [("lives", "is required")]),
        ({"kind": "Bird"}, [("kind", "must be one of: Cat, Dog, hound, kitten")]),
        ({}, [("kind", "must be one of: Cat, Dog, hound, kitten")]),
        (1, [("", "must be an object")]),
    ],
)
def test_a_discriminator_chooses_the_schema(value: Any, expected: list[tuple[str, str]]) -> None:
    pet = {"$ref": "#/components/schemas/Pet"}

    assert body_faults(pet, value, components=PETS) == expected


def test_a_schema_may_contain_itself() -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Tree"}}}
    components = {"schemas": {"Tree": tree}}
    root = {"$ref": "#/components/schemas/Tree"}

    assert body_faults(root, {"child": {"child": {}}}, components=components) == []
    assert body_faults(root, {"child": {"child": 1}}, components=components) == [
        ("child.child", "must be an object")
    ]


def test_a_deep_value_of_ambiguous_schemas_takes_no_exponential_time() -> None:
    node = {"$ref": "#/components/schemas/Node"}
    forms = [{"properties": {"child": node}}, {"properties": {"child": node, "x": {}}}]
    components = {"schemas": {"Node": {"oneOf": forms}}}
    value: Any = 1
    for _ in range(60):
        value = {"child": value}

    assert body_faults(node, value, components=components)


def test_what_is_remembered_of_a_value_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.schema.REMEMBERED", 10)
    sizes: set[int] = set()

    class Counted(Faults):
        def add(self, field: str, detail: str) -> None:
            sizes.add(len(self.memory))
            super().add(field, detail)

    monkeypatch.setattr("api.contract.Faults", Counted)
    choice = {"type": "array", "items": {"anyOf": [STRING, {"type": "boolean"}]}}

    assert body_faults(choice, [*range(1000, 1100)])
    assert max(sizes) <= 12


def test_a_value_that_is_nested_too_deeply_is_a_fault() -> None:
    tree = {"$ref": "#/components/schemas/Tree"}
    components = {"schemas": {"Tree": {"properties": {"child": tree}}}}
    deep = b'{"child": ' * 600 + b"{}" + b"}" * 600

    invalid = faults(contract(body=json_body(tree), components=components), request(body=deep))

    assert invalid == [Fault("body", "", "is nested too deeply")]

    document = {"in": "query", "name": "q", "content": {"application/json": {"schema": tree}}}
    invalid = faults(contract([document], components=components), request({"q": deep.decode()}))

    assert invalid == [Fault("query", "q", "is nested too deeply")]


@pytest.mark.parametrize(
    "reference",
    [
        "#/components/parameters/Limit/schema",
        "#/components/schemas/Lim~1it",
        "#/components/schemas/Lim%2Fit".replace("%2F", "~1"),
        "#/components/schemas/Alias",
        "#/paths/~1limits/get/parameters/0/schema",
        "#/paths/%7E1limits/get/parameters/0/schema",
        "#/components/responses/Limits/content/application~1json/schema",
    ],
)
def test_a_reference_may_lead_anywhere_in_the_document(reference: str) -> None:
    limit = {**INTEGER, "maximum": 10}
    components = {
        "parameters": {"Limit": {"in": "query", "name": "limit", "schema": limit}},
        "schemas": {"Lim/it": limit, "Alias": {"$ref": "#/components/schemas/Lim~1it"}},
        "responses": {"Limits": {"content": {"application/json": {"schema": limit}}}},
    }
    other = {"get": {"operationId": "other", "parameters": [{"schema": limit}]}}
    operation = {"operationId": "do", "requestBody": json_body({"$ref": reference})}
    spec = {"components": components, "paths": {"/limits": other, "/x": {"post": operation}}}
    limited = Contract(dialect.compiled(spec, "do"))

    assert limited.check(request(body=b"10")).body == 10
    assert faults(limited, request(body=b"11")) == [Fault("body", "", "must be at most 10")]


def test_defaults_are_filled_in_at_any_depth() -> None:
    size = {"type": "object", "properties": {"unit": {"type": "string", "default": "cm"}}}
    schema = {
        "type": "object",
        "properties": {
            "color": {"type": "string", "default": "red"},
            "size": size,
            "sizes": {"type": "array", "items": {"$ref": "#/components/schemas/Size"}},
            "tags": {"type": "array", "items": STRING, "default": []},
        },
        "additionalProperties": size,
        "oneOf": [{"required": ["none"]}, {"properties": {"also": {"default": 1}}}],
        "allOf": [{"properties": {"part": {"default": 2}}}],
    }
    things = contract(body=json_body(schema), components={"schemas": {"Size": size}})
    sent = b'{"size": {}, "sizes": [{"unit": "m"}, {}], "other": {}}'

    read = things.check(request(body=sent)).body

    assert read == {
        "color": "red",
        "size": {"unit": "cm"},
        "sizes": [{"unit": "m"}, {"unit": "cm"}],
        "tags": [],
        "other": {"unit": "cm"},
        "also": 1,
        "part": 2,
    }


def test_a_default_is_a_value_of_its_own_in_each_request() -> None:
    tags = {"type": "array", "items": STRING, "default": []}
    things = contract(body=json_body({"properties": {"tags": tags}}))

    things.check(request(body=b"{}")).body["tags"].append("a")

    assert things.check(request(body=b"{}")).body == {"tags": []}


def test_fractions_are_decimals_only_where_the_format_says_so() -> None:
    schema = {"properties": {"price": {"type": "number", "format": "decimal"}, "weight": {}}}
    things = contract(body=json_body(schema))

    read = things.check(request(body=b'{"price": 0.10, "weight": 0.10}')).body

    assert repr(read) == "{'price': Decimal('0.10'), 'weight': 0.1}"


def test_an_integer_of_any_length_is_exact() -> None:
    sent = b"1" + b"0" * 60

    assert contract(body=json_body(INTEGER)).check(request(body=sent)).body == 10**60


def test_no_more_than_50_faults_are_listed_and_each_is_short() -> None:
    closed = contract(body=json_body({"additionalProperties": False}))
    body = {f"{number}{'x' * 1000}": 1 for number in range(200)}

    with pytest.raises(InvalidRequest) as raised:
        closed.check(request(body=json.dumps(body).encode()))

    assert len(raised.value.faults) == 50
    assert raised.value.more == "; 150 more faults are not listed"
    assert {len(fault.field) for fault in raised.value.faults} == {200}


def test_the_check_ends_where_there_are_more_faults_than_anyone_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.faults.COUNTED", 100)
    monkeypatch.setattr("api.contract.COUNTED", 100)
    strings = contract(body=json_body(STRINGS))

    for items, more in ((149, "99"), (150, "at least 100"), (10_000, "at least 100")):
        with pytest.raises(InvalidRequest) as raised:
            strings.check(request(body=json.dumps([1] * items).encode()))
        assert raised.value.more == f"; {more} more faults are not listed"


def test_the_limit_of_50_is_one_of_all_places_together() -> None:
    parameters = []
    for place in ("query", "header"):
        for number in range(30):
            parameters.append(
                {"in": place, "name": f"{place}{number}", "required": True, "schema": STRING}
            )
    with pytest.raises(InvalidRequest) as raised:
        contract(parameters).check(request())

    assert len(raised.value.faults) == 50
    assert raised.value.more == "; 10 more faults are not listed"


def test_the_items_of_a_list_that_is_too_long_are_not_looked_at() -> None:
    short = {"type": "array", "items": INTEGER, "maxItems": 2}

    assert body_faults(short, ["x"] * 1000) == [("", "must have at most 2 items")]


@pytest.mark.criterion("create-user/9")
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"tags": [NaN]}',
        b'{"tags": [Infinity]}',
        b'{"tags": [1e400]}',
        b'{"tags": [], "tags": []}',
        b'{"name": "\\ud800"}',
        b'{"\\udc00": 1}',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"9" * 5000,
        b"{} {}",
        b"{'tags': []}",
        b"  ",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_not_strict_json_is_not_json(body: bytes) -> None:
    with pytest.raises(InvalidJson):
        contract(body=json_body({})).check(request(body=body))


def test_a_number_that_only_a_decimal_could_hold_is_refused_before_it_costs_memory() -> None:
    with pytest.raises(InvalidJson):
        contract(body=json_body({"format": "decimal"})).check(request(body=b"1.0e999999999"))


def reads(media_type: str, schema: Any, body: bytes, sent_as: str = "") -> Any:
    media = {} if schema is None else {"schema": schema}
    content = {"required": True, "content": {media_type: media}}
    return contract(body=content).check(request(body=body, content_type=sent_as or media_type))


@pytest.mark.parametrize(
    ("media_type", "schema", "body", "value"),
    [
        ("text/plain", STRING, "é".encode(), "é"),
        ("text/plain; charset=utf-8", STRING, b"a", "a"),
        ("text/csv", None, b"a,b", "a,b"),
        ("application/xml", STRING, b"<a/>", "<a/>"),
        ("image/png", {"type": "string", "format": "binary"}, b"\x89PNG", b"\x89PNG"),
        ("application/octet-stream", None, b"\xff", b"\xff"),
        ("application/json", None, b'{"a": 1}', {"a": 1}),
        ("application/merge-patch+json", POINT, b'{"x": 1}', {"x": 1}),
        ("application/json; charset=utf-8", POINT, b'{"x": 1}', {"x": 1}),
        ("Application/JSON", POINT, b'{"x": 1}', {"x": 1}),
    ],
)
def test_a_body_is_what_its_media_type_says(
    media_type: str, schema: Any, body: bytes, value: Any
) -> None:
    read = reads(media_type, schema, body)

    assert read.body == value
    assert read.media_type == media_type.partition(";")[0].lower()


@pytest.mark.parametrize(
    ("sent_as", "value"),
    [
        ("application/json", {"x": 1}),
        ("text/plain", '{"x": 1}'),
        ("image/png", b'{"x": 1}'),
    ],
)
def test_a_body_of_a_range_of_media_types_is_read_by_its_own(sent_as: str, value: Any) -> None:
    assert reads("*/*", None, b'{"x": 1}', sent_as).body == value


def test_the_most_specific_media_type_that_fits_is_the_one() -> None:
    content = {
        "*/*": {"schema": {"enum": ["any"]}},
        "application/*": {"schema": {"enum": ["application"]}},
        "application/json": {"schema": {"enum": ["json"]}},
        "text/*": {"schema": {"enum": ["text"]}},
    }
    choices = contract(body={"content": content})

    for media_type, body in (
        ("application/json; charset=utf-8", b'"json"'),
        ("application/problem+json", b'"application"'),
        ("text/plain", b"text"),
        ("audio/x+json", b'"any"'),
    ):
        assert choices.check(request(body=body, content_type=media_type)).body


def test_a_text_keeps_to_its_schema_and_charset() -> None:
    assert reads("text/plain", STRING, b"\xe9", "text/plain; charset=latin-1").body == "é"
    for sent_as, words in (
        ("text/plain", "must be text in utf-8"),
        ("text/plain; charset=klingon", "must be text in klingon"),
    ):
        text = contract(body={"content": {"text/plain": {"schema": STRING}}})
        invalid = faults(text, request(body=b"\xe9", content_type=sent_as))
        assert invalid == [Fault("body", "", words)]
    short = contract(body={"content": {"text/plain": {"schema": {"maxLength": 1}}}})
    invalid = faults(short, request(body=b"ab", content_type="text/plain"))
    assert invalid == [Fault("body", "", "must have at most 1 character")]


FORM = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": STRING,
        "age": INTEGER,
        "tags": STRINGS,
        "ids": INTEGERS,
        "point": {"type": "object", "properties": {"x": INTEGER}},
        "color": {"type": "string", "default": "red"},
        "paid": {"type": "boolean"},
    },
}
FORM_TYPE = "application/x-www-form-urlencoded"


def form(body: bytes, schema: Any = FORM, **encoding: Any) -> Arguments:
    media = {"schema": schema, "encoding": encoding}
    content = {"required": True, "content": {FORM_TYPE: media}}
    return contract(body=content).check(request(body=body, content_type=FORM_TYPE))


def test_a_form_is_an_object_whose_fields_have_their_types() -> None:
    read = form(b"name=Ada+L%C3%B8&age=36&tags=a&tags=b&x=1&paid=true&other=z")

    assert read.body == {
        "name": "Ada Lø",
        "age": 36,
        "tags": ["a", "b"],
        "point": {"x": 1},
        "color": "red",
        "paid": True,
        "other": "z",
    }


def test_the_encoding_of_a_form_says_how_lists_and_objects_are_written() -> None:
    encoding = {"ids": {"explode": False}, "point": {"style": "deepObject"}}

    read = form(b"name=a&ids=1,2&point%5Bx%5D=1", **encoding)

    assert (read.body["ids"], read.body["point"]) == ([1, 2], {"x": 1})
    assert "point[x]" not in read.body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"age=x", [("name", "is required"), ("age", "must be an integer")]),
        (b"name=%ff", [("", "is not a form in UTF-8")]),
        (b"a=1&" * 10_001, [("", "is not a form in UTF-8")]),
    ],
    ids=["fields", "bytes", "too many"],
)
def test_what_is_wrong_with_a_form_is_told(body: bytes, expected: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidRequest) as raised:
        form(body)

    assert [(fault.field, fault.detail) for fault in raised.value.faults] == expected


def test_a_closed_form_takes_no_other_fields() -> None:
    with pytest.raises(InvalidRequest) as raised:
        form(b"name=a&x=1&other=1", {**FORM, "additionalProperties": False})

    assert raised.value.faults == (Fault("body", "other", "is not a known property"),)


def parts(*fields: tuple[str, str, bytes]) -> bytes:
    """Names, further headers and contents."""
    body = b""
    for name, headers, content in fields:
        disposition = f'Content-Disposition: form-data; name="{name}"{headers}'
        body += b"--edge\r\n" + disposition.encode() + b"\r\n\r\n" + content + b"\r\n"
    return body + b"--edge--\r\n"


MULTIPART = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "meta": POINT,
        "count": INTEGER,
        "note": STRING,
        "ids": INTEGERS,
    },
}


def multipart(body: bytes, **encoding: Any) -> Arguments:
    media = {"schema": MULTIPART, "encoding": encoding}
    content = {"required": True, "content": {"multipart/form-data": media}}
    sent_as = 'multipart/form-data; boundary="edge"'
    return contract(body=content).check(request(body=body, content_type=sent_as))


def test_a_multipart_form_has_files_documents_and_values() -> None:
    raw = bytes(range(256)) + b"\r\n--edg\r\n"
    png = '; filename="a.png"\r\nContent-Type: image/png'
    body = parts(
        ("file", png, raw),
        ("files", "", b"1"),
        ("files", "", b"2"),
        ("meta", "\r\nContent-Type: application/json", b'{"x": 1}'),
        ("count", "", b"3"),
        ("note", "", "é".encode()),
        ("other", "", b"o"),
    )

    read = multipart(body).body

    assert read == {
        "file": raw,
        "files": [b"1", b"2"],
        "meta": {"x": 1},
        "count": 3,
        "note": "é",
        "other": "o",
    }
    assert (read["file"].filename, read["file"].media_type) == ("a.png", "image/png")


def test_the_encoding_of_a_part_says_what_it_is() -> None:
    body = parts(("note", "", b"\xff"), ("ids", "", b"1,2"))
    encoding = {
        "note": {"contentType": "application/octet-stream"},
        "ids": {"style": "form", "explode": False},
    }

    assert multipart(body, **encoding).body == {"note": b"\xff", "ids": [1, 2]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"nonsense", ("", "is not multipart/form-data")),
        (parts(("meta", "", b"{")), ("meta", "must be JSON")),
        (parts(("meta", "", b'{"x": "a"}')), ("meta.x", "must be an integer")),
        (parts(("count", "", b"x")), ("count", "must be an integer")),
        (parts(("note", "", b"\xff")), ("note", "must be text in utf-8")),
    ],
)
def test_what_is_wrong_with_a_part_is_told(body: bytes, expected: tuple[str, str]) -> None:
    with pytest.raises(InvalidRequest) as raised:
        multipart(body)

    assert [(fault.field, fault.detail) for fault in raised.value.faults] == [expected]


@pytest.mark.parametrize(
    "media", ["", "text/plain", ";", "application/json+x", "json", "application/json, a/b", "*/*"]
)
def test_a_body_of_another_media_type_is_not_read(media: str) -> None:
    with pytest.raises(UnsupportedMediaType) as raised:
        contract(body=json_body(BODY)).check(request(body=b"{", content_type=media))

    assert raised.value.accepted == "application/json"


@pytest.mark.parametrize(
    "media",
    ["application/json;", "application/json; x", "APPLICATION/JSON ; charset=utf-8"],
)
def test_a_media_types_parameters_do_not_matter(media: str) -> None:
    read = contract(body=json_body(BODY)).check(request(body=b'{"tags": []}', content_type=media))

    assert read.body == {"tags": []}


def test_a_body_that_is_not_the_base64_it_is_called_is_not_json() -> None:
    with pytest.raises(InvalidJson):
        Request.from_event({"body": "%", "isBase64Encoded": True})


def test_an_event_of_the_console_has_maps_that_are_not_multi_valued() -> None:
    event = {
        "headers": {"Content-Type": "a/b"},
        "queryStringParameters": {"q": "1"},
        "body": base64.b64encode(b"{}").decode(),
        "isBase64Encoded": True,
        "path": "/things/",
    }

    assert Request.from_event(event) == Request(
        path={}, query={"q": ["1"]}, header={"content-type": "a/b"}, body=b"{}", target="/things"
    )


@pytest.mark.parametrize("name", [*dialect.KEYWORDS, *dialect.FORMATS])
def test_every_keyword_and_format_that_is_stated_has_a_test(name: str) -> None:
    schemas = [schema for schema, *_ in (*KEYWORDS, *INSIDE)]
    others = [PETS, {"default": 1}, {"format": "decimal"}, MULTIPART]  # each has a test of its own

    assert f'"{name}"' in json.dumps([schemas, others])
