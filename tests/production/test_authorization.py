"""Who may call, by environment, as the local gateway reads it from spec and template.

An API that asks for tokens (scripts/add-auth) does so in every environment; without them, it is the
parameter Authorization that says whether requests must be signed.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from samspec.aws import tables
from samspec.gateway import Gateway
from samspec.gateway.authorization.trusted import credentials
from samspec.sam import environments
from samspec.sam.account import KEY_ID, SECRET
from werkzeug.test import Client

from tests.conftest import ROOT, SPEC

ENVIRONMENTS = environments.read(ROOT)
DEV, PROD = ENVIRONMENTS["dev"].parameters, ENVIRONMENTS["prod"].parameters
ASKS_WHO_CALLS = "securitySchemes" in SPEC["components"]
signatures = pytest.mark.skipif(ASKS_WHO_CALLS, reason="the API asks for credentials of its own")
asks_who_calls = pytest.mark.skipif(not ASKS_WHO_CALLS, reason="the API asks for no credentials")


@pytest.fixture
def client(request: pytest.FixtureRequest, dynamodb_client: Any) -> Iterator[Client]:
    gateway = Gateway.from_template(ROOT / "template.yaml", parameters=request.param)
    names = tables.create(gateway.project.template, dynamodb_client)
    yield Client(gateway)
    for name in names:
        dynamodb_client.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb_client.delete_table(TableName=name)
    gateway.close()


def signature(method: str) -> dict[str, str]:
    request = AWSRequest(method, "http://localhost/users", headers={"Host": "localhost"})
    SigV4Auth(Credentials(KEY_ID, SECRET), "execute-api", "us-east-1").add_auth(request)
    return dict(request.headers)


@signatures
@pytest.mark.parametrize("client", [DEV, {**PROD, "Authorization": "NONE"}], indirect=True)
def test_anyone_may_call_where_no_signature_is_asked_for(client: Client) -> None:
    assert client.get("/users").status_code == 200


@signatures
@pytest.mark.parametrize("client", [PROD, {**DEV, "Authorization": "AWS_IAM"}], indirect=True)
def test_elsewhere_an_unsigned_request_gets_an_error_that_says_so(client: Client) -> None:
    response = client.get("/users")
    assert (response.status_code, response.content_type) == (403, "application/problem+json")
    assert "the request is not signed" in response.text


@signatures
@pytest.mark.parametrize("client", [PROD], indirect=True)
def test_a_signed_request_passes(client: Client) -> None:
    response = client.get("/users", headers=signature("GET"))
    assert response.status_code == 200, response.text


@asks_who_calls
@pytest.mark.parametrize("client", [DEV, PROD], indirect=True)
def test_credentials_are_asked_for_in_every_environment(
    client: Client, request: pytest.FixtureRequest
) -> None:
    parameters = request.node.callspec.params["client"]
    response = client.get("/users")
    assert (response.status_code, response.content_type) in [
        (401, "application/problem+json"),
        (403, "application/problem+json"),
    ]
    assert client.get("/users", headers=signature("GET")).status_code in (401, 403)
    project = Gateway.from_template(ROOT / "template.yaml", parameters=parameters).project
    accepted = credentials(project.source.apis)
    assert client.get("/users", headers=accepted).status_code == 200


@pytest.mark.parametrize("client", [PROD], indirect=True)
def test_a_browser_asks_unsigned_what_it_may_send(client: Client) -> None:
    response = client.options("/users")
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (
        204,
        "https://example.com",
    )
