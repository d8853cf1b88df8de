"""POST /users"""

import json
import re
from uuid import UUID

import pytest
from botocore.exceptions import ReadTimeoutError
from samspec.testing.dynamodb import DynamoDB, after, always, cancelled, error, losing_the_response

from tests.client import Api

TIMEOUT = ReadTimeoutError(endpoint_url="https://dynamodb")


@pytest.mark.criterion("create-user/1")
def test_creating_a_user_returns_it_with_its_path_and_its_tag(api: Api) -> None:
    response = api.create("Ada@Example.COM", "Ada Lovelace")

    user = response.json
    assert response.status == 201
    assert (user["email"], user["name"]) == ("ada@example.com", "Ada Lovelace")
    assert UUID(user["id"]).version == 4
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", user["created_at"])
    assert user["created_at"] == user["updated_at"]
    assert response.headers["Location"] == f"/users/{user['id']}"
    assert response.etag == api.get(user["id"]).etag
    assert "Idempotency-Replayed" not in response.headers


def test_creating_a_user_takes_its_address_by_a_marker_item(api: Api, dynamodb: DynamoDB) -> None:
    user = api.create("ada@example.com").json

    marker = dynamodb.items()["email#ada@example.com"]
    assert marker == {"id": "email#ada@example.com", "owner": user["id"]}


@pytest.mark.criterion("create-user/2")
def test_an_address_that_is_taken_is_a_conflict_in_any_letter_case(api: Api) -> None:
    api.create("ada@example.com")

    assert api.create("ADA@example.com").problem() == (409, "Email already in use")


@pytest.mark.criterion("create-user/3")
def test_the_same_key_and_body_give_the_user_as_it_is_now(api: Api, dynamodb: DynamoDB) -> None:
    created = api.create("ada@example.com", "Ada", key="order-1")
    updated = api.update(created.json["id"], "ada@example.org", "Ada L.")

    replayed = api.create("ada@example.com", "Ada", key="order-1")

    assert UUID(created.json["id"]).version == 5
    assert replayed.status == 201
    assert replayed.json == updated.json
    assert replayed.etag == updated.etag
    assert replayed.headers["Location"] == f"/users/{created.json['id']}"
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert len(dynamodb.items()) == 2


@pytest.mark.criterion("create-user/4")
def test_the_same_key_with_another_body_is_refused(api: Api) -> None:
    api.create("ada@example.com", "Ada", key="order-1")

    response = api.create("ada@example.com", "Eve", key="order-1")

    assert response.problem() == (422, "Idempotency-Key was used with a different request")


@pytest.mark.criterion("create-user/5")
def test_a_key_is_forgotten_with_its_user(api: Api) -> None:
    created = api.create("ada@example.com", key="order-1")
    api.delete(created.json["id"])

    again = api.create("eve@example.com", key="order-1")

    assert (again.status, again.json["id"]) == (201, created.json["id"])
    assert "Idempotency-Replayed" not in again.headers
    assert again.etag != created.etag


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "tab\there"])
def test_a_key_is_1_to_255_printable_ascii_characters(api: Api, key: str) -> None:
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}

    response = api.request(
        "POST", "/users", json={"email": "ada@example.com", "name": "Ada"}, headers=headers
    )

    assert response.faults() == {("header", "Idempotency-Key")}


@pytest.mark.criterion("create-user/8")
def test_every_fault_of_a_body_is_named(api: Api) -> None:
    response = api.request("POST", "/users", json={"name": "", "e-mail": "ada@example.com"})

    assert response.faults() == {("body", "email"), ("body", "name"), ("body", "e-mail")}


@pytest.mark.parametrize(
    "name",
    [
        *(
            " ",
            "\t",
            "\u00a0",
            "\u00ad",
            "\u200b",
            "\u200d\u2060",
            "\u2800",
            "\u3164",
            "\uffa0",
            "\ufe0f",
        ),
        *("\ufffd", "Ada \ufffd", "Ada\n", "Ada\x7f", "Ada\x85"),
    ],
)
def test_a_name_that_nobody_can_see_or_that_was_lost_on_the_way_is_refused(
    api: Api, name: str
) -> None:
    assert api.create(name=name).faults() == {("body", "name")}


@pytest.mark.parametrize("name", ["A", "é", "李", "👩\u200d👩", " A ", "\u200bA", "\u0e01", "-"])
def test_a_name_may_be_of_any_script(api: Api, name: str) -> None:
    assert api.create(name=name).json["name"] == name


