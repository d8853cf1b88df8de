"""PUT /users/{id}"""

import uuid

import pytest
from botocore.exceptions import ReadTimeoutError
from samspec.testing.client import Response
from samspec.testing.dynamodb import DynamoDB, after, always, error, losing_the_response, slow

from tests.client import Api

TIMEOUT = ReadTimeoutError(endpoint_url="https://dynamodb")


@pytest.fixture
def ada(api: Api) -> Response:
    return api.create("ada@example.com")


@pytest.mark.criterion("update-user/1")
@pytest.mark.parametrize("email", ["ada@example.com", "lovelace@example.com"])
def test_an_update_replaces_address_and_name(api: Api, ada: Response, email: str) -> None:
    response = api.update(ada.json["id"], email.upper(), "Ada Lovelace")

    user = response.json
    assert response.status == 200
    assert (user["email"], user["name"]) == (email, "Ada Lovelace")
    assert (user["id"], user["created_at"]) == (ada.json["id"], ada.json["created_at"])
    assert user["updated_at"] > ada.json["updated_at"]
    assert api.get(user["id"]).json == user


def test_a_tag_changes_with_every_update_and_never_comes_back(api: Api, ada: Response) -> None:
    tags = {ada.etag} | {api.update(ada.json["id"], "ada@example.com").etag for _ in range(5)}

    assert len(tags) == 6


@pytest.mark.criterion("update-user/2")
def test_a_new_address_frees_the_old_one(api: Api, ada: Response, dynamodb: DynamoDB) -> None:
    api.update(ada.json["id"], "lovelace@example.com")

    eve = api.create("ada@example.com")

    assert eve.status == 201
    assert dynamodb.items()["email#ada@example.com"]["owner"] == eve.json["id"]


@pytest.mark.criterion("update-user/3")
def test_an_address_of_another_user_is_a_conflict_and_changes_nothing(
    api: Api, ada: Response
) -> None:
    eve = api.create("eve@example.com")

    assert api.update(eve.json["id"], "Ada@Example.com").problem() == (409, "Email already in use")
    assert api.get(eve.json["id"]).etag == eve.etag


@pytest.mark.criterion("update-user/4")
def test_a_user_that_does_not_exist_is_not_found(api: Api, dynamodb: DynamoDB) -> None:
    assert api.update(str(uuid.uuid4()), "ada@example.com").problem() == (404, "User not found")
    assert dynamodb.items() == {}


@pytest.mark.criterion("update-user/5")
@pytest.mark.parametrize("condition", ["{0}", '"x", {0}', "*", f'{{0}}, "{"0" * 32}"'])
@pytest.mark.parametrize("email", ["ada@example.com", "lovelace@example.com"])
def test_an_update_of_the_user_as_the_caller_knows_it_is_made(
    api: Api, ada: Response, condition: str, email: str
) -> None:
    assert api.update(ada.json["id"], email, If_Match=condition.format(ada.etag)).status == 200


@pytest.mark.criterion("update-user/6")
@pytest.mark.parametrize("condition", ['"x"', "W/{0}", f'"{"0" * 32}"', '""'])
@pytest.mark.parametrize("email", ["ada@example.com", "eve@example.com"])
def test_an_update_of_a_user_that_has_changed_is_refused(
    api: Api, ada: Response, condition: str, email: str
) -> None:
    api.create("eve@example.com")

    response = api.update(ada.json["id"], email, If_Match=condition.format(ada.etag))

    assert response.problem() == (412, "User has changed")
    assert api.get(ada.json["id"]).etag == ada.etag


@pytest.mark.criterion("update-user/4")
def test_a_condition_on_a_user_that_does_not_exist_is_not_found(api: Api) -> None:
    assert api.update(str(uuid.uuid4()), "ada@example.com", If_Match='"x"').problem() == (
        404,
        "User not found",
    )


def test_a_malformed_condition_is_refused(api: Api, ada: Response) -> None:
    assert api.update(ada.json["id"], "ada@example.com", If_Match="x").faults() == {
        ("header", "If-Match")
    }


