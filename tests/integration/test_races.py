"""What must hold when many callers want the same thing at once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from samspec.testing.client import Response

from tests.client import Api, address

CALLERS = 20


def at_once(call: Callable[[int], Response]) -> list[Response]:
    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(call, range(CALLERS)))


@pytest.mark.criterion("create-user/6")
def test_of_many_creates_with_one_address_one_wins(api: Api) -> None:
    email = address()

    responses = at_once(lambda _: api.create(email))

    assert Counter(response.status for response in responses) == {201: 1, 409: CALLERS - 1}
    assert len(api.list(email=email).json["users"]) == 1


@pytest.mark.criterion("update-user/8")
def test_of_many_updates_to_one_address_one_wins(api: Api) -> None:
    email = address()
    ids = [api.create().json["id"] for _ in range(CALLERS)]

    responses = at_once(lambda caller: api.update(ids[caller], email))

    assert Counter(response.status for response in responses) == {200: 1, 409: CALLERS - 1}
    assert len(api.list(email=email).json["users"]) == 1


@pytest.mark.criterion("create-user/7")
def test_of_many_creates_with_one_key_one_creates_and_all_get_its_user(api: Api) -> None:
    email, key = address(), address()

    responses = at_once(lambda _: api.create(email, key=key))

    assert Counter(response.status for response in responses) == {201: CALLERS}
    assert len({response.json["id"] for response in responses}) == 1
    assert sum("Idempotency-Replayed" not in response.headers for response in responses) == 1


@pytest.mark.criterion("update-user/7")
def test_of_many_updates_of_one_version_one_wins(api: Api) -> None:
    user = api.create()
    email = user.json["email"]

    responses = at_once(lambda _: api.update(user.json["id"], email, If_Match=user.etag))

    assert Counter(response.status for response in responses) == {200: 1, 412: CALLERS - 1}


@pytest.mark.criterion("delete-user/6")
def test_of_many_deletes_one_deletes(api: Api) -> None:
    id = api.create().json["id"]

    responses = at_once(lambda _: api.delete(id))

    assert Counter(response.status for response in responses) == {204: 1, 404: CALLERS - 1}
