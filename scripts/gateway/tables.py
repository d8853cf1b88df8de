"""The DynamoDB behind the functions: moto in process, or an endpoint; its tables come from the template."""

import contextlib
import functools
import threading
from typing import Any

from gateway.errors import ProjectError
from gateway.template import Template

ACCEPTED = (
    "TableName", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes",
    "BillingMode", "ProvisionedThroughput",
)  # fmt: skip


def definitions(template: Template) -> list[dict[str, Any]]:
    """CreateTable's arguments for each table of the template."""
    found = template.of_type("AWS::DynamoDB::Table")
    found |= {name: _simple(p) for name, p in template.of_type("AWS::Serverless::SimpleTable").items()}
    tables = [{"BillingMode": "PAY_PER_REQUEST", "TableName": n, **properties} for n, properties in found.items()]
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
    import botocore.session
    from botocore.config import Config

    from gateway.functions import KEY_ID, SECRET

    return botocore.session.Session().create_client(
        "dynamodb",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1}),
    )


def connect(template: Template, endpoint: str | None) -> list[str]:
    """Create the tables in moto (`endpoint` is None) or at the endpoint, or say why that cannot be."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return create(template, client(template.region, endpoint))
    except (BotoCoreError, ClientError, ValueError) as error:
        where = endpoint or "moto"
        hint = "start DynamoDB there, or leave --dynamodb out to use moto" if endpoint else "mend it in the template"
        raise ProjectError(f"DynamoDB at {where}: {str(error).splitlines()[0]}: {hint}") from None


def share_service_models() -> None:
    """Let all botocore sessions read a service's model once: each function has a session of its own."""
    import botocore.session

    botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def start_moto() -> None:
    """Send this process's AWS calls to moto from now on."""
    from moto import mock_aws

    mock_aws().start()


def serialize_moto() -> None:
    """One call to moto at a time: its transactions check and write without a lock, DynamoDB's are atomic."""
    from moto.core.botocore_stubber import BotocoreStubber

    unlocked, lock = BotocoreStubber.__call__, threading.RLock()
    if getattr(unlocked, "serialized", False):
        return

    def locked(stubber: Any, *args: Any, **kwargs: Any) -> Any:
        with lock:
            return unlocked(stubber, *args, **kwargs)

    locked.serialized = True  # type: ignore[attr-defined]
    BotocoreStubber.__call__ = locked  # type: ignore[method-assign, assignment]


def _simple(properties: dict[str, Any]) -> dict[str, Any]:
    """A SimpleTable's properties as those of a Table."""
    key = properties.get("PrimaryKey") or {"Name": "id", "Type": "String"}
    return {
        **properties,
        "AttributeDefinitions": [{"AttributeName": key["Name"], "AttributeType": key["Type"][0].upper()}],
        "KeySchema": [{"AttributeName": key["Name"], "KeyType": "HASH"}],
    }