@pytest.mark.criterion("update-user/9")
@pytest.mark.parametrize(
    ("headers", "data", "problem"),
    [
        ({"Content-Type": "text/plain"}, b"{}", (415, "Content-Type must be application/json")),
        (
            {"Content-Type": "text/plain", "If-Match": "x"},
            b"{}",
            (400, "Request does not match the API specification"),
        ),
        ({"Content-Type": "application/json"}, b"{", (400, "Invalid JSON")),
        ({}, b"", (400, "Request does not match the API specification")),
    ],
)
def test_faults_of_a_request_come_before_a_missing_user(
    api: Api, headers: dict[str, str], data: bytes, problem: tuple[int, str]
) -> None:
    response = api.request("PUT", f"/users/{uuid.uuid4()}", headers=headers, data=data)

    assert response.problem() == problem


@pytest.mark.criterion("update-user/11")
@pytest.mark.parametrize("call", ["UpdateItem", "TransactWriteItems"])
def test_an_update_that_meets_another_is_made_on_top_of_it(
    api: Api, ada: Response, dynamodb: DynamoDB, call: str
) -> None:
    id = ada.json["id"]
    dynamodb.spoil(call, after(lambda: api.update(id, "first@example.com")))

    response = api.update(
        id, "ada@example.com" if call == "UpdateItem" else "second@example.com", "Second"
    )

    assert (response.status, response.json["name"]) == (200, "Second")
    assert {key for key in dynamodb.items() if key.startswith("email#")} == {
        f"email#{response.json['email']}"
    }


@pytest.mark.criterion("update-user/11")
def test_an_update_that_meets_another_is_refused_where_it_has_a_condition(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    id = ada.json["id"]
    dynamodb.spoil("TransactWriteItems", after(lambda: api.update(id, "ada@example.com")))

    response = api.update(id, "lovelace@example.com", If_Match=ada.etag)

    assert response.problem() == (412, "User has changed")


def test_an_update_that_meets_a_deletion_finds_no_user(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    id = ada.json["id"]
    dynamodb.spoil("TransactWriteItems", after(lambda: api.delete(id)))

    assert api.update(id, "lovelace@example.com").problem() == (404, "User not found")
    assert dynamodb.items() == {}


@pytest.mark.criterion("update-user/12")
@pytest.mark.parametrize(
    ("call", "email"),
    [("UpdateItem", "ada@example.com"), ("TransactWriteItems", "lovelace@example.com")],
)
def test_an_update_whose_response_was_lost_is_made_once(
    api: Api, ada: Response, dynamodb: DynamoDB, call: str, email: str
) -> None:
    dynamodb.spoil(call, losing_the_response(TIMEOUT))

    response = api.update(ada.json["id"], email, "Ada L.", If_Match=ada.etag)

    assert (response.status, response.json["name"]) == (200, "Ada L.")
    assert response.etag == api.get(ada.json["id"]).etag


def test_an_update_that_meets_a_transaction_tries_again(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    dynamodb.spoil("UpdateItem", error("TransactionConflictException"))

    assert api.update(ada.json["id"], "ada@example.com").status == 200


@pytest.mark.criterion("update-user/12")
def test_an_update_that_meets_transactions_again_and_again_gives_up(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    dynamodb.spoil("UpdateItem", always(error("TransactionConflictException")))

    assert api.update(ada.json["id"], "ada@example.com").problem() == (
        503,
        "Database temporarily unavailable",
    )


def test_an_update_that_has_no_time_for_another_try_gives_up(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    dynamodb.spoil("UpdateItem", slow(error("TransactionConflictException"), seconds=2.6))

    assert api.update(ada.json["id"], "ada@example.com").problem() == (
        503,
        "Database temporarily unavailable",
    )
    assert dynamodb.calls.count("UpdateItem") == 1


def test_an_unforeseen_error_is_an_internal_one(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    dynamodb.spoil("UpdateItem", error("ValidationException"))

    assert api.update(ada.json["id"], "ada@example.com").problem() == (500, "Internal server error")
