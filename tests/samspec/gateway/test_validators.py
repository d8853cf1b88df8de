from collections.abc import Callable
from pathlib import Path

import pytest
from samspec.gateway import Gateway
from werkzeug.test import Client

BOOK = {"isbn": "9780131103627", "title": "C"}


def test_parameters_are_checked_before_the_body(client: Client) -> None:
    response = client.post("/books", json={})
    assert response.status_code == 400
    assert response.json == {"message": "Missing required request parameters: [dry, X-Reader]"}
    assert response.headers["x-amzn-ErrorType"] == "BadRequestException"


def test_a_blank_parameter_is_missing(client: Client) -> None:
    response = client.post("/books?dry=", json=BOOK, headers={"X-Reader": "me"})
    assert response.json == {"message": "Missing required request parameters: [dry]"}


@pytest.mark.parametrize(
    "body", ["{", "", '{"isbn": "1", "title": "C"}', '{"isbn": "9780131103627"}', "[]", "[" * 9999]
)
def test_bodies_that_break_their_model_are_an_invalid_request_body(
    client: Client, body: str
) -> None:
    response = client.post(
        "/books?dry=1", data=body, content_type="application/json", headers={"X-Reader": "me"}
    )
    assert (response.status_code, response.json) == (400, {"message": "Invalid request body"})


def test_valid_requests_reach_the_function(client: Client) -> None:
    assert client.post("/books?dry=1", json=BOOK, headers={"X-Reader": "me"}).status_code == 201
    assert client.get(f"/books/{BOOK['isbn']}").json == BOOK


def test_a_body_without_content_type_is_taken_for_json(client: Client) -> None:
    assert client.put("/books", data="{").status_code == 400


def test_a_media_type_without_model_is_not_validated(client: Client) -> None:
    assert client.put("/books", data="{", content_type="text/plain").status_code == 200


def test_an_operation_may_choose_another_validator(client: Client) -> None:
    assert client.put("/books", json=BOOK).status_code == 200
    assert client.put("/books", json={}).json == {"message": "Invalid request body"}


def test_a_composed_body_is_not_validated(altered: Callable[..., Path]) -> None:
    template = altered(
        (
            "Book:\n              type: object",
            "Book:\n              allOf: [{ type: array }]\n              type: object",
        )
    )
    assert Client(Gateway.from_template(template)).put("/books", json={}).status_code == 200


def test_a_validator_that_is_not_declared_is_named_and_its_route_is_a_501(
    altered: Callable[..., Path],
) -> None:
    template = altered(
        (
            "x-amazon-apigateway-request-validator: only-body",
            "x-amazon-apigateway-request-validator: none-such",
        )
    )
    gateway = Gateway.from_template(template)
    message = "PUT /books names the request validator 'none-such'"
    assert any(message in gap for gap in gateway.project.gaps)
    response = Client(gateway).put("/books", json=BOOK)
    assert response.status_code == 501
    assert message in response.get_json(force=True)["detail"]
