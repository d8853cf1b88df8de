"""A month's bill: what the stack holds, and what its requests use."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samspec.cost.inventory import Inventory
from samspec.cost.prices import Prices

FULL_CPU_MB = 1769  # where Lambda gives one vCPU; below, a share of it
LOG_COMPRESSION = 5  # CloudWatch bills what it stores compressed


@dataclass(frozen=True)
class Share:
    """One operation of the traffic: its share of the requests, and the measured figures it has."""

    share: float
    start: str  # a key of the benchmark's `starts`
    units: str  # a key of the benchmark's `scale`


def fixed(prices: Prices, inventory: Inventory) -> dict[str, float]:
    """Dollars per month that the stack costs without any request."""
    return {
        "KMS keys": inventory.keys * prices.kms_key_month,
        "Alarms": inventory.alarm_metrics * prices.alarm_metric_month,
        "Metrics": inventory.custom_metrics * prices.custom_metric_month,
        "Dashboards": inventory.dashboards * prices.dashboard_month,
    }


def by_use(
    figures: Mapping[str, Any],
    prices: Prices,
    mix: list[Share],
    inventory: Inventory,
    requests: float,
    cpu: str,
) -> dict[str, float]:
    """Dollars per month for a number of requests, by item; `cpu` is x86_64 or arm64."""
    traffic = prices.traffic
    reads = writes = seconds = log_bytes = 0.0
    for part in mix:
        start, units = figures["starts"][part.start], figures["scale"][part.units][-1]
        reads += part.share * units["read"]
        writes += part.share * units["write"]
        seconds += part.share * duration(start, prices, cpu, inventory.memory_mb)
        log_bytes += part.share * start["log_bytes"]
    log_bytes += traffic["gateway_log_bytes"] + traffic["platform_log_bytes"]
    logs_gb = requests * log_bytes / 1e9
    kept_gb = logs_gb * inventory.retention_days / 30 / LOG_COMPRESSION
    stored_gb = requests / 1e6 * traffic["stored_gb_per_million"]
    traced = requests * traffic["traced_share"] if inventory.is_traced else 0
    return {
        "API Gateway": prices.gateway(requests),
        "Lambda, requests": requests * prices.lambda_request,
        "Lambda, duration": requests * seconds,
        "DynamoDB, reads": requests * reads * prices.dynamodb_read_unit,
        "DynamoDB, writes": requests * writes * prices.dynamodb_write_unit,
        "DynamoDB, storage": stored_gb * prices.dynamodb_gb_month,
        "DynamoDB, recovery": stored_gb * prices.pitr_gb_month if inventory.has_recovery else 0,
        "CloudWatch Logs": logs_gb * prices.log_gb + kept_gb * prices.log_gb_month,
        "X-Ray": traced * prices.trace,
        "Data out": requests * traffic["response_bytes"] / 1e9 * prices.data_out_gb,
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
    """How long so much CPU time takes at a memory size. A cold start has more CPU on Lambda."""
    return cpu_ms * max(1, FULL_CPU_MB / memory_mb)
