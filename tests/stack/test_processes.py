"""What must hold when several servers share one DynamoDB, and nothing else."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import pytest
from samspec.testing.client import Response, over_http

from tests.client import Api, address
from tests.conftest import SPEC
from tests.stack.conftest import ROOT, Start

SERVERS = 3
CALLERS = 20
Call = Callable[[Api, int], Response]


@pytest.fixture(scope="module")
def servers(start_database: Start, start_gateway: Start) -> list[Api]:
    database = start_database()
    apis = []
    for _ in range(SERVERS):
        apis.append(Api(over_http(start_gateway(ROOT / "template.yaml", database)), SPEC))
    while any(api.create().status == 503 for api in apis):
        pass  # DynamoDB Local compiles its first transactions for longer than functions wait
    return apis


@pytest.fixture
def at_once(servers: list[Api]) -> Callable[[Call], list[Response]]:
    """What all callers get, each of them at the next server."""

    def run(call: Call) -> list[Response]:
        with ThreadPoolExecutor(CALLERS) as pool:
            return list(
                pool.map(
                    call, [api for api, _ in zip(cycle(servers), range(CALLERS))], range(CALLERS)
                )
            )

    return run


AtOnce = Callable[[Call], list[Response]]


def statuses(responses: list[Response]) -> Counter[int]:
    return Counter(response.status for response in responses)


def test_of_many_creates_with_one_address_one_wins(servers: list[Api], at_once: AtOnce) -> None:
    email = address()

    assert statuses(at_once(lambda api, _: api.create(email))) == {201: 1, 409: CALLERS - 1}
    assert len(servers[0].list(email=email).json["users"]) == 1


def test_of_many_updates_to_one_address_one_wins(servers: list[Api], at_once: AtOnce) -> None:
    email = address()
    ids = [servers[0].create().json["id"] for _ in range(CALLERS)]

    assert statuses(at_once(lambda api, caller: api.update(ids[caller], email))) == {
        200: 1,
        409: CALLERS - 1,
    }
    assert len(servers[0].list(email=email).json["users"]) == 1


def test_of_many_creates_with_one_key_one_creates_and_all_get_its_user(at_once: AtOnce) -> None:
    email, key = address(), address()

    responses = at_once(lambda api, _: api.create(email, key=key))

    assert statuses(responses) == {201: CALLERS}
    assert len({response.json["id"] for response in responses}) == 1
    assert sum("Idempotency-Replayed" not in response.headers for response in responses) == 1


def test_of_many_updates_of_one_version_one_wins(servers: list[Api], at_once: AtOnce) -> None:
    user = servers[0].create()

    responses = at_once(lambda api, _: api.update(user.json["id"], address(), If_Match=user.etag))

    assert statuses(responses) == {200: 1, 412: CALLERS - 1}


def test_of_many_deletes_one_deletes_and_frees_the_address(
    servers: list[Api], at_once: AtOnce
) -> None:
    user = servers[0].create().json

    assert statuses(at_once(lambda api, _: api.delete(user["id"]))) == {204: 1, 404: CALLERS - 1}
    assert servers[1].create(user["email"]).status == 201


def test_users_that_swap_addresses_leave_none_taken(servers: list[Api], at_once: AtOnce) -> None:
    emails = [address(), address()]
    ids = [servers[0].create(email).json["id"] for email in emails]

    responses = at_once(
        lambda api, caller: api.update(ids[caller % 2], [*emails, address()][caller % 3])
    )

    assert set(statuses(responses)) <= {
        200,
        409,
        503,
    }  # 503: a writer that lost all its tries to others
    assert statuses(responses)[200]
    held = {servers[0].get(id).json["email"] for id in ids}
    assert len(held) == 2
    for email in set(emails) - held:
        assert servers[1].create(email).status == 201


def test_a_walk_over_all_servers_shows_each_user_once_while_others_come_and_go(
    servers: list[Api], at_once: AtOnce
) -> None:
    stay = {response.json["id"] for response in at_once(lambda api, _: api.create())}

    def walk_or_disturb(api: Api, caller: int) -> Response:
        if caller:
            return api.delete(api.create().json["id"])
        return api.list(limit=1)

    seen: list[str] = []
    page = servers[0].list(limit=5)
    for api in cycle(servers):
        seen += [user["id"] for user in page.json["users"]]
        if "next_cursor" not in page.json:
            break
        at_once(walk_or_disturb)
        page = api.list(limit=5, cursor=page.json["next_cursor"])

    assert all(seen.count(id) == 1 for id in stay)
