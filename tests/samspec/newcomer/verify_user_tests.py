"""POST /users/{id}/verify"""

import uuid

import pytest
from samspec.testing.dynamodb import DynamoDB, always, error

from tests.client import Api


@pytest.mark.criterion("verify-user/1")
def test_an_address_is_verified_and_stays_so(api: Api, dynamodb: DynamoDB) -> None:
    user = api.create("ada@example.com").json

    assert api.request("POST", f"/users/{user['id']}/verify").status == 204
    api.update(user["id"], "ada@example.com", "Ada King")

    assert dynamodb.items()[user["id"]]["verified_at"]


def test_a_user_that_does_not_exist_is_not_found(api: Api, dynamodb: DynamoDB) -> None:
    assert api.request("POST", f"/users/{uuid.uuid4()}/verify").status == 404
    assert dynamodb.items() == {}


def test_an_id_is_a_uuid(api: Api) -> None:
    assert api.request("POST", "/users/1/verify").status == 400


@pytest.mark.parametrize(
    ("code", "status"), [("ThrottlingException", 503), ("ValidationException", 500)]
)
def test_a_failing_database_is_an_error(
    api: Api, dynamodb: DynamoDB, code: str, status: int
) -> None:
    dynamodb.spoil("UpdateItem", always(error(code)))

    assert api.request("POST", f"/users/{uuid.uuid4()}/verify").status == status
