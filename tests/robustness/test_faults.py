"""Every DynamoDB call of every operation fails in every way it can: the response is a documented
one, users and markers still belong together, and once DynamoDB is well again the same request
succeeds.
"""

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from samspec.testing.client import Response
from samspec.testing.dynamodb import (
    DynamoDB,
    Spoiler,
    always,
    cancelled,
    error,
    losing_the_response,
    raising,
)

from tests.client import Api

pytestmark = pytest.mark.in_process

Operation = Callable[[Api, str], Response]
URL = "https://dynamodb.us-east-1.amazonaws.com"
KEY = "order-1"

# What each operation calls, and how many writes its transaction has. `id` is of the user that each
# test starts with.
OPERATIONS: dict[str, tuple[Operation, dict[str, int]]] = {
    "create": (lambda api, id: api.create("eve@example.com", key=KEY), {"TransactWriteItems": 2}),
    "get": (lambda api, id: api.get(id), {"GetItem": 0}),
    "list": (lambda api, id: api.list(), {"Scan": 0}),
    "find": (lambda api, id: api.list(email="ada@example.com"), {"Query": 0}),
    "rename": (lambda api, id: api.update(id, "ada@example.com", "Ada L."), {"UpdateItem": 0}),
    "move": (
        lambda api, id: api.update(id, "lovelace@example.com"),
        {"UpdateItem": 0, "TransactWriteItems": 3},
    ),
    "delete": (lambda api, id: api.delete(id), {"GetItem": 0, "TransactWriteItems": 2}),
}
SUCCESS = {"create": {201}, "delete": {204}}  # of the others: 200

# They pass: the SDK or the function tries again, and gives up with a 503 where they do not.
TRANSIENT: dict[str, Spoiler] = {
    "throttled": error("ThrottlingException"),
    "beyond its throughput": error("ProvisionedThroughputExceededException"),
    "beyond the account's rate": error("RequestLimitExceeded"),
    "broken inside": error("InternalServerError", 500),
    "not there": error("ServiceUnavailable", 503),
    "not reached in time": raising(ConnectTimeoutError(endpoint_url=URL)),
    "refusing connections": raising(EndpointConnectionError(endpoint_url=URL)),
    "hanging up": raising(ConnectionClosedError(endpoint_url=URL)),
    "without a certificate": raising(SSLError(endpoint_url=URL, error=OSError("certificate"))),
    "too slow, nothing done": raising(ReadTimeoutError(endpoint_url=URL)),
    "too slow, all done": losing_the_response(ReadTimeoutError(endpoint_url=URL)),
    "hanging up, all done": losing_the_response(ConnectionClosedError(endpoint_url=URL)),
    "cut off in its response": losing_the_response(ResponseStreamingError(error="incomplete")),
}
# They do not pass by themselves: somebody has to look, and no retry helps.
LASTING: dict[str, Spoiler] = {
    "denying access": error("AccessDeniedException"),
    "not knowing the caller": error("UnrecognizedClientException"),
    "told an expired token": error("ExpiredTokenException"),
    "without the table": error("ResourceNotFoundException"),
    "given too many items of one key": error("ItemCollectionSizeLimitExceededException"),
    "asked for what it does not know": error("UnknownOperationException"),
}
CALLS = [(name, call) for name, (_, calls) in OPERATIONS.items() for call in calls]
WRITES = [
    (name, place, of)
    for name, (_, calls) in OPERATIONS.items()
    for of in calls.values()
    for place in range(of)
]


def each(*columns: Iterable[Any]) -> list[Any]:
    """Every combination. One in five, where each value of each column is, is for every day; the
    others are slow.
    """
    combined = []
    for row in product(*columns):
        values: list[Any] = []
        for part in row:
            values += part if isinstance(part, tuple) else [part]
        combined.append(values)
    return [
        pytest.param(*row, marks=pytest.mark.slow if index % 5 else ())
        for index, row in enumerate(combined)
    ]


def cancelled_at(place: int, of: int, reason: str) -> Spoiler:
    """One write of the transaction is the reason."""
    return cancelled(*[reason if write == place else "None" for write in range(of)])


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)


@pytest.fixture
def ada(api: Api) -> str:
    return str(api.create("ada@example.com").json["id"])


def well_again(api: Api, dynamodb: DynamoDB, name: str, ada: str) -> None:
    """The same request once more; where the first took effect unseen, a deleted user is gone
    already.
    """
    dynamodb.heal()
    assert_users_and_markers_belong_together(dynamodb)
    response = OPERATIONS[name][0](api, ada)
    assert response.status in SUCCESS.get(name, {200}) | ({404} if name == "delete" else set())
    assert_users_and_markers_belong_together(dynamodb)
    assert len(list(api.walk())) == {"create": 2, "delete": 0}.get(name, 1)
    if name in ("move", "delete"):  # the address that was given up can be taken
        assert api.create("ada@example.com").status == 201


def assert_users_and_markers_belong_together(dynamodb: DynamoDB) -> None:
    items = dynamodb.items()
    markers = {key: items.pop(key)["owner"] for key in list(items) if key.startswith("email#")}
    assert markers == {f"email#{user['email']}": id for id, user in items.items()}


