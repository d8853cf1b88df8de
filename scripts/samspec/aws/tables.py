"""The DynamoDB behind the functions: moto in process, or an endpoint; its tables come from the template."""

import contextlib
from typing import Any

from samspec.aws import clients
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template

ACCEPTED = (
    "TableName", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes",
    "BillingMode", "ProvisionedThroughput",
)  # fmt: skip


def definitions(template: Template) -> list[dict[str, Any]]:
    """CreateTable's arguments for each table of the template."""
    found = template.of_type("AWS::DynamoDB::Table")
    found |= {
        name: _simple(p) for name, p in template.of_type("AWS::Serverless::SimpleTable").items()
    }
    tables = [
        {"BillingMode": "PAY_PER_REQUEST", "TableName": n, **properties}
        for n, properties in found.items()
    ]
    return [{key: table[key] for key in ACCEPTED if key in table} for table in tables]


def create(template: Template, client: Any) -> list[str]:
    """Create those tables that are not there yet; the names of all of them."""
    tables = definitions(template)
    for table in tables:
        with contextlib.suppress(client.exceptions.ResourceInUseException):
            client.create_table(**table)
    return [table["TableName"] for table in tables]


def client(region: str, endpoint: str | None = None) -> Any:
    """A DynamoDB client with the local emulators' credentials."""
    return clients.client("dynamodb", region, endpoint)


def connect(template: Template, endpoint: str | None) -> list[str]:
    """Create the tables in moto (`endpoint` is None) or at the endpoint, or say why that cannot be."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return create(template, client(template.region, endpoint))
    except (BotoCoreError, ClientError, ValueError) as error:
        where = endpoint or "moto"
        hint = (
            "start DynamoDB there, or leave --dynamodb out to use moto"
            if endpoint
            else "mend it in the template"
        )
        raise ProjectError(f"DynamoDB at {where}: {str(error).splitlines()[0]}: {hint}") from None


def _simple(properties: dict[str, Any]) -> dict[str, Any]:
    """A SimpleTable's properties as those of a Table."""
    key = properties.get("PrimaryKey") or {"Name": "id", "Type": "String"}
    return {
        **properties,
        "AttributeDefinitions": [
            {"AttributeName": key["Name"], "AttributeType": key["Type"][0].upper()}
        ],
        "KeySchema": [{"AttributeName": key["Name"], "KeyType": "HASH"}],
    }
