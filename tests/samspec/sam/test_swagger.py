from typing import Any

import pytest
from samspec.sam.swagger import converted

PETS: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Pets", "version": "1"},
    "host": "pets.example",
    "basePath": "/v1",
    "consumes": ["application/json", "application/xml"],
    "produces": ["application/json"],
    "x-amazon-apigateway-binary-media-types": ["image/png"],
    "parameters": {
        "Limit": {"name": "limit", "in": "query", "type": "integer", "maximum": 100},
        "Body": {"name": "pet", "in": "body", "schema": {"$ref": "#/definitions/Pet"}},
    },
    "responses": {"Gone": {"description": "Gone", "schema": {"$ref": "#/definitions/Pet"}}},
    "securityDefinitions": {"key": {"type": "apiKey", "name": "x-api-key", "in": "header"}},
    "definitions": {
        "Pet": {"type": "object", "properties": {"next": {"$ref": "#/definitions/Pet"}}}
    },
    "paths": {
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "string"}],
            "put": {
                "parameters": [
                    {"$ref": "#/parameters/Limit"},
                    {"$ref": "#/parameters/Body"},
                    {"name": "tag", "in": "query", "type": "array", "items": {"type": "string"},
                     "collectionFormat": "multi"},
                ],
                "responses": {
                    200: {"description": "Fine", "schema": {"$ref": "#/definitions/Pet"},
                          "headers": {"X-A": {"type": "string"}}},
                    "410": {"$ref": "#/responses/Gone"},
                },
                "x-amazon-apigateway-integration": {"type": "mock"},
            },
            "post": {
                "consumes": ["application/x-www-form-urlencoded"],
                "parameters": [
                    {"name": "a", "in": "formData", "type": "string", "required": True},
                    {"name": "b", "in": "formData", "type": "integer"},
                ],
                "responses": {},
            },
        }
    },
}  # fmt: skip
PET = {"$ref": "#/components/schemas/Pet"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return converted(PETS)


def test_what_only_swagger_has_is_gone(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.0.1"
    assert not {"swagger", "host", "basePath", "consumes", "definitions"} & set(document)
    assert document["x-amazon-apigateway-binary-media-types"] == ["image/png"]


def test_definitions_are_components_and_references_follow(document: dict[str, Any]) -> None:
    components = document["components"]
    assert components["schemas"]["Pet"]["properties"]["next"] == PET
    assert components["securitySchemes"]["key"]["name"] == "x-api-key"
    assert components["responses"]["Gone"]["content"] == {"application/json": {"schema": PET}}


def test_a_body_parameter_is_a_request_body_of_each_type(document: dict[str, Any]) -> None:
    operation = document["paths"]["/pets/{id}"]["put"]
    schema = {"schema": PET}
    content = {"application/json": schema, "application/xml": schema}
    assert operation["requestBody"] == {"required": False, "content": content}


def test_a_parameter_has_its_type_in_a_schema(document: dict[str, Any]) -> None:
    item = document["paths"]["/pets/{id}"]
    assert item["parameters"][0]["schema"] == {"type": "string"}
    limit, tag = item["put"]["parameters"]
    assert limit["schema"] == {"type": "integer", "maximum": 100}
    assert (tag["schema"]["type"], tag["explode"]) == ("array", True)


def test_responses_have_text_keys_content_and_headers(document: dict[str, Any]) -> None:
    responses = document["paths"]["/pets/{id}"]["put"]["responses"]
    assert set(responses) == {"200", "410"}
    assert responses["200"]["content"] == {"application/json": {"schema": PET}}
    assert responses["200"]["headers"] == {"X-A": {"schema": {"type": "string"}}}


def test_form_fields_are_one_body(document: dict[str, Any]) -> None:
    body = document["paths"]["/pets/{id}"]["post"]["requestBody"]
    assert body == {
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
                    "required": ["a"],
                }
            }
        }
    }
