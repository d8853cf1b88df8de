"""Strict JSON (RFC 8259): UTF-8 without a BOM, no NaN, no name twice, no lone surrogate."""

import json
import math
from decimal import Decimal
from typing import Any

LARGEST_EXPONENT = 400  # of a Decimal: to compute with 1e999999999 would take all memory


def parse(text: bytes, decimals: bool = False) -> Any:
    """The value; its fractions are float, or Decimal. Raises ValueError, RecursionError."""
    value = json.loads(
        text.decode(),
        object_pairs_hook=_unique,
        parse_constant=_refuse,
        parse_float=decimal_of if decimals else float_of,
    )
    if b"\\u" in text:  # only an escape can make half of a surrogate pair
        json.dumps(value, ensure_ascii=False, default=str).encode()
    return value


def float_of(text: str) -> float:
    """Raises ValueError if the number is too large for a float."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large")
    return number


def decimal_of(text: str) -> Decimal:
    """Raises ValueError if the number is too large or too close to 0."""
    number = Decimal(text)
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(f"{text} is too large or too small")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name is there twice")
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
