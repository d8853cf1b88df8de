from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samspec.gateway import Gateway
from werkzeug.test import Client


def test_the_request_template_selects_the_response(client: Client) -> None:
    fine, broken = client.get("/health?who=me"), client.get("/health?broken=yes")
    assert (fine.status_code, fine.json) == (200, {"fine": True, "stage": "v1", "who": "me"})
    assert (broken.status_code, broken.json) == (503, {"fine": False})


def test_values_are_escaped_by_util(client: Client) -> None:
    assert client.get('/health?who=a"b').get_json()["who"] == 'a"b'


def test_response_parameters_map_literals_context_and_stage_variables(
    client: Client, application: Any
) -> None:
    headers = client.get("/health").headers
    assert (headers["X-Request"], headers["X-Shelf"]) == (headers["x-amzn-RequestId"], "north")
    assert Client(application).options("/users").headers["Access-Control-Max-Age"] == "600"


def test_the_response_template_is_chosen_by_accept(client: Client) -> None:
    response = client.get("/health", headers={"Accept": "text/plain"})
    assert (response.text, response.content_type) == ("fine", "text/plain")


def test_the_gateway_itself_responds_to_options_with_a_204(application: Any) -> None:
    response = Client(application).options("/users/1")
    assert (response.status_code, response.data) == (204, b"")
    assert "PUT" in response.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("method", ["PATCH", "HEAD", "TRACE"])
def test_other_methods_of_a_known_path_are_a_405_with_allow(application: Any, method: str) -> None:
    response = Client(application).open("/users", method=method)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST, OPTIONS")


def test_a_status_that_the_operation_does_not_declare_is_a_500(client: Client) -> None:
    assert client.get("/teapot").status_code == 500


def test_a_media_type_without_template_is_a_415_when_it_may_not_pass(client: Client) -> None:
    assert client.get("/teapot", headers={"Content-Type": "text/css"}).status_code == 415


def test_a_media_type_without_template_passes_and_selects_nothing(client: Client) -> None:
    assert client.get("/health", headers={"Content-Type": "text/css"}).status_code == 500


def test_the_default_template_serves_every_media_type(altered: Callable[..., Path]) -> None:
    template = altered(
        ("application/json: '{\"statusCode\": 418}'", "$default: '{\"statusCode\": 200}'"),
        ('"418"', '"200"'),
    )
    response = Client(Gateway.from_template(template)).get(
        "/teapot", headers={"Content-Type": "text/css"}
    )
    assert response.status_code == 200


def test_a_template_that_cannot_be_read_is_named_and_its_route_is_a_501(
    altered: Callable[..., Path],
) -> None:
    template = altered(("""'{"statusCode": 418}'""", '"#if(true)"'))
    gateway = Gateway.from_template(template)
    response = Client(gateway).get("/teapot")
    assert response.status_code == 501
    assert "GET /teapot: the mapping template cannot be read" in response.text
    assert any("GET /teapot: the mapping template" in gap for gap in gateway.project.gaps)
