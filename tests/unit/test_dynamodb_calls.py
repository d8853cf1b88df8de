"""What each operation costs in calls to DynamoDB: none reads before it writes, but for the address
of a deletion.
"""

from collections.abc import Callable

import pytest
from samspec.testing.client import Response
from samspec.testing.dynamodb import DynamoDB

from tests.client import Api, address

CALLS: dict[str, tuple[Callable[[Api, dict[str, str]], Response], list[str]]] = {
    "create": (lambda api, _: api.create(), ["TransactWriteItems"]),
    "create with a taken address": (
        lambda api, ada: api.create(ada["email"]),
        ["TransactWriteItems"],
    ),
    "create again by idempotency key": (
        lambda api, ada: api.create(ada["email"], key="ada"),
        ["TransactWriteItems"],
    ),
    "get": (lambda api, ada: api.get(ada["id"]), ["GetItem"]),
    "list": (lambda api, _: api.list(), ["Scan"]),
    "find by address": (lambda api, ada: api.list(email=ada["email"]), ["Query"]),
    "update, same address": (
        lambda api, ada: api.update(ada["id"], ada["email"], "A."),
        ["UpdateItem"],
    ),
    "update, new address": (
        lambda api, ada: api.update(ada["id"], address()),
        ["UpdateItem", "TransactWriteItems"],
    ),
    "delete": (lambda api, ada: api.delete(ada["id"]), ["GetItem", "TransactWriteItems"]),
}


@pytest.mark.parametrize(("act", "calls"), CALLS.values(), ids=CALLS)
def test_an_operation_makes_no_more_calls_than_it_needs(
    act: Callable[[Api, dict[str, str]], Response], calls: list[str], api: Api, dynamodb: DynamoDB
) -> None:
    ada = api.create(key="ada").json
    dynamodb.calls.clear()

    act(api, ada)

    assert dynamodb.calls == calls


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_invalid_request_makes_none(method: str, api: Api, dynamodb: DynamoDB) -> None:
    assert (
        api.request(method, "/users/not-an-id", json={} if method == "PUT" else None).status == 400
    )

    assert dynamodb.calls == []