@pytest.mark.parametrize(("name", "call", "fault"), each(CALLS, TRANSIENT))
def test_a_fault_that_passes_is_not_seen(
    api: Api, dynamodb: DynamoDB, ada: str, name: str, call: str, fault: str
) -> None:
    dynamodb.spoil(call, TRANSIENT[fault])

    response = OPERATIONS[name][0](api, ada)

    assert response.status in SUCCESS.get(name, {200})
    well_again(api, dynamodb, name, ada)


@pytest.mark.parametrize(("name", "call", "fault"), each(CALLS, TRANSIENT))
def test_a_fault_that_goes_on_is_a_503(
    api: Api, dynamodb: DynamoDB, ada: str, name: str, call: str, fault: str
) -> None:
    dynamodb.spoil(call, always(TRANSIENT[fault]))

    response = OPERATIONS[name][0](api, ada)

    assert response.problem() == (503, "Database temporarily unavailable")
    assert int(response.headers["Retry-After"]) > 0
    well_again(api, dynamodb, name, ada)


@pytest.mark.parametrize(("name", "call", "fault"), each(CALLS, LASTING))
def test_a_fault_that_no_retry_fixes_is_a_500(
    api: Api, dynamodb: DynamoDB, ada: str, name: str, call: str, fault: str
) -> None:
    dynamodb.spoil(call, always(LASTING[fault]))

    assert OPERATIONS[name][0](api, ada).problem() == (500, "Internal server error")
    well_again(api, dynamodb, name, ada)


def test_an_item_that_is_too_large_is_the_callers_fault(api: Api, dynamodb: DynamoDB) -> None:
    message = "Item size has exceeded the maximum allowed size"
    dynamodb.spoil("TransactWriteItems", error("ValidationException", message=message))

    detail = "The request cannot be stored: it is larger than 400 KB"
    assert api.create().problem() == (400, detail)


@pytest.mark.parametrize(
    ("name", "place", "of", "reason", "lasts"),
    each(
        WRITES,
        ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"],
        [False, True],
    ),
)
def test_a_transaction_that_meets_others_is_tried_again(
    api: Api, dynamodb: DynamoDB, ada: str, name: str, place: int, of: int, reason: str, lasts: bool
) -> None:
    spoiler = cancelled_at(place, of, reason)
    dynamodb.spoil("TransactWriteItems", always(spoiler) if lasts else spoiler)

    response = OPERATIONS[name][0](api, ada)

    assert response.status in ({503} if lasts else SUCCESS.get(name, {200}))
    well_again(api, dynamodb, name, ada)


@pytest.mark.parametrize(
    ("name", "place", "of", "reason"),
    each(
        WRITES,
        ["ValidationError", "ItemCollectionSizeLimitExceeded", "DuplicateItem", "AccessDenied"],
    ),
)
def test_a_transaction_that_can_never_be_made_is_a_500(
    api: Api, dynamodb: DynamoDB, ada: str, name: str, place: int, of: int, reason: str
) -> None:
    dynamodb.spoil("TransactWriteItems", cancelled_at(place, of, reason))

    assert OPERATIONS[name][0](api, ada).problem() == (500, "Internal server error")
    well_again(api, dynamodb, name, ada)


@pytest.mark.parametrize(
    ("name", "place", "of", "status"),
    [("create", 1, 2, 409), ("move", 1, 3, 409), ("move", 0, 3, 404), ("delete", 0, 2, 404)],
)
def test_a_condition_that_another_request_broke_is_reported(
    api: Api, dynamodb: DynamoDB, ada: str, name: str, place: int, of: int, status: int
) -> None:
    dynamodb.spoil("TransactWriteItems", cancelled_at(place, of, "ConditionalCheckFailed"))

    assert OPERATIONS[name][0](api, ada).status == status
    well_again(api, dynamodb, name, ada)


@pytest.mark.parametrize(
    ("code", "status"),
    [("TransactionConflictException", 503), ("ConditionalCheckFailedException", 404)],
)
def test_a_single_write_that_meets_others_is_tried_again(
    api: Api, dynamodb: DynamoDB, ada: str, code: str, status: int
) -> None:
    dynamodb.spoil("UpdateItem", always(error(code)))

    assert api.update(ada, "ada@example.com").status == status
    well_again(api, dynamodb, "rename", ada)


@pytest.mark.parametrize("name", ["create", "move", "delete"])
def test_a_transaction_that_is_still_being_made_is_waited_for(
    api: Api, dynamodb: DynamoDB, ada: str, name: str
) -> None:
    dynamodb.spoil("TransactWriteItems", error("TransactionInProgressException"))

    assert OPERATIONS[name][0](api, ada).status in SUCCESS.get(name, {200})
    well_again(api, dynamodb, name, ada)


@pytest.mark.parametrize("fault", ["too slow, all done", "hanging up, all done"])
def test_a_create_that_failed_after_its_write_is_repeated_with_its_key(
    api: Api, dynamodb: DynamoDB, fault: str
) -> None:
    dynamodb.spoil("TransactWriteItems", always(TRANSIENT[fault]))
    failed = api.create("eve@example.com", key=KEY)
    dynamodb.heal()

    repeated = api.create("eve@example.com", key=KEY)

    assert (failed.status, repeated.status, repeated.headers["Idempotency-Replayed"]) == (
        503,
        201,
        "true",
    )
    assert [user["id"] for user in api.walk()] == [repeated.json["id"]]
