"""Formats of OpenAPI 3.0, as checks of values. dialect/statement.py states which there are."""

import base64
import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

# RFC 3339, without leap seconds, as openapi-core reads it.
TIME = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
DATE = r"\d{4}-\d{2}-\d{2}"


def _is_date(value: str) -> bool:
    return bool(_matches(DATE, value) and date.fromisoformat(value))


def _is_date_time(value: str) -> bool:
    return bool(_matches(f"{DATE}T{TIME}", value) and date.fromisoformat(value[:10]))


def _is_time(value: str) -> bool:
    return _matches(TIME, value)


def _matches(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern, value, re.ASCII) is not None


def _is_uuid(value: str) -> bool:
    UUID(value)
    return all(value[position] == "-" for position in (8, 13, 18, 23))


def _is_email(value: str) -> bool:
    return "@" in value


def _is_ipv4(value: str) -> object:
    from ipaddress import IPv4Address  # seldom needed, and slow to import

    return IPv4Address(value)


def _is_ipv6(value: str) -> object:
    from ipaddress import IPv6Address

    return not IPv6Address(value).scope_id


def _is_base64(value: str) -> bool:
    base64.b64decode(value.encode(), validate=True)
    return True


def _is_int32(value: int) -> bool:
    return -(1 << 31) <= value < 1 << 31


def _is_int64(value: int) -> bool:
    return -(1 << 63) <= value < 1 << 63


CHECKS: dict[str, tuple[tuple[str, ...], Callable[[Any], object]]] = {
    "date": (("string",), _is_date),
    "date-time": (("string",), _is_date_time),
    "time": (("string",), _is_time),
    "uuid": (("string",), _is_uuid),
    "email": (("string",), _is_email),
    "ipv4": (("string",), _is_ipv4),
    "ipv6": (("string",), _is_ipv6),
    "byte": (("string",), _is_base64),
    "int32": (("integer",), _is_int32),
    "int64": (("integer",), _is_int64),
}
