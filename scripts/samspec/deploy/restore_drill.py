"""`samspec restore-drill prod`: restore the tables to now, into new ones, and see what came back.

A restore that nobody has tried is a hope. This restores each table that has point-in-time recovery
into a table of another name, compares keys, indexes and counts with the table in use, checks that
unique values and their markers belong together, and deletes the restored table.
"""

import argparse
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from samspec.deploy.stack import Stack, client
from samspec.sam import environments
from samspec.sam.errors import ProjectError

TABLE = "AWS::DynamoDB::Table"
PAUSE = 5  # seconds
LONGEST = 4 * 3600  # seconds; a restore of terabytes takes hours
Item = Mapping[str, Mapping[str, Any]]


def main(arguments: list[str] | None = None) -> int:
    """0 if every table could be restored and holds what it should."""
    parser = argparse.ArgumentParser(prog="samspec restore-drill", description=__doc__)
    parser.add_argument("environment", help="an environment of samconfig.toml, such as prod")
    parser.add_argument("--keep", action="store_true", help="leave the restored tables there")
    options = parser.parse_args(arguments)
    environment = environments.named(Path.cwd(), options.environment)
    stack = Stack(environment.stack, environment.region)
    if not stack.exists:
        raise ProjectError(f"there is no stack {stack.name} in {stack.region}: deploy it first")
    database = client("dynamodb", stack.region)
    try:
        for table in stack.resources_of_type(TABLE):
            print(drill(database, table, unique_attributes(Path.cwd()), keep=options.keep))
    except (BotoCoreError, ClientError) as error:
        raise ProjectError(str(error)) from None
    return 0


def unique_attributes(root: Path) -> list[str]:
    """The attributes with markers: [tool.samspec.restore-drill] unique."""
    file = root / "pyproject.toml"
    project = tomllib.loads(file.read_text()) if file.exists() else {}
    settings = project.get("tool", {}).get("samspec", {}).get("restore-drill", {})
    return list(settings.get("unique", []))


def drill(database: Any, table: str, unique: Sequence[str], *, keep: bool = False) -> str:
    """What was restored, in words. Raises a ProjectError if it is not what the table holds."""
    began = time.monotonic()
    restored = f"{table[:230]}-drill-{datetime.now(UTC):%Y%m%d%H%M%S}"
    _require_recovery(database, table)
    database.restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=restored, UseLatestRestorableTime=True
    )
    try:
        description = _wait(database, restored)
        took = time.monotonic() - began
        _compare(database.describe_table(TableName=table)["Table"], description)
        items = list(_items(database, restored))
        in_use = sum(1 for _ in _items(database, table))
        if in_use and not items:
            raise ProjectError(f"{restored} is empty, and {table} has {in_use} items")
        faults = list(marker_faults(items, unique))
        if faults:
            raise ProjectError(f"{restored}: {len(faults)} faults, the first: {faults[0]}")
    finally:
        if not keep:
            database.delete_table(TableName=restored)
    kept = f"kept as {restored}" if keep else "deleted again"
    return f"{table}: {len(items)} of now {in_use} items came back in {took:.0f} s; {kept}"


def marker_faults(items: Sequence[Item], unique: Sequence[str]) -> Iterator[str]:
    """Where a unique value and its marker, an item with the id `attribute#value`, do not agree."""
    by_id = {item["id"]["S"]: item for item in items}
    for identifier, item in by_id.items():
        attribute, _, value = identifier.partition("#")
        if attribute in unique and "owner" in item:
            owner = by_id.get(item["owner"]["S"], {})
            if owner.get(attribute, {}).get("S") != value:
                yield f"the marker {identifier} belongs to an item that does not have that value"
            continue
        for name in unique:
            value = item.get(name, {}).get("S", "")
            if value and f"{name}#{value}" not in by_id:
                yield f"the item {identifier} has no marker of its {name}"


def _require_recovery(database: Any, table: str) -> None:
    described = database.describe_continuous_backups(TableName=table)
    recovery = described["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise ProjectError(
            f"{table} has no point-in-time recovery: turn PointInTimeRecovery on for the "
            "environment"
        )


def _wait(database: Any, table: str) -> Mapping[str, Any]:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        description: Mapping[str, Any] = database.describe_table(TableName=table)["Table"]
        if description["TableStatus"] == "ACTIVE":
            return description
        time.sleep(PAUSE)
    raise ProjectError(f"{table} is not there after {LONGEST // 3600} hours")


def _compare(table: Mapping[str, Any], restored: Mapping[str, Any]) -> None:
    for what in ("KeySchema", "AttributeDefinitions"):
        if table[what] != restored[what]:
            raise ProjectError(f"{what} came back as {restored[what]}, not {table[what]}")
    before, after = _indexes(table), _indexes(restored)
    if before != after:
        raise ProjectError(f"the indexes came back as {after}, not {before}")


def _indexes(description: Mapping[str, Any]) -> list[str]:
    return sorted(index["IndexName"] for index in description.get("GlobalSecondaryIndexes", []))


def _items(database: Any, table: str) -> Iterator[Item]:
    for page in database.get_paginator("scan").paginate(TableName=table):
        yield from page["Items"]
