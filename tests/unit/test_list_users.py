"""GET /users"""

import base64

import pytest
from samspec.testing.dynamodb import DynamoDB, always, cut_to, error, slow

from tests.client import Api


@pytest.mark.criterion("list-users/1")
def test_no_users_are_an_empty_list(api: Api) -> None:
    response = api.list()

    assert (response.status, response.json) == (200, {"users": []})


def test_markers_are_not_users(api: Api) -> None:
    ada = api.create("ada@example.com").json

    assert api.list().json == {"users": [ada]}


@pytest.mark.criterion("list-users/2")
def test_a_page_has_20_users_unless_told_otherwise(api: Api) -> None:
    for _ in range(21):
        api.create()

    assert len(api.list().json["users"]) == 20
    assert len(api.list(limit=21).json["users"]) == 21


@pytest.mark.criterion("list-users/2")
@pytest.mark.parametrize("limit", [1, 3, 6, 7, 100])
def test_a_walk_shows_every_user_once_and_ends_without_a_cursor(api: Api, limit: int) -> None:
    created = [api.create().json for _ in range(6)]

    seen = api.walk(limit=limit)

    ids = [user["id"] for user in created]
    assert sorted(user["id"] for user in seen) == sorted(ids)


def test_the_last_page_is_full_and_has_no_cursor(api: Api) -> None:
    for _ in range(4):
        api.create()

    first = api.list(limit=2).json
    last = api.list(limit=2, cursor=first["next_cursor"]).json

    assert (len(last["users"]), "next_cursor" in last) == (2, False)


@pytest.mark.parametrize("limit", [1, 5, 6, 100])
def test_a_page_that_the_database_cuts_short_is_filled(
    api: Api, dynamodb: DynamoDB, limit: int
) -> None:
    created = {api.create().json["id"] for _ in range(6)}
    dynamodb.spoil("Scan", *[cut_to(1)] * 3)

    page = api.list(limit=limit).json

    assert len(page["users"]) == min(limit, 6)
    assert ("next_cursor" in page) == (limit < 6)
    assert {user["id"] for user in page["users"]} <= created


def test_a_page_that_takes_too_many_calls_is_given_up_in_time(api: Api, dynamodb: DynamoDB) -> None:
    for _ in range(8):
        api.create()
    dynamodb.calls.clear()
    dynamodb.spoil("Scan", always(slow(cut_to(1), seconds=0.7)))

    assert api.list().problem() == (503, "Database temporarily unavailable")
    assert len(dynamodb.calls) == 4


def test_a_walk_goes_on_where_the_last_user_has_been_deleted(api: Api) -> None:
    created = {api.create().json["id"] for _ in range(4)}
    page = api.list(limit=2).json
    api.delete(page["users"][-1]["id"])

    rest = api.list(limit=10, cursor=page["next_cursor"]).json["users"]

    assert {user["id"] for user in page["users"] + rest} == created


@pytest.mark.criterion("list-users/4")
def test_an_address_finds_its_user_in_any_letter_case(api: Api) -> None:
    ada = api.create("ada@example.com").json
    api.create("eve@example.com")

    assert api.list(email="ADA@example.COM").json == {"users": [ada]}


@pytest.mark.criterion("list-users/4")
def test_an_address_that_nobody_has_finds_nobody(api: Api) -> None:
    assert api.list(email="nobody@example.com").json == {"users": []}


@pytest.mark.criterion("list-users/5")
@pytest.mark.parametrize(
    "limit",
    [
        "0",
        "101",
        "-1",
        "1.5",
        "1e1",
        "",
        "ten",
        "٣",
        "1_0",
        " 5",
        "+5",
        "0x10",
        "007",
        "9" * 5000,
        "true",
    ],
)
def test_a_limit_is_a_number_from_1_to_100(api: Api, limit: str) -> None:
    assert api.list(limit=limit).faults() == {("query", "limit")}


@pytest.mark.criterion("list-users/5")
@pytest.mark.parametrize(
    "email", ["", "ada", "ada@example", "ada@@example.com", "a b@example.com", "ädä@example.com"]
)
def test_an_address_to_find_is_an_address(api: Api, email: str) -> None:
    assert api.list(email=email).faults() == {("query", "email")}


def test_every_fault_of_a_query_is_named(api: Api) -> None:
    assert api.list(limit=0, email="x", cursor="").faults() == {
        ("query", "limit"),
        ("query", "email"),
        ("query", "cursor"),
    }


def forgeries(cursor: str) -> list[str]:
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    altered = bytes([raw[0] ^ 1]) + raw[1:]
    return [
        cursor[:-1],
        cursor[1:],
        cursor + "A",
        cursor + "=",
        cursor + "\n",
        f" {cursor}",
        cursor.swapcase(),
        base64.urlsafe_b64encode(altered).decode().rstrip("="),
        base64.urlsafe_b64encode(raw + b"x").decode().rstrip("="),
        base64.urlsafe_b64encode(raw[:24]).decode().rstrip("="),
        base64.urlsafe_b64encode(raw[:8]).decode().rstrip("="),
        base64.urlsafe_b64encode(b'{"id": "1"}').decode(),
        "x",
        "null",
        "é",
        "A" * 512,
        "\x00",
    ]


@pytest.mark.criterion("list-users/6")
def test_a_cursor_that_this_api_never_issued_is_refused(api: Api) -> None:
    api.create()
    api.create()
    cursor = api.list(limit=1).json["next_cursor"]

    for forged in forgeries(cursor):
        assert api.list(cursor=forged).faults() == {("query", "cursor")}, forged


@pytest.mark.criterion("list-users/7")
def test_a_throttling_database_is_unavailable(api: Api, dynamodb: DynamoDB) -> None:
    dynamodb.spoil("Scan", always(error("ThrottlingException")))

    assert api.list().problem() == (503, "Database temporarily unavailable")


def test_an_unforeseen_error_is_an_internal_one(api: Api, dynamodb: DynamoDB) -> None:
    dynamodb.spoil("Query", error("ResourceNotFoundException"))

    assert api.list(email="ada@example.com").problem() == (500, "Internal server error")
