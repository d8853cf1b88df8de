"""The contract: what a request must be, as the spec says, for specs of any kind."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from api.contract import SPEC, Contract
from api.errors import Fault, InvalidJson, InvalidRequest, UnsupportedMediaType
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
    parameters: list[dict[str, Any]] | None = None, body: dict[str, Any] | None = None
) -> Contract:
    return Contract({}, {"parameters": parameters or [], "requestBody": body or {}})


def request(
    query: dict[str, str] | None = None, body: bytes = b"", content_type: str = "application/json"
) -> Request:
    return Request(path={}, query=query or {}, header={"content-type": content_type}, body=body)


def faults(contract: Contract, request: Request) -> list[Fault]:
    with pytest.raises(InvalidRequest) as raised:
        contract.check(request)
    return list(raised.value.faults)


def query(schema: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"in": "query", "name": "q", "schema": schema, **settings}


def json_body(schema: dict[str, Any], required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "20", "20"),
        ({"type": "integer"}, "20", 20),
        ({"type": "integer"}, "-1", -1),
        ({"type": "number"}, "-1.5", -1.5),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "false", False),
    ],
)
def test_a_parameter_has_its_schemas_type(schema: dict[str, Any], text: str, value: Any) -> None:
    assert contract([query(schema)]).check(request({"q": text})).query == {"q": value}


@pytest.mark.parametrize(
    "text", ["", "1e3", "0x1", "01", "+1", " 1", "1_0", "٣", "NaN", "True", "null", "9" * 400]
)
@pytest.mark.parametrize("type", ["integer", "number", "boolean"])
def test_a_parameter_of_another_spelling_is_not_of_its_type(type: str, text: str) -> None:
    assert faults(contract([query({"type": type})]), request({"q": text})) == [
        Fault("query", "q", f"must be {type}")
    ]


def test_a_required_parameter_is_required() -> None:
    required = contract([query({"type": "string"}, required=True)])

    assert faults(required, request()) == [Fault("query", "q", "is required")]


def test_a_parameter_that_is_not_there_has_its_default_or_no_value() -> None:
    assert contract([query({"type": "integer", "default": 20})]).check(request()).query == {"q": 20}
    assert contract([query({"type": "integer"})]).check(request()).query == {}


def test_a_body_that_is_not_required_may_be_left_out() -> None:
    assert contract(body=json_body(BODY, required=False)).check(request()).body is None


def test_a_required_body_may_not_be_left_out() -> None:
    assert faults(contract(body=json_body(BODY)), request()) == [Fault("body", "", "is required")]


def test_a_body_that_no_operation_asks_for_is_not_read() -> None:
    assert contract().check(request(body=b"{", content_type="text/plain")).body is None


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ([], Fault("body", "", "must be object")),
        (None, Fault("body", "", "must be object")),
        ({}, Fault("body", "tags", "is required")),
        ({"tags": [{"n": 1}, {"n": "x"}]}, Fault("body", "tags.1.n", "must be integer")),
        ({"tags": [], "name": 1}, Fault("body", "name", "must be string")),
    ],
)
def test_a_fault_is_named_by_its_place(body: Any, fault: Fault) -> None:
    assert faults(contract(body=json_body(BODY)), request(body=json.dumps(body).encode())) == [
        fault
    ]


def test_a_fault_of_the_body_as_a_whole_is_one_of_no_property() -> None:
    either = contract(
        body=json_body({"type": "object", "minProperties": 2, "properties": {"name": {}}})
    )

    assert [fault.field for fault in faults(either, request(body=b'{"name": 1}'))] == [""]


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


@pytest.mark.parametrize(
    "media", ["", "text/plain", ";", "application/json+x", "json", "application/json, a/b", "*/*"]
)
def test_a_body_of_another_media_type_is_not_read(media: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        contract(body=json_body(BODY)).check(request(body=b"{", content_type=media))


@pytest.mark.parametrize(
    "media", ["application/json;", "application/json; x", "APPLICATION/JSON ; charset=utf-8"]
)
def test_a_media_types_parameters_do_not_matter(media: str) -> None:
    read = contract(body=json_body(BODY)).check(request(body=b'{"tags": []}', content_type=media))

    assert read.body == {"tags": []}


def test_an_operation_that_the_spec_lacks_is_named() -> None:
    with pytest.raises(LookupError, match=r"users-api.yaml has no operation 'renameUser'"):
        Contract.of("renameUser")


def test_a_spec_that_the_build_made_json_of_is_read_as_that(tmp_path: Path) -> None:
    spec = yaml.safe_load(SPEC.read_text())
    spec["paths"]["/users"]["get"]["operationId"] = "built"
    (tmp_path / "users-api.json").write_text(json.dumps(spec))

    assert Contract.of("built", tmp_path / "users-api.yaml")


def test_a_body_that_is_not_the_base64_it_is_called_is_not_json() -> None:
    with pytest.raises(InvalidJson):
        Request.from_event({"body": "%", "isBase64Encoded": True})


def test_an_event_of_the_console_has_headers_that_are_not_multi_valued() -> None:
    event = {
        "headers": {"Content-Type": "a/b"},
        "body": base64.b64encode(b"{}").decode(),
        "isBase64Encoded": True,
    }

    assert Request.from_event(event) == Request(
        path={}, query={}, header={"content-type": "a/b"}, body=b"{}"
    )
