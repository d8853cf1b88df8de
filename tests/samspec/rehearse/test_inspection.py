"""What deployed methods ask of callers, next to what the spec says."""

from pathlib import Path
from typing import Any

import pytest
from samspec.deploy.stack import Stack
from samspec.rehearse import inspection
from samspec.sam.errors import ProjectError

TEMPLATE = """
Resources:
  Notes:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      DefinitionBody:
        openapi: 3.0.3
        info: { title: Notes, version: "1" }
        paths:
          /notes:
            get:
              security: [{ Users: [notes/read, notes/admin] }]
              x-amazon-apigateway-integration: { type: aws_proxy, uri: "" }
            post:
              security: [{ Check: [], api_key: [] }]
              x-amazon-apigateway-integration: { type: aws_proxy, uri: "" }
            delete:
              x-amazon-apigateway-auth: { type: AWS_IAM }
              x-amazon-apigateway-integration: { type: aws_proxy, uri: "" }
            options:
              security: []
              x-amazon-apigateway-integration: { type: mock }
        components:
          securitySchemes:
            api_key: { type: apiKey, name: x-api-key, in: header }
            Users:
              type: apiKey
              name: Authorization
              in: header
              x-amazon-apigateway-authtype: cognito_user_pools
              x-amazon-apigateway-authorizer: { type: cognito_user_pools, providerARNs: [] }
            Check:
              type: apiKey
              name: Authorization
              in: header
              x-amazon-apigateway-authtype: custom
              x-amazon-apigateway-authorizer: { type: token, authorizerUri: "" }
"""
METHODS: dict[str, dict[str, Any]] = {
    "GET": {
        "authorizationType": "COGNITO_USER_POOLS",
        "authorizerId": "1",
        "authorizationScopes": ["notes/admin", "notes/read"],
    },
    "POST": {"authorizationType": "CUSTOM", "authorizerId": "2", "apiKeyRequired": True},
    "DELETE": {"authorizationType": "AWS_IAM"},
    "OPTIONS": {"authorizationType": "NONE"},
}


class FakeGateway:
    """API Gateway with one resource that has these methods."""

    def __init__(self, methods: dict[str, dict[str, Any]]) -> None:
        self.methods = methods

    def get_authorizers(self, **options: Any) -> Any:
        return {"items": [{"id": "1", "name": "Users"}, {"id": "2", "name": "Check"}]}

    def get_resources(self, **options: Any) -> Any:
        return {"items": [{"path": "/"}, {"path": "/notes", "resourceMethods": self.methods}]}


def inspected(root: Path, monkeypatch: pytest.MonkeyPatch, **changes: dict[str, Any]) -> str:
    """What the check says of the methods with these changes."""
    (root / "template.yaml").write_text(TEMPLATE)
    stack = Stack("notes", "us-east-1")
    resources = {"Notes": {"PhysicalResourceId": "abc"}}
    stack.__dict__ |= {"description": {}, "resources": resources}
    methods = {name: {**method, **changes.get(name, {})} for name, method in METHODS.items()}
    gateway = FakeGateway(methods)
    monkeypatch.setattr(inspection.Inspection, "client", lambda self, service: gateway)
    return inspection._callers(inspection.Inspection(stack, root))


def test_methods_that_ask_for_what_the_spec_says_are_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert inspected(tmp_path, monkeypatch).startswith("3 operations, each asks its callers")


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("GET", {"authorizationType": "NONE", "authorizerId": None, "authorizationScopes": []}),
        ("GET", {"authorizationScopes": ["notes/read"]}),
        ("GET", {"authorizerId": "2"}),
        ("POST", {"apiKeyRequired": False}),
        ("DELETE", {"authorizationType": "NONE"}),
        ("OPTIONS", {"authorizationType": "AWS_IAM"}),
    ],
)
def test_a_method_that_asks_for_something_else_is_an_error(
    method: str, change: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ProjectError, match=f"{method} /notes: what it asks of callers"):
        inspected(tmp_path, monkeypatch, **{method: change})
