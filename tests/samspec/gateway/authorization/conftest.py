"""Small projects whose operations ask who calls, and a local issuer of their own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from samspec.aws import issuer
from samspec.gateway import Gateway
from werkzeug.test import Client, TestResponse

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Readers"
POOL_ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Readers"
FUNCTION = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"
ECHO = """
import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"])}
"""


class Project:
    """Writes a project with one API and sends requests to it.

    `schemes` and `paths` are the definition's; a path's operations call the function Echo.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.resources: dict[str, Any] = {}
        self.definition: dict[str, Any] = {}
        self.api: dict[str, Any] = {}
        (root / "echo.py").write_text(ECHO)
        (root / "authorizer.py").write_text("def handler(event, context): ...\n")

    def scheme(self, id: str, /, **settings: Any) -> None:
        schemes = self.definition.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes[id] = {"type": "apiKey", "name": "Authorization", "in": "header"} | settings

    def operation(self, path: str = "/books", method: str = "get", **settings: Any) -> None:
        item = self.definition.setdefault("paths", {}).setdefault(path, {})
        uri = FUNCTION.format("${Echo.Arn}")
        integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": {"Fn::Sub": uri}}
        item[method] = {
            "responses": {},
            "x-amazon-apigateway-integration": integration,
            **settings,
        }

    def authorizer(self, source: str, **settings: Any) -> None:
        """A Lambda authorizer named Custom whose function has this source; one operation."""
        (self._root / "authorizer.py").write_text(source)
        uri = {"Fn::Sub": FUNCTION.format("${Authorizer.Arn}")}
        stated = {"type": "token", "authorizerUri": uri} | settings
        self.scheme("Custom", **{"x-amazon-apigateway-authorizer": stated})
        self.operation(security=[{"Custom": []}])

    def write(self) -> Path:
        """Write the template; gives its path."""
        function = {"Runtime": "python3.11", "CodeUri": ".", "Timeout": 5}
        functions = {}
        for name in ("Echo", "Authorizer"):
            properties = {**function, "Handler": f"{name.lower()}.handler"}
            functions[name] = {"Type": "AWS::Serverless::Function", "Properties": properties}
        body = {"openapi": "3.0.1", "info": {"title": "Books", "version": "1"}, **self.definition}
        api = {"StageName": "v1", "DefinitionBody": body, **self.api}
        resources = {
            "BooksApi": {"Type": "AWS::Serverless::Api", "Properties": api},
            **functions,
            **self.resources,
        }
        template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
        (self._root / "template.yaml").write_text(yaml.safe_dump(template))
        return self._root / "template.yaml"

    def gateway(self) -> Gateway:
        return Gateway.from_template(self.write())

    def client(self) -> Client:
        return Client(self.gateway())


@pytest.fixture
def project(tmp_path: Path, dynamodb_client: Any) -> Project:
    return Project(tmp_path)


@pytest.fixture
def token() -> Callable[..., dict[str, str]]:
    """A request's headers with a token of the pool Readers."""

    def headers(**request: Any) -> dict[str, str]:
        stated = {"issuer": POOL_ISSUER, "subject": "ada", "scopes": ("books/read",)} | request
        return {"Authorization": f"Bearer {issuer.issue(issuer.TokenRequest(**stated))}"}

    return headers


def context(response: TestResponse) -> dict[str, Any]:
    """The requestContext that the function Echo got."""
    assert response.status_code == 200, response.text
    return dict(json.loads(response.text))


def refusal(response: TestResponse) -> tuple[int, str, Any]:
    """Status, error type and body of a response that the gateway gave itself."""
    return response.status_code, response.headers["x-amzn-ErrorType"], json.loads(response.text)
