"""DELETE /users/{id}"""

import uuid

import pytest
from botocore.exceptions import ReadTimeoutError
from samspec.testing.client import Response
from samspec.testing.dynamodb import DynamoDB, after, always, cancelled, error, losing_the_response

from tests.client import Api


@pytest.fixture
def ada(api: Api) -> Response:
    return api.create("ada@example.com")


@pytest.mark.criterion("delete-user/1")
def test_a_deleted_user_is_gone_and_its_address_is_free(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    response = api.delete(ada.json["id"])

    assert (response.status, response.body) == (204, b"")
    assert api.get(ada.json["id"]).status == 404
    assert dynamodb.items() == {}


@pytest.mark.criterion("delete-user/2")
def test_a_user_that_does_not_exist_is_not_found(api: Api) -> None:
    assert api.delete(str(uuid.uuid4())).problem() == (404, "User not found")


@pytest.mark.criterion("delete-user/5")
def test_an_id_is_a_uuid(api: Api) -> None:
    assert api.delete("1").faults() == {("path", "id")}


@pytest.mark.criterion("delete-user/3")
@pytest.mark.parametrize("condition", ["{0}", '"x", {0}', "*"])
def test_a_user_as_the_caller_knows_it_is_deleted(api: Api, ada: Response, condition: str) -> None:
    assert api.delete(ada.json["id"], If_Match=condition.format(ada.etag)).status == 204


@pytest.mark.criterion("delete-user/4")
@pytest.mark.parametrize("condition", ['"x"', "W/{0}", f'"{"0" * 32}"'])
def test_a_user_that_has_changed_is_not_deleted(api: Api, ada: Response, condition: str) -> None:
    response = api.delete(ada.json["id"], If_Match=condition.format(ada.etag))

    assert response.problem() == (412, "User has changed")
    assert api.get(ada.json["id"]).status == 200


@pytest.mark.criterion("delete-user/5")
def test_a_malformed_condition_is_refused(api: Api, ada: Response) -> None:
    assert api.delete(ada.json["id"], If_Match="x").faults() == {("header", "If-Match")}


@pytest.mark.criterion("delete-user/7")
def test_a_user_that_changes_meanwhile_is_deleted_with_its_new_address(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    id = ada.json["id"]
    dynamodb.spoil("TransactWriteItems", after(lambda: api.update(id, "lovelace@example.com")))

    assert api.delete(id).status == 204
    assert dynamodb.items() == {}


@pytest.mark.criterion("delete-user/7")
def test_a_user_that_changes_meanwhile_is_kept_where_there_is_a_condition(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    id = ada.json["id"]
    dynamodb.spoil("TransactWriteItems", after(lambda: api.update(id, "ada@example.com")))

    assert api.delete(id, If_Match=ada.etag).problem() == (412, "User has changed")


def test_a_user_that_another_request_deletes_meanwhile_is_not_found(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    dynamodb.spoil("TransactWriteItems", after(lambda: api.delete(ada.json["id"])))

    assert api.delete(ada.json["id"]).problem() == (404, "User not found")


def test_a_deletion_whose_response_was_lost_is_made_once(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    dynamodb.spoil(
        "TransactWriteItems", losing_the_response(ReadTimeoutError(endpoint_url="https://dynamodb"))
    )

    assert api.delete(ada.json["id"]).status == 204


@pytest.mark.criterion("delete-user/8")
def test_a_deletion_that_meets_transactions_again_and_again_gives_up(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    dynamodb.spoil("TransactWriteItems", always(cancelled("TransactionConflict", "None")))

    assert api.delete(ada.json["id"]).problem() == (503, "Database temporarily unavailable")
    assert api.get(ada.json["id"]).status == 200


def test_an_unforeseen_error_is_an_internal_one(api: Api, dynamodb: DynamoDB) -> None:
    dynamodb.spoil("GetItem", error("AccessDeniedException"))

    assert api.delete(str(uuid.uuid4())).problem() == (500, "Internal server error")
