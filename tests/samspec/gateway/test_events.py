import base64
from collections.abc import Callable
from typing import Any

import pytest
from samspec.gateway.events import Request
from werkzeug.test import Client

Send = Callable[..., Any]


def test_the_event_has_every_field_of_version_1(event: Send) -> None:
    received = event("/books")
    assert set(received) == {
        "resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters",
        "multiValueQueryStringParameters", "pathParameters", "stageVariables", "requestContext",
        "body", "isBase64Encoded",
    }  # fmt: skip
    assert set(received["requestContext"]) == {
        "accountId", "apiId", "deploymentId", "domainName", "domainPrefix", "extendedRequestId",
        "httpMethod", "identity", "path", "protocol", "requestId", "requestTime",
        "requestTimeEpoch", "resourceId", "resourcePath", "stage",
    }  # fmt: skip
    assert received["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"


def test_empty_maps_and_bodies_are_null(event: Send) -> None:
    received = event("/books")
    for name in (
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "body",
    ):
        assert received[name] is None
    assert received["isBase64Encoded"] is False


def test_query_strings_are_decoded_and_the_last_value_wins(event: Send) -> None:
    received = event("/books?q=a+b&q=%C3%A9%2F&empty=&flag")
    assert received["queryStringParameters"] == {"q": "é/", "empty": "", "flag": ""}
    assert received["multiValueQueryStringParameters"] == {
        "q": ["a b", "é/"],
        "empty": [""],
        "flag": [""],
    }


def test_paths_and_path_parameters_are_not_decoded(event: Send) -> None:
    received = event("/covers/%41%2F/echo")
    assert received["path"] == "/covers/%41%2F/echo"
    assert received["pathParameters"] == {"proxy": "%41%2F/echo"}


def test_request_ids_are_unique_and_come_back_as_headers(client: Client) -> None:
    first, second = client.get("/covers/echo"), client.get("/covers/echo")
    for response in (first, second):
        context = response.get_json()["requestContext"]
        assert response.headers["x-amzn-RequestId"] == context["requestId"]
        assert response.headers["x-amz-apigw-id"] == context["extendedRequestId"]
    assert first.headers["x-amzn-RequestId"] != second.headers["x-amzn-RequestId"]


def test_stage_variables_are_in_the_event(event: Send) -> None:
    assert event("/books")["stageVariables"] == {"shelf": "north"}


def test_binary_media_types_arrive_as_base64(event: Send) -> None:
    received = event("/covers/echo", "POST", data=b"\x89PNG", content_type="image/png")
    assert (received["body"], received["isBase64Encoded"]) == (
        base64.b64encode(b"\x89PNG").decode(),
        True,
    )


def test_other_bodies_are_text_with_replacement_characters(event: Send) -> None:
    received = event("/covers/echo", "POST", data=b"caf\xe9", content_type="text/plain")
    assert (received["body"], received["isBase64Encoded"]) == ("caf\ufffd", False)


def test_headers_gain_what_the_gateway_adds_and_lose_the_content_length(event: Send) -> None:
    headers = event("/covers/echo", "POST", data="x", headers={"X-Mine": "1", "X-Empty": ""})[
        "headers"
    ]
    assert (headers["X-Mine"], headers["X-Empty"]) == ("1", "")
    assert {"X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Amzn-Trace-Id"} <= set(
        headers
    )
    assert "Content-Length" not in headers


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"REQUEST_URI": "/a%20b?c=d"}, "/a%20b"),
        ({"RAW_URI": "http://host:1/a%20b?c=d"}, "/a%20b"),
        ({"PATH_INFO": "/a b", "QUERY_STRING": "c=d"}, "/a%20b"),
        ({"REQUEST_URI": "/a%20b", "QUERY_STRING": "c=d"}, "/a%20b"),
    ],
)
def test_the_raw_path_is_found_whatever_the_server_calls_it(
    environ: dict[str, str], path: str
) -> None:
    import io

    request = Request.from_wsgi({"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), **environ})
    assert (request.path, request.query) == (path, [("c", "d")])