def test_a_body_of_many_faults_gets_a_short_response(api: Api) -> None:
    body = {f"property {number}": "x" * 20 for number in range(50_000)}

    response = api.request("POST", "/users", json=body)

    status, detail = response.problem()
    assert (status, len(response.json["errors"])) == (400, 50)
    assert detail == (
        "Request does not match the API specification; 49952 more faults are not listed"
    )
    assert len(response.body) < 10_000


def test_a_create_whose_response_was_lost_is_made_once(api: Api, dynamodb: DynamoDB) -> None:
    dynamodb.spoil("TransactWriteItems", losing_the_response(TIMEOUT))

    response = api.create("ada@example.com")

    assert response.status == 201
    assert "Idempotency-Replayed" not in response.headers
    assert response.json["id"] in dynamodb.items()


@pytest.mark.criterion("create-user/11")
def test_a_create_that_was_given_up_can_be_repeated_with_its_key(
    api: Api, dynamodb: DynamoDB
) -> None:
    dynamodb.spoil("TransactWriteItems", *[losing_the_response(TIMEOUT)] * 3)
    given_up = api.create("ada@example.com", key="order-1")

    repeated = api.create("ada@example.com", key="order-1")

    assert given_up.problem() == (503, "Database temporarily unavailable")
    assert (repeated.status, repeated.headers["Idempotency-Replayed"]) == (201, "true")


def test_a_create_that_met_another_transaction_tries_again(api: Api, dynamodb: DynamoDB) -> None:
    dynamodb.spoil("TransactWriteItems", cancelled("None", "TransactionConflict"))

    assert api.create().status == 201
    assert dynamodb.calls == ["TransactWriteItems"] * 2


def test_a_create_that_meets_other_transactions_again_and_again_gives_up(
    api: Api, dynamodb: DynamoDB
) -> None:
    dynamodb.spoil("TransactWriteItems", always(cancelled("TransactionConflict", "None")))

    response = api.create()

    assert response.problem() == (503, "Database temporarily unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_a_race_for_an_address_is_lost_with_a_conflict(api: Api, dynamodb: DynamoDB) -> None:
    dynamodb.spoil("TransactWriteItems", after(lambda: api.create("ada@example.com")))

    assert api.create("ada@example.com").problem() == (409, "Email already in use")


def test_a_transaction_that_was_never_valid_is_not_tried_again(
    api: Api, dynamodb: DynamoDB
) -> None:
    dynamodb.spoil("TransactWriteItems", cancelled("ValidationError", "None"))

    assert api.create().problem() == (500, "Internal server error")
    assert len(dynamodb.calls) == 1


@pytest.mark.criterion("create-user/12")
def test_an_unforeseen_error_shows_nothing_of_itself(api: Api, dynamodb: DynamoDB) -> None:
    dynamodb.spoil(
        "TransactWriteItems", error("AccessDeniedException", message="arn:aws:iam::1:role/secret")
    )

    response = api.create()

    assert response.json == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Internal server error",
    }


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "SlowDown",
        "ThrottlingException",
    ],
)
def test_a_throttling_database_is_asked_three_times(
    api: Api, dynamodb: DynamoDB, code: str
) -> None:
    dynamodb.spoil("TransactWriteItems", always(error(code)))

    response = api.create()

    assert response.problem() == (503, "Database temporarily unavailable")
    assert response.headers["Retry-After"] == "1"
    assert len(dynamodb.calls) == 3


def test_the_body_is_utf_8_whatever_its_letters(api: Api) -> None:
    body = json.dumps({"email": "a@b.cd", "name": "Ἀδᾶ 🦊"}, ensure_ascii=False)
    headers = {"Content-Type": 'application/json; charset="utf-8"'}
    user = api.request("POST", "/users", data=body.encode(), headers=headers).json

    assert api.get(user["id"]).json["name"] == "Ἀδᾶ 🦊"


@pytest.mark.parametrize("code", ["KMSThrottlingException", "ReplicatedWriteConflictException"])
def test_what_only_a_later_request_can_get_past_is_unavailable(
    api: Api, dynamodb: DynamoDB, code: str
) -> None:
    dynamodb.spoil("TransactWriteItems", always(error(code)))

    assert api.create().problem() == (503, "Database temporarily unavailable")


def test_a_write_that_met_one_in_another_region_tries_again(api: Api, dynamodb: DynamoDB) -> None:
    dynamodb.spoil("TransactWriteItems", error("ReplicatedWriteConflictException"))

    assert api.create().status == 201
