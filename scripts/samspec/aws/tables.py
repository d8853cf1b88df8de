"""The tables of the template, in moto or at another DynamoDB's endpoint."""

import contextlib
from collections.abc import Mapping
from typing import Any

from samspec.aws import clients, resources
from samspec.sam.account import ACCOUNT
from samspec.sam.errors import ProjectError
from samspec.sam.resources import STREAM_LABEL
from samspec.sam.template import Template

ACCEPTED = (
    "TableName", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes", "BillingMode", "ProvisionedThroughput", "StreamSpecification",
)  # fmt: skip
INDEX = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput")
TYPES = (
    "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Serverless::SimpleTable",
)  # fmt: skip


def definitions(template: Template) -> list[dict[str, Any]]:
    """CreateTable's arguments for each table of the template."""
    return [_definition(template, name) for name in template.names(*TYPES)]


def create(template: Template, client: Any) -> list[str]:
    """Create those tables that are not there yet; the names of all of them."""
    tables = definitions(template)
    for table in tables:
        with contextlib.suppress(client.exceptions.ResourceInUseException):
            client.create_table(**table)
            if "StreamSpecification" in table and "amazonaws.com" in client.meta.endpoint_url:
                _label_stream(table["TableName"], client.meta.region_name)
    return [table["TableName"] for table in tables]


def _definition(template: Template, name: str) -> dict[str, Any]:
    stated = template.properties(name)
    properties = {key: template.resolve(stated[key]) for key in stated if key in ACCEPTED}
    if template.type_of(name) == "AWS::Serverless::SimpleTable":
        properties |= _simple(template.resolve(stated.get("PrimaryKey")))
    # Without a stated mode, CloudFormation takes it for PROVISIONED and asks for a throughput.
    mode = "PROVISIONED" if "ProvisionedThroughput" in properties else "PAY_PER_REQUEST"
    table = {"BillingMode": mode, **properties, "TableName": template.physical_name(name)}
    if "StreamSpecification" in table:
        table["StreamSpecification"] = {"StreamEnabled": True, **table["StreamSpecification"]}
    for key_name in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if key_name in table:
            table[key_name] = [_index(index) for index in table[key_name]]
    return dict(_with_numbers(table))


def _index(index: Mapping[str, Any]) -> dict[str, Any]:
    return {key: index[key] for key in INDEX if key in index}


def _with_numbers(value: Any) -> Any:
    """Capacity units as numbers, which parameters make text of."""
    if isinstance(value, list):
        return [_with_numbers(item) for item in value]
    if not isinstance(value, dict):
        return value
    units = ("ReadCapacityUnits", "WriteCapacityUnits")
    return {key: int(item) if key in units else _with_numbers(item) for key, item in value.items()}


def _label_stream(table: str, region: str) -> None:
    """Give a stream in moto the label that its ARN has in the template."""
    from moto.dynamodb.models import dynamodb_backends

    dynamodb_backends[ACCOUNT][region].tables[table].latest_stream_label = STREAM_LABEL


def client(region: str, endpoint: str | None = None) -> Any:
    """A DynamoDB client with the local emulators' credentials."""
    return clients.client("dynamodb", region, endpoint)


def connect(template: Template, endpoint: str | None) -> list[str]:
    """Create the tables in moto (`endpoint` is None) or at the endpoint, or say why that cannot be.

    What else the template has goes to moto.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if endpoint is None:
        resources.create(template)
    try:
        return create(template, client(template.region, endpoint))
    except KeyError as error:  # moto's own, for a table that lacks what CloudFormation asks for
        raise ProjectError(f"a table has no {error}: correct it in the template") from None
    except (BotoCoreError, ClientError, ValueError) as error:
        where = endpoint or "moto"
        hint = (
            "start DynamoDB there, or leave --dynamodb out to use moto"
            if endpoint
            else "correct it in the template"
        )
        raise ProjectError(f"DynamoDB at {where}: {str(error).splitlines()[0]}: {hint}") from None


def _simple(key: dict[str, str] | None) -> dict[str, Any]:
    """A SimpleTable's key as a Table states it."""
    key = key or {"Name": "id", "Type": "String"}
    attribute = {"AttributeName": key["Name"], "AttributeType": key["Type"][0].upper()}
    return {
        "AttributeDefinitions": [attribute],
        "KeySchema": [{"AttributeName": key["Name"], "KeyType": "HASH"}],
    }
