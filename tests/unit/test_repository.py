"""What api.repository does for any resource: unique values of every type, indexes, parents."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from api.errors import DatabaseUnavailable, IdempotencyKeyReused
from api.repository import Index, Parent, Repository
from api.resource import Resource
from samspec.testing.dynamodb import DynamoDB, after, always, cancelled

ANYTHING: Any = {
    "title": "A",
    "code": 1,
    "tags": ["x"],
    "open": True,
    "size": {"cm": Decimal("1.5")},
}


class Missing(Exception): ...


class Changed(Exception): ...


class CodeTaken(Exception): ...


class NickTaken(Exception): ...


class NoShelf(Exception): ...


@dataclass(frozen=True, kw_only=True)
class Parcel(Resource):
    """`class_` is called "class" by callers; a nick need not be there, a note may be null."""

    NAMES = {"class_": "class"}
    NULLABLE = frozenset({"note"})

    title: str
    code: int | Decimal
    tags: list[str]
    open: bool
    size: dict[str, Any]
    nick: str | None = None
    note: str | None = None
    class_: str | None = None


class Parcels(Repository[Parcel]):
    resource = Parcel
    table = "PARCELS_TABLE"
    missing, changed = Missing, Changed
    unique = {"code": CodeTaken, "nick": NickTaken}
    listing = Index("created_at-index", "created_at")


@dataclass(frozen=True, kw_only=True)
class Box(Resource):
    PARENT = "shelf_id"

    shelf_id: str
    status: str | None = None


class Boxes(Repository[Box]):
    resource = Box
    table = "BOXES_TABLE"
    missing, changed = Missing, Changed
    parent = Parent("PARCELS_TABLE", NoShelf)


@pytest.fixture
def tables(dynamodb_client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, indexes in {"Parcels": ["created_at"], "Boxes": ["shelf_id", "status"]}.items():
        _create(dynamodb_client, name, indexes)
        monkeypatch.setenv(f"{name.upper()}_TABLE", name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    yield dynamodb_client
    for name in ("Parcels", "Boxes"):
        dynamodb_client.delete_table(TableName=name)


def _create(client: Any, name: str, indexes: list[str]) -> None:
    keys = {"id": "HASH"}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in [*keys, *indexes]
        ],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": f"{attribute}-index",
                "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
            for attribute in indexes
        ],
    )


@pytest.fixture
def parcels(tables: Any) -> Parcels:
    return Parcels()


@pytest.fixture
def shelf(parcels: Parcels) -> str:
    return parcels.add(Parcel.create(ANYTHING)).id


@pytest.fixture
def boxes(tables: Any) -> Boxes:
    return Boxes()


def test_values_of_every_type_come_back_as_they_were(parcels: Parcels) -> None:
    parcel = parcels.add(Parcel.create({**ANYTHING, "class": "first", "note": None}))

    assert parcels.get(parcel.id) == parcel
    assert parcel.body() == {**ANYTHING, "class": "first", "note": None}
    assert list(parcel.as_json()) == ["id", *parcel.body(), "created_at", "updated_at"]


def test_an_update_takes_away_what_it_leaves_out(parcels: Parcels) -> None:
    parcel = parcels.add(Parcel.create({**ANYTHING, "nick": "n", "class": "first"}))

    parcels.replace(parcel.id, Parcel.change(ANYTHING), None)

    assert parcels.get(parcel.id).body() == {**ANYTHING, "note": None}
    assert parcels.find("nick", "n") == []


@pytest.mark.parametrize("same", [1, 1.0, Decimal("1.00")])
def test_a_number_is_unique_however_it_is_written(parcels: Parcels, same: Any) -> None:
    parcel = parcels.add(Parcel.create(ANYTHING))

    with pytest.raises(CodeTaken):
        parcels.add(Parcel.create({**ANYTHING, "code": same}))
    assert parcels.find("code", same) == [parcel]


def test_absent_values_do_not_collide(parcels: Parcels) -> None:
    parcels.add(Parcel.create(ANYTHING))

    assert parcels.add(Parcel.create({**ANYTHING, "code": 2})).nick is None


def test_each_unique_value_has_its_own_error(parcels: Parcels) -> None:
    parcels.add(Parcel.create({**ANYTHING, "nick": "a"}))
    other = parcels.add(Parcel.create({**ANYTHING, "code": 2}))

    with pytest.raises(NickTaken):
        parcels.add(Parcel.create({**ANYTHING, "code": 3, "nick": "a"}))
    with pytest.raises(CodeTaken):
        parcels.replace(other.id, Parcel.change(ANYTHING), None)
    with pytest.raises(NickTaken):
        parcels.replace(other.id, Parcel.change({**ANYTHING, "code": 2, "nick": "a"}), None)


def test_an_update_whose_response_was_lost_is_made_once(parcels: Parcels) -> None:
    parcel = parcels.add(Parcel.create(ANYTHING))
    change = Parcel.change({**ANYTHING, "code": 2})
    parcels.replace(parcel.id, change, None)

    assert parcels.replace(parcel.id, change, frozenset({parcel.revision})).code == 2


def test_a_value_that_was_given_up_is_free(parcels: Parcels) -> None:
    parcel = parcels.add(Parcel.create(ANYTHING))
    parcels.replace(parcel.id, Parcel.change({**ANYTHING, "code": 2, "nick": "a"}), None)
    parcels.replace(parcel.id, Parcel.change({**ANYTHING, "code": 2, "nick": "b"}), None)

    assert parcels.add(Parcel.create({**ANYTHING, "nick": "a"})).code == 1
    assert [match.id for match in parcels.find("nick", "b")] == [parcel.id]


def test_a_value_whose_owner_is_gone_finds_nothing(parcels: Parcels, tables: Any) -> None:
    parcel = parcels.add(Parcel.create(ANYTHING))
    tables.delete_item(TableName="Parcels", Key={"id": {"S": parcel.id}})

    assert parcels.find("code", 1) == []


def test_a_removed_resource_frees_its_values(parcels: Parcels) -> None:
    parcel = parcels.add(Parcel.create({**ANYTHING, "nick": "a"}))

    parcels.remove(parcel.id, None)

    assert parcels.find("nick", "a") == []
    with pytest.raises(Missing):
        parcels.get(parcel.id)


def test_a_key_used_for_another_body_is_refused(parcels: Parcels) -> None:
    first = parcels.add(Parcel.create(ANYTHING, "key"))

    assert parcels.add(Parcel.create(ANYTHING, "key")) == first
    with pytest.raises(IdempotencyKeyReused):
        parcels.add(Parcel.create({**ANYTHING, "code": 2}, "key"))


def test_pages_of_an_index_have_no_markers(parcels: Parcels) -> None:
    created = {parcels.add(Parcel.create({**ANYTHING, "code": n})).id for n in range(5)}

    first, position = parcels.page(3, None)
    rest, end = parcels.page(3, position)

    assert {parcel.id for parcel in first + rest} == created
    assert (len(first), end) == (3, None)


def test_a_resource_without_unique_values_is_one_item(
    boxes: Boxes, shelf: str, tables: Any
) -> None:
    box = boxes.add(Box.create({"status": "open"}, shelf_id=shelf))
    page, position = boxes.page(1, None)

    assert (page, position) == ([box], None)
    assert box.as_json()["shelf_id"] == shelf


def test_a_page_of_the_table_goes_on_after_the_last_id(boxes: Boxes, shelf: str) -> None:
    created = {boxes.add(Box.create({"status": "open"}, shelf_id=shelf)).id for _ in range(3)}

    first, position = boxes.page(2, None)
    rest, _ = boxes.page(2, position)

    assert {box.id for box in first + rest} == created


@pytest.mark.parametrize("name", ["shelf_id", "status"])
def test_resources_with_one_value_are_listed_by_an_index(
    boxes: Boxes, shelf: str, parcels: Parcels, name: str
) -> None:
    other = parcels.add(Parcel.create({**ANYTHING, "code": 2})).id
    boxes.add(Box.create({"status": "shut"}, shelf_id=other))
    created = {boxes.add(Box.create({"status": "open"}, shelf_id=shelf)).id for _ in range(3)}
    value = {"shelf_id": shelf, "status": "open"}[name]

    first, position = boxes.page_where(name, value, 2, None)
    rest, end = boxes.page_where(name, value, 2, position)

    assert {box.id for box in first + rest} == created
    assert end is None


def test_a_key_of_an_index_can_be_taken_away(boxes: Boxes, shelf: str) -> None:
    box = boxes.add(Box.create({"status": "open"}, shelf_id=shelf))

    boxes.replace(box.id, Box.change({}), None)

    assert boxes.page_where("status", "open", 2, None) == ([], None)
    assert boxes.get(box.id).status is None


@pytest.mark.parametrize(
    ("number", "stored"), [(1e-200, 0), (0.1, Decimal("0.1")), (Decimal("1E+20"), 10**20), (-7, -7)]
)
def test_a_number_is_stored_as_exactly_as_dynamodb_can(
    parcels: Parcels, number: Any, stored: Any
) -> None:
    parcel = parcels.add(Parcel.create({**ANYTHING, "size": {"cm": number}}))

    assert parcels.get(parcel.id).size == {"cm": stored}


def test_a_key_belongs_to_its_parent_and_caller() -> None:
    made = [("a", None), ("b", None), ("a", "ada")]
    boxes = [Box.create({}, "key", subject, shelf_id=shelf) for shelf, subject in made]

    assert len({box.id for box in boxes}) == len(made)


def test_a_parent_must_be_there(boxes: Boxes) -> None:
    with pytest.raises(NoShelf):
        boxes.add(Box.create({"status": "open"}, shelf_id="none"))


def test_a_resource_of_another_parent_is_missing(boxes: Boxes, shelf: str) -> None:
    box = boxes.add(Box.create({"status": "open"}, shelf_id=shelf))

    with pytest.raises(Missing):
        boxes.get(box.id, "another")
    with pytest.raises(Missing):
        boxes.replace(box.id, Box.change({"status": "shut"}), None, "another")
    with pytest.raises(Missing):
        boxes.remove(box.id, None, "another")
    changed = boxes.replace(box.id, Box.change({"status": "shut"}), None, shelf)
    assert boxes.get(box.id, shelf) == changed
    boxes.remove(box.id, frozenset({changed.revision}), shelf)


def test_a_deletion_of_one_item_meets_a_change(
    boxes: Boxes, shelf: str, dynamodb: DynamoDB
) -> None:
    box = boxes.add(Box.create({"status": "open"}, shelf_id=shelf))
    change = Box.change({"status": "shut"})
    dynamodb.spoil("DeleteItem", after(lambda: boxes.replace(box.id, change, None)))

    with pytest.raises(Changed):
        boxes.remove(box.id, frozenset({box.revision}))


def test_contention_without_a_broken_condition_is_tried_again_and_given_up(
    parcels: Parcels, dynamodb: DynamoDB
) -> None:
    parcel = parcels.add(Parcel.create(ANYTHING))
    dynamodb.spoil("TransactWriteItems", always(cancelled("TransactionConflict", "None")))

    with pytest.raises(DatabaseUnavailable):
        parcels.add(Parcel.create({**ANYTHING, "code": 2}))
    with pytest.raises(DatabaseUnavailable):
        parcels.remove(parcel.id, None)
    with pytest.raises(DatabaseUnavailable):
        parcels.replace(parcel.id, Parcel.change({**ANYTHING, "code": 2}), None)


def test_a_resource_is_equal_to_itself_only(parcels: Parcels) -> None:
    parcel = Parcel.create(ANYTHING)

    assert replace(parcel, title="B") != parcel


def test_bytes_are_stored_as_they_are_and_what_has_no_type_is_refused(parcels: Parcels) -> None:
    parcel = parcels.add(Parcel.create({**ANYTHING, "size": {"seal": b"\x00"}}))

    assert parcels.get(parcel.id).size == {"seal": b"\x00"}
    with pytest.raises(TypeError, match="DynamoDB has no type for object"):
        parcels.add(Parcel.create({**ANYTHING, "size": object()}))


def test_a_listing_goes_on_until_nothing_follows(boxes: Boxes, shelf: str, tables: Any) -> None:
    created = [boxes.add(Box.create({"status": "open"}, shelf_id=shelf)).id for _ in range(3)]
    calls = iter([{"Items": [], "LastEvaluatedKey": {"id": {"S": created[0]}}}])
    client: Any = boxes._table._client
    scan = client.scan
    client.scan = lambda **request: next(calls, None) or scan(**request)

    page, position = boxes.page(5, None)

    assert position is None
    assert {box.id for box in page} <= set(created)


def test_a_listing_that_takes_too_long_gives_up(
    boxes: Boxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.dynamodb.LAST_CALL_WITHIN", -1)

    with pytest.raises(DatabaseUnavailable):
        boxes.page(5, None)
