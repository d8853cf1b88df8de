"""The embedded DynamoDB: moto, with transactions that cost the same with many items as with few."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from samspec.aws import embedded, tables
from samspec.aws.endpoint import Endpoint

ABSENT = {"ConditionExpression": "attribute_not_exists(id)"}


@pytest.fixture(params=[False, True], ids=["hash key", "hash and range key"])
def ranged(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    endpoint = Endpoint()
    yield endpoint.url
    endpoint.close()


@pytest.fixture(params=["by the endpoint", "in process"])
def dynamodb(request: pytest.FixtureRequest, ranged: bool, endpoint: str) -> Iterator[Any]:
    embedded.prepare()
    names = ["id", "place"] if ranged else ["id"]
    with mock_aws():
        # In a region where no other test has tables.
        client = tables.client(
            "sa-east-1", endpoint if request.param == "by the endpoint" else None
        )
        client.create_table(
            TableName="Things",
            AttributeDefinitions=[
                *({"AttributeName": name, "AttributeType": "S"} for name in (*names, "colour")),
                {"AttributeName": "size", "AttributeType": "N"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-colour-and-size",
                    "KeySchema": [
                        {"AttributeName": "colour", "KeyType": "HASH"},
                        {"AttributeName": "size", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
            KeySchema=[
                {"AttributeName": n, "KeyType": k}
                for n, k in zip(names, ("HASH", "RANGE"), strict=False)
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client
        client.delete_table(TableName="Things")


def typed(**values: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in values.items()}


def key(id: str, ranged: bool) -> dict[str, Any]:
    return typed(id=id, place="1") if ranged else typed(id=id)


def put(id: str, ranged: bool, **more: Any) -> dict[str, Any]:
    return {
        "Put": {"TableName": "Things", "Item": {**key(id, ranged), **typed(colour="red")}, **more}
    }


def update(id: str, ranged: bool) -> dict[str, Any]:
    change = {
        "UpdateExpression": "SET colour = :new",
        "ExpressionAttributeValues": typed(**{":new": "blue"}),
    }
    return {"Update": {"TableName": "Things", "Key": key(id, ranged), **change}}


def everything(dynamodb: Any) -> list[Any]:
    return sorted(dynamodb.scan(TableName="Things")["Items"], key=str)


def test_a_transaction_writes_all(dynamodb: Any, ranged: bool) -> None:
    dynamodb.transact_write_items(TransactItems=[put("a", ranged), put("b", ranged)])
    dynamodb.transact_write_items(
        TransactItems=[
            {"Delete": {"TableName": "Things", "Key": key("a", ranged)}},
            update("b", ranged),
        ]
    )
    assert everything(dynamodb) == [{**key("b", ranged), **typed(colour="blue")}]


def test_a_cancelled_transaction_leaves_every_item_as_it_was(dynamodb: Any, ranged: bool) -> None:
    dynamodb.transact_write_items(TransactItems=[put(id, ranged) for id in "abcd"])
    before = everything(dynamodb)
    with pytest.raises(ClientError) as cancelled:
        dynamodb.transact_write_items(
            TransactItems=[
                put("new", ranged),
                update("newer", ranged),
                update("a", ranged),
                {"Delete": {"TableName": "Things", "Key": key("b", ranged)}},
                {
                    "Put": {
                        "TableName": "Things",
                        "Item": {**key("c", ranged), **typed(colour="green")},
                    }
                },
                put("d", ranged, **ABSENT),
            ]
        )
    codes = [reason["Code"] for reason in cancelled.value.response["CancellationReasons"]]
    assert codes == ["None"] * 5 + ["ConditionalCheckFailed"]
    assert isinstance(cancelled.value, dynamodb.exceptions.TransactionCanceledException)
    assert everything(dynamodb) == before


@pytest.mark.parametrize(
    ("write", "error"),
    [
        ({"Delete": {"TableName": "Nothing", "Key": typed(id="a")}}, "ResourceNotFoundException"),
        ({"Delete": {"TableName": "Things", "Key": typed(colour="red")}}, "ValidationException"),
    ],
)
def test_a_faulty_transaction_has_the_same_error_as_without(
    dynamodb: Any, ranged: bool, write: dict[str, Any], error: str
) -> None:
    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(TransactItems=[put("a", ranged), write])
    assert error in str(refused.value)
    assert everything(dynamodb) == []


def test_an_index_is_in_the_order_of_its_range_key_and_then_of_the_tables(
    dynamodb: Any, ranged: bool
) -> None:
    for id, size in {"a": "10", "b": "9", "d": "-1.5", "c": "-1.5", "e": "100"}.items():
        dynamodb.put_item(
            TableName="Things", Item={**key(id, ranged), **typed(colour="red"), "size": {"N": size}}
        )
    items = dynamodb.scan(TableName="Things", IndexName="by-colour-and-size")["Items"]
    assert [item["id"]["S"] for item in items] == ["c", "d", "b", "a", "e"]


def test_a_refused_write_says_what_it_found(dynamodb: Any, ranged: bool) -> None:
    dynamodb.put_item(**put("a", ranged)["Put"])
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as refused:
        dynamodb.put_item(
            **put("a", ranged, **ABSENT, ReturnValuesOnConditionCheckFailure="ALL_OLD")["Put"]
        )
    assert refused.value.response["Item"] == {**key("a", ranged), **typed(colour="red")}
    assert refused.value.response["Error"]["Message"] == "The conditional request failed"


def test_every_type_of_value_comes_back_as_it_went_in(dynamodb: Any, ranged: bool) -> None:
    values = {
        "bytes": {"B": b"\x00\xff"},
        "some bytes": {"BS": [b"\x00", b"\xff"]},
        "number": {"N": "1.50"},
        "nested": {"M": {"list": {"L": [{"BOOL": True}, {"NULL": True}, {"S": "\u00fc"}]}}},
    }
    item = {**key("a", ranged), **values}
    dynamodb.put_item(TableName="Things", Item=item)
    assert dynamodb.get_item(TableName="Things", Key=key("a", ranged))["Item"] == item
    assert everything(dynamodb) == [item]
