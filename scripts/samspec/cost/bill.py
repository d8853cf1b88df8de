"""A month's bill, from the figures in docs/bench.json and the prices."""

import math
from collections.abc import Mapping
from typing import Any

from samspec.cost.prices import Prices

FULL_CPU_MB = 1769  # where Lambda gives one vCPU; below, a share of it
UNITS = {  # which of the measured operations on DynamoDB each function is
    "create-user": "create",
    "get-user": "get",
    "list-users": "first page",
    "update-user": "update, same address",
    "delete-user": "delete",
}


def monthly(
    figures: Mapping[str, Any], prices: Prices, requests: float, cpu: str, memory_mb: int
) -> dict[str, float]:
    """Dollars by what they are for; `cpu` is x86_64 or arm64."""
    traffic = prices.traffic
    mix: dict[str, float] = traffic["mix"]
    units = {name: figures["scale"][UNITS[name]][-1] for name in mix}
    log_bytes = traffic["gateway_log_bytes"] + traffic["platform_log_bytes"]
    log_bytes += sum(share * figures["starts"][name]["log_bytes"] for name, share in mix.items())
    return {
        "API Gateway": prices.gateway(requests),
        "Lambda, requests": requests * prices.lambda_request,
        "Lambda, duration": sum(
            requests * share * duration(figures["starts"][name], prices, cpu, memory_mb)
            for name, share in mix.items()
        ),
        "DynamoDB, reads": requests
        * prices.dynamodb_read_unit
        * sum(mix[name] * units[name]["read"] for name in mix),
        "DynamoDB, writes": requests
        * prices.dynamodb_write_unit
        * sum(mix[n] * units[n]["write"] for n in mix),
        "DynamoDB, storage": requests
        / 1e6
        * traffic["stored_gb_per_million"]
        * prices.dynamodb_gb_month,
        "CloudWatch Logs": requests * log_bytes / 1e9 * prices.log_gb,
        "KMS key": prices.kms_key_month,
    }


def duration(start: Mapping[str, Any], prices: Prices, cpu: str, memory_mb: int) -> float:
    """Dollars for the time of one request, its share of cold starts included."""
    wait: float = prices.traffic["dynamodb_ms"]
    cold_share: float = prices.traffic["cold_share"]
    warm = gb_seconds(start["warm_cpu_ms"][0], wait, memory_mb)
    cold = gb_seconds(start["cold_cpu_ms"][0], wait, memory_mb)
    return ((1 - cold_share) * warm + cold_share * cold) * prices.gb_second[cpu]


def gb_seconds(cpu_ms: float, wait_ms: float, memory_mb: int) -> float:
    """What one invocation is billed, in whole milliseconds."""
    return math.ceil(stretched(cpu_ms, memory_mb) + wait_ms) / 1000 * memory_mb / 1024


def stretched(cpu_ms: float, memory_mb: int) -> float:
    """How long so much CPU time takes at a memory size. A cold start has more CPU than that on Lambda."""
    return cpu_ms * max(1, FULL_CPU_MB / memory_mb)
