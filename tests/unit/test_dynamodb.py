"""DynamoDB holds values of every type that a spec can say, and may refuse or not respond."""

from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from api import dynamodb
from api.dynamodb import NEW, Refused, Table, attempts, delete, put
from api.errors import DatabaseUnavailable, NotStorable
from botocore.exceptions import ClientError, ConnectTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samspec.sam.account import REGION

numbers = st.integers(-(10**37), 10**37) | st.decimals(
    min_value=-(10**9), max_value=10**9, places=9, allow_nan=False
)
names = st.text("abcé-.", min_size=1, max_size=5)  # moto trips over empty ones
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=9) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner),
    max_leaves=8,
)


@pytest.fixture
def table(application: Any, monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    return Table("UsersTable")


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(value=values)
def test_a_value_comes_back_as_it_was(table: Table, value: Any) -> None:
    table.write(delete({"id": "x"}))
    table.write(put({"id": "x", "value": value}, NEW))
    stored = table.get({"id": "x"})

    assert stored == {"id": "x", "value": value}


def test_a_fraction_comes_back_as_a_decimal_and_a_whole_number_as_int(table: Table) -> None:
    item = {"id": "x", "price": 19.99, "count": Decimal("3.0"), "tiny": 5e-324}
    table.write(put(item, NEW))

    stored = table.get({"id": "x"})

    assert repr(stored) == "{'id': 'x', 'price': Decimal('19.99'), 'count': 3, 'tiny': 0}"


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (10**38 + 1, "a number has too many digits"),
        (Decimal("1E+126"), "a number has too many digits"),
        (Decimal("1E-131"), "a number has too many digits"),
        ("x" * 410_000, "it is larger than 400 KB"),
        (nested(33), "it is nested too deeply"),
    ],
)
def test_what_dynamodb_cannot_hold_is_told_apart_from_an_error(
    table: Table, value: Any, reason: str
) -> None:
    with pytest.raises(NotStorable, match=reason):
        table.write(put({"id": "x", "value": value}, NEW))


@pytest.mark.parametrize("value", [10**37, Decimal("1E+125"), Decimal("1E-130"), 0, nested(31)])
def test_what_dynamodb_can_just_hold_is_stored(table: Table, value: Any) -> None:
    table.write(put({"id": "x", "value": value}, NEW))


def test_a_value_of_no_json_type_is_a_mistake_of_the_code(table: Table) -> None:
    with pytest.raises(TypeError, match="DynamoDB has no type for set"):
        table.write(put({"id": "x", "value": {1}}, NEW))


@pytest.fixture
def fail(table: Table, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Lets the table's calls end with an exception."""

    def fails(exception: Exception) -> None:
        def call(**request: Any) -> Any:
            raise exception

        monkeypatch.setattr(table, "_client", SimpleNamespace(get_item=call, delete_item=call))

    return fails


def test_a_database_that_does_not_respond_is_unavailable(
    table: Table, fail: Callable[[Exception], None]
) -> None:
    fail(ConnectTimeoutError(endpoint_url="https://dynamodb"))

    with pytest.raises(DatabaseUnavailable):
        table.get({"id": "x"})


@pytest.mark.parametrize("code", sorted(dynamodb.CONFLICTS))
def test_a_conflict_with_another_writer_is_one_to_try_again(
    table: Table, fail: Callable[[Exception], None], code: str
) -> None:
    fail(ClientError({"Error": {"Code": code}}, "DeleteItem"))

    with pytest.raises(Refused) as refused:
        table.write(delete({"id": "x"}))

    assert not refused.value.broke(0)


def test_a_write_that_loses_races_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(list(attempts())) > 1

    monkeypatch.setattr(dynamodb, "LAST_CALL_WITHIN", -1)
    assert list(attempts()) == []
