"""What a memory size costs and gives, computed from measured CPU time; costs/bill.py says how."""

from collections.abc import Mapping
from typing import Any

from samspec.cost import bill
from samspec.cost.prices import Prices

SIZES = (128, 256, 512, 1024, 1769)


def table(start: Mapping[str, Any], prices: Prices) -> list[dict[str, float]]:
    """For each size: milliseconds of a cold start and of a warm request, dollars for a million
    requests' time (arm64), cold starts included.
    """
    wait = prices.traffic["dynamodb_ms"]
    return [
        {
            "memory_mb": size,
            "cold_ms": round(bill.stretched(start["cold_cpu_ms"][0], size) + wait),
            "warm_ms": round(bill.stretched(start["warm_cpu_ms"][0], size) + wait, 1),
            "dollars_per_million": round(1e6 * bill.duration(start, prices, "arm64", size), 2),
        }
        for size in SIZES
    ]
