from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from samspec.gateway import Gateway
from samspec.sam.account import KEY_ID
from werkzeug.test import Client

from tests.samspec.gateway.conftest import LIBRARY


@pytest.fixture(scope="module")
def signed_only(dynamodb_client: Any) -> Client:
    return Client(Gateway.from_template(LIBRARY, parameters={"Signed": "yes"}))


def signature(url: str, key: str = KEY_ID, secret: str = KEY_ID) -> dict[str, str]:
    request = AWSRequest("DELETE", f"http://localhost{url}", headers={"Host": "localhost"})
    SigV4Auth(Credentials(key, secret), "execute-api", "us-east-1").add_auth(request)
    return dict(request.headers)


@pytest.mark.parametrize("url", ["/v1/books", "/books?b=2&a=1%20x", "/books/"])
def test_a_signed_request_passes_and_its_caller_is_known(signed_only: Client, url: str) -> None:
    response = signed_only.delete(url, headers=signature(url))
    assert response.status_code == 200, response.text
    identity = response.get_json()["event"]["requestContext"]["identity"]
    assert identity["accessKey"] == "testing"
    assert identity["userArn"].endswith("user/testing")


def test_an_unsigned_request_misses_its_authentication_token(signed_only: Client) -> None:
    response = signed_only.delete("/books")
    assert (response.status_code, response.json) == (
        403,
        {"message": "Missing Authentication Token"},
    )


@pytest.mark.parametrize(
    ("signed", "changed", "message"),
    [
        ({}, {"Authorization": "Bearer x"}, "IncompleteSignatureException"),
        ({"key": "somebody"}, {}, "The security token included in the request is invalid."),
        ({"secret": "wrong"}, {}, "The request signature we calculated does not match"),
        ({"url": "/elsewhere"}, {}, "The request signature we calculated does not match"),
        ({}, {"X-Amz-Date": "20200101T000000Z"}, "Signature expired"),
        ({}, {"X-Amz-Date": "yesterday"}, "Signature expired"),
    ],
)
def test_a_wrong_signature_is_refused(
    signed_only: Client, signed: dict[str, str], changed: dict[str, str], message: str
) -> None:
    """Signed here, because a signature expires after five minutes: a long run takes more."""
    headers = signature(**{"url": "/books", **signed}) | changed
    response = signed_only.delete("/books", headers=headers)
    assert response.status_code == 403
    assert response.get_json()["message"].startswith(message)
    assert response.headers["x-amzn-ErrorType"] == "InvalidSignatureException"


def test_operations_without_aws_iam_stay_open(signed_only: Client, client: Client) -> None:
    assert signed_only.get("/books").status_code == 200
    assert client.delete("/books").status_code == 200


def test_a_security_scheme_of_type_aws_sigv4_asks_for_a_signature_too(
    altered: Callable[..., Path],
) -> None:
    template = altered(
        (
            "x-amazon-apigateway-auth:\n                type: !If [IsSigned, AWS_IAM, NONE]",
            "security: [{ iam: [] }]",
        ),
        (
            "components:",
            "components:\n          securitySchemes: { iam: { x-amazon-apigateway-authtype: "
            "awsSigv4 } }",
        ),
    )
    client = Client(Gateway.from_template(template))
    assert client.delete("/books").status_code == 403
    assert client.delete("/books", headers=signature("/books")).status_code == 200
