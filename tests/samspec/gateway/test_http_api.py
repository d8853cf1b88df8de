import base64
from typing import Any

import pytest
from samspec.gateway import http_api
from samspec.gateway.errors import GatewayError
from samspec.gateway.events import Request
from samspec.gateway.responses import Response

CORS = {"allowOrigins": ["https://a.example"], "allowMethods": ["GET"], "allowCredentials": True}


def request(method: str = "GET", *, body: bytes = b"", **headers: str) -> Request:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request(method, "/x", [], pairs, body)


def preflight(method: str, origin: str = "https://a.example") -> Request:
    return request(method, Origin=origin, Access_Control_Request_Method="GET")


@pytest.mark.parametrize(
    ("result", "status", "body", "media_type"),
    [
        ("text", 200, b"text", "application/json"),
        ({"a": 1}, 200, b'{"a": 1}', "application/json"),
        (None, 200, b"null", "application/json"),
        ([1], 200, b"[1]", "application/json"),
        ({"statusCode": "201"}, 201, b"", "text/plain;charset=UTF-8"),
        (
            {"statusCode": 200, "body": "YQ==", "isBase64Encoded": True},
            200, b"a", "text/plain;charset=UTF-8",
        ),
        (
            {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": "x"},
            200, b"x", "text/html",
        ),
    ],
)  # fmt: skip
def test_a_response_is_inferred_from_the_result(
    result: Any, status: int, body: bytes, media_type: str
) -> None:
    response = http_api.inferred(result)
    headers = {name.lower(): value for name, value in response.headers}
    assert (response.status, response.body, headers["content-type"]) == (status, body, media_type)


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "x"},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "*", "isBase64Encoded": True},
    ],
)
def test_a_result_that_makes_no_sense_is_a_500(result: Any) -> None:
    with pytest.raises(GatewayError) as refused:
        http_api.inferred(result)
    assert http_api.from_gateway(refused.value).status == 500


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        ("THROTTLED", 429, b'{"message":"Too Many Requests"}'),
        ("INTEGRATION_TIMEOUT", 503, b'{"message":"Service Unavailable"}'),
        ("DEFAULT_5XX", 500, b'{"message":"Internal Server Error"}'),
    ],
)
def test_errors_have_a_message_and_a_status_of_http_apis(
    error: str, status: int, body: bytes
) -> None:
    gateway_status = 502 if error == "DEFAULT_5XX" else 0
    response = http_api.from_gateway(
        GatewayError(error, "Too Many Requests", status=gateway_status)
    )
    assert (response.status, response.body) == (status, body)


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        ("application/json", b"{}", ("{}", False)),
        ("application/problem+json", b"{}", ("{}", False)),
        ("text/csv; charset=utf-8", b"a", ("a", False)),
        ("image/png", b"\x89", (base64.b64encode(b"\x89").decode(), True)),
        ("application/x-www-form-urlencoded", b"a=1", (base64.b64encode(b"a=1").decode(), True)),
        ("image/png", b"", ("", False)),
    ],
)
def test_bodies_are_text_or_base64_by_their_media_type(
    media_type: str, body: bytes, expected: tuple[str, bool]
) -> None:
    assert http_api._body(request(body=body, Content_Type=media_type)) == expected


def test_a_preflight_is_the_gateways_own() -> None:
    response = http_api.preflight(CORS, preflight("OPTIONS"))
    assert response
    assert response.status == 204
    assert dict(response.headers)["Access-Control-Allow-Credentials"] == "true"
    assert http_api.preflight(CORS, preflight("GET")) is None
    assert http_api.preflight({}, preflight("OPTIONS")) is None


def test_a_preflight_of_another_origin_gets_no_headers() -> None:
    response = http_api.preflight(CORS, preflight("OPTIONS", "https://evil.test"))
    assert response
    assert response.headers == []


def test_with_cors_the_functions_own_headers_are_dropped() -> None:
    response = Response(200, [("Access-Control-Allow-Origin", "*"), ("X-A", "1")])
    http_api.allow_origin(CORS, request(Origin="https://evil.test"), response)
    assert response.headers == [("X-A", "1")]
