"""The capacity that a DynamoDB call consumes: as DynamoDB says, or for transactions by its rules.

moto reports none for transactions. Sizes of items:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import math
from typing import Any

WRITE_UNIT, READ_UNIT = 1024, 4096  # bytes


def units(name: str, request: dict[str, Any], response: dict[str, Any]) -> float | None:
    """Capacity units of a call; None if they are not known."""
    consumed = response.get("ConsumedCapacity") or []
    tables = consumed if isinstance(consumed, list) else [consumed]
    if tables:
        return float(sum(table.get("CapacityUnits", 0) for table in tables))
    if name == "TransactWriteItems":
        return float(sum(_written(item) for item in request.get("TransactItems", [])))
    if name == "TransactGetItems":
        items = [entry.get("Item", {}) for entry in response.get("Responses", [])]
        return float(sum(2 * _rounded(size(item), READ_UNIT) for item in items))
    return None


def _written(action: dict[str, Any]) -> int:
    """Two units per KB; of an update only what is sent is known, which is at least one KB's."""
    [parameters] = action.values()
    return 2 * _rounded(size(parameters.get("Item") or {}), WRITE_UNIT)


def _rounded(length: int, unit: int) -> int:
    return max(1, math.ceil(length / unit))


def size(value: Any) -> int:
    """About how many bytes an item takes: its names, and its values as text."""
    if isinstance(value, dict):
        return sum(len(str(key).encode()) + size(part) for key, part in value.items())
    if isinstance(value, list | set | tuple):
        return sum(size(part) + 1 for part in value)
    if isinstance(value, bytes):
        return len(value)
    return len(str(value).encode())
