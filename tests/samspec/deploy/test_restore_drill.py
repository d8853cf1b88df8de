"""The restore drill, over moto's tables."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from samspec.deploy import restore_drill
from samspec.sam.errors import ProjectError

USER = {"id": {"S": "1"}, "email": {"S": "ada@example.com"}}
MARKER = {"id": {"S": "email#ada@example.com"}, "owner": {"S": "1"}}


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="users",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        recover(client, True)
        yield client
        for name in tables(client):
            client.delete_table(TableName=name)


def recover(client: Any, enabled: bool) -> None:
    client.update_continuous_backups(
        TableName="users",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled},
    )


def put(client: Any, *items: Any) -> None:
    for item in items:
        client.put_item(TableName="users", Item=item)


def tables(client: Any) -> list[str]:
    """Names of the tables of the drill; moto may have others, of other tests."""
    return [name for name in client.list_tables()["TableNames"] if name.startswith("users")]


def test_what_is_stored_comes_back_and_nothing_stays_behind(database: Any) -> None:
    put(database, USER, MARKER)
    report = restore_drill.drill(database, "users", ["email"])
    assert "users: 2 of now 2 items came back" in report
    assert tables(database) == ["users"]


def test_the_restored_table_can_be_kept(database: Any) -> None:
    put(database, USER, MARKER)
    assert "kept as users-drill-" in restore_drill.drill(database, "users", ["email"], keep=True)
    assert len(tables(database)) == 2


@pytest.mark.parametrize(
    ("items", "fault"),
    [
        ([USER], "the item 1 has no marker of its email"),
        ([MARKER], "the marker email#ada@example.com belongs to an item that does not have"),
        ([USER, MARKER, {**MARKER, "id": {"S": "email#b@example.com"}}], "the marker email#b@"),
    ],
)
def test_values_and_markers_that_do_not_belong_together_are_found(
    items: list[Any], fault: str, database: Any
) -> None:
    put(database, *items)
    with pytest.raises(ProjectError, match=fault):
        restore_drill.drill(database, "users", ["email"])
    assert tables(database) == ["users"]


def test_without_recovery_it_says_what_to_turn_on(database: Any) -> None:
    recover(database, False)
    with pytest.raises(ProjectError, match="turn PointInTimeRecovery on"):
        restore_drill.drill(database, "users", [])


def test_a_table_without_markers_is_counted_only(database: Any) -> None:
    put(database, USER)
    assert "1 of now 1 items" in restore_drill.drill(database, "users", [])
