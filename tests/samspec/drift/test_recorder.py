"""What the recorder makes of DynamoDB calls."""

from typing import Any

import pytest
from samspec.testing.recorder import _permissions

WRITES = [
    {"Put": {"TableName": "Users"}},
    {"Update": {"TableName": "Users"}},
    {"Delete": {"TableName": "Orders"}},
    {"ConditionCheck": {"TableName": "Users"}},
]


@pytest.mark.parametrize(
    ("action", "params", "needed"),
    [
        ("GetItem", {"TableName": "Users"}, ["dynamodb:GetItem Users"]),
        (
            "Query",
            {"TableName": "Users", "IndexName": "email"},
            ["dynamodb:Query Users/index/email"],
        ),
        ("BatchGetItem", {"RequestItems": {"Users": {}}}, ["dynamodb:BatchGetItem Users"]),
        (
            "TransactWriteItems",
            {"TransactItems": WRITES},
            [
                "dynamodb:PutItem Users",
                "dynamodb:UpdateItem Users",
                "dynamodb:DeleteItem Orders",
                "dynamodb:ConditionCheckItem Users",
            ],
        ),
        ("ListTables", {}, []),
    ],
)
def test_a_call_needs_these_permissions(
    action: str, params: dict[str, Any], needed: list[str]
) -> None:
    assert list(_permissions(action, params)) == needed
