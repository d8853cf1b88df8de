"""What an operation asks for: an open door is one that somebody wrote."""

from typing import Any

import pytest
from samspec.gateway.authorization import requirements

SCHEMES: dict[str, Any] = {
    "pool": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authorizer": {"type": "COGNITO_USER_POOLS", "providerARNs": ["a"]},
    },
    "custom": {
        "type": "apiKey",
        "name": "X-Token",
        "in": "header",
        "x-amazon-apigateway-authorizer": {"type": "token"},
    },
    "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    "signed": {"type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
AUTH = "x-amazon-apigateway-auth"


def read(operation: dict[str, Any], place: str = "components") -> requirements.Requirement:
    swagger = {"securityDefinitions": SCHEMES}
    definition = swagger if place == "swagger" else {"components": {"securitySchemes": SCHEMES}}
    return requirements.read(definition, operation)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ({}, "NONE"),
        ({"security": []}, "NONE"),
        ({"security": [{"NONE": []}]}, "NONE"),
        ({AUTH: {"type": "NONE"}}, "NONE"),
        ({AUTH: {"type": "AWS_IAM"}}, "AWS_IAM"),
        ({"security": [{"signed": []}], AUTH: {"type": "AWS_IAM"}}, "AWS_IAM"),
        ({"security": [{"pool": ["a", "b"]}]}, "pool"),
        ({"security": [{"pool": []}, {"key": []}]}, "pool and API key"),
        ({"security": [{"pool": [], "key": []}]}, "pool and API key"),
        ({"security": [{"signed": []}, {"key": []}]}, "AWS_IAM and API key"),
    ],
)
@pytest.mark.parametrize("place", ["components", "swagger"])
def test_all_that_an_operation_names_is_asked_for(
    operation: dict[str, Any], words: str, place: str
) -> None:
    requirement = read(operation, place)
    assert (str(requirement), requirement.problem) == (words, "")
    assert requirement.is_open == (words == "NONE")


def test_scopes_and_header_are_those_of_the_scheme() -> None:
    assert read({"security": [{"pool": ["a", "b"]}]}).scopes == ("a", "b")
    authorizer = read({"security": [{"custom": []}]}).authorizer
    assert authorizer
    assert authorizer.header == "X-Token"


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ({"security": [{"nowhere": []}]}, "which is not under securitySchemes"),
        ({"security": [{"bearer": []}]}, "would leave the operation open"),
        ({"security": [{"pool": []}, {"custom": []}]}, "two authorizers"),
        ({"security": [{"pool": []}], AUTH: {"type": "NONE"}}, "contradict each other"),
        ({AUTH: {"type": "CUSTOM"}}, "knows NONE and AWS_IAM"),
    ],
)
def test_what_api_gateway_would_leave_open_is_a_problem(
    operation: dict[str, Any], words: str
) -> None:
    requirement = read(operation)
    assert words in requirement.problem
    assert not requirement.is_open
