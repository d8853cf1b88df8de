"""The data behind the functions, as the console reads and changes it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from samspec.sam.errors import ProjectError
from samspec.server.tables import Tables

TABLE = {
    "TableName": "Shelves",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "room", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-room",
            "KeySchema": [{"AttributeName": "room", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


@pytest.fixture
def tables(dynamodb_client: Any) -> Iterator[Tables]:
    dynamodb_client.create_table(**TABLE)
    yield Tables(lambda: dynamodb_client, lambda: ["Shelves"])
    dynamodb_client.delete_table(TableName="Shelves")


def put(tables: Tables, **item: Any) -> None:
    tables.change("Shelves", "put", {"item": item})


def test_tables_have_their_keys_indexes_and_counts(tables: Tables) -> None:
    put(tables, id={"S": "a"}, room={"S": "north"})
    put(tables, id={"S": "b"})
    [table] = tables.described()
    assert (table["name"], table["keys"], table["count"]) == ("Shelves", ["id"], 2)
    assert table["types"] == {"id": "S", "room": "S"}
    assert table["indexes"] == [{"name": "by-room", "keys": ["room"], "count": 1}]


def test_items_come_page_by_page(tables: Tables) -> None:
    for number in range(60):
        put(tables, id={"S": f"{number:02}"})
    first = tables.items("Shelves", "", "")
    second = tables.items("Shelves", "", first["next"])
    ids = [item["id"]["S"] for item in first["items"] + second["items"]]
    assert len(first["items"]) == 50
    assert sorted(ids) == [f"{number:02}" for number in range(60)]
    assert second["next"] == ""


def test_an_index_has_the_items_that_have_its_key(tables: Tables) -> None:
    put(tables, id={"S": "a"}, room={"S": "north"})
    put(tables, id={"S": "b"})
    assert [item["id"] for item in tables.items("Shelves", "by-room", "")["items"]] == [{"S": "a"}]


def test_binary_values_survive_an_edit(tables: Tables) -> None:
    put(tables, id={"S": "a"}, cover={"B": "/w=="}, pages={"BS": ["AA==", "/w=="]})
    [item] = tables.items("Shelves", "", "")["items"]
    put(tables, **item)
    assert tables.items("Shelves", "", "")["items"] == [item]
    assert item["cover"] == {"B": "/w=="}
    assert json.dumps(item)


def test_an_item_can_be_deleted_and_all_of_them(tables: Tables) -> None:
    for number in range(60):
        put(tables, id={"S": str(number)})
    tables.change("Shelves", "delete", {"key": {"id": {"S": "7"}}})
    assert tables.described()[0]["count"] == 59
    done = tables.change("Shelves", "reset", {})
    assert done == {"detail": "59 items deleted from Shelves"}
    assert tables.described()[0]["count"] == 0


@pytest.mark.parametrize(
    ("action", "change"),
    [
        ("put", {}),
        ("put", {"item": {"id": "a"}}),
        ("put", {"item": {"id": {"N": "1"}}}),
        ("put", {"item": {"id": {"S": "a"}, "n": {"N": "x"}}}),
        ("put", {"item": {"id": {"S": "a"}, "b": {"B": "%"}}}),
        ("delete", {"key": {"room": {"S": "a"}}}),
    ],
)
def test_what_dynamodb_refuses_says_why(tables: Tables, action: str, change: Any) -> None:
    with pytest.raises(ProjectError) as raised:
        tables.change("Shelves", action, change)
    assert str(raised.value)
    assert tables.described()[0]["count"] == 0


def test_other_tables_cannot_be_reached(tables: Tables) -> None:
    with pytest.raises(ProjectError, match="no table Users"):
        tables.items("Users", "", "")
    with pytest.raises(ProjectError, match="start from the first"):
        tables.items("Shelves", "", "{")
