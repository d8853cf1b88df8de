"""prices.toml, read."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True)
class Prices:
    """US dollars; `traffic` is what is assumed."""

    date: str
    lambda_request: float
    dynamodb_read_unit: float
    dynamodb_write_unit: float
    dynamodb_gb_month: float
    log_gb: float
    log_gb_month: float
    kms_key_month: float
    alarm_metric_month: float
    custom_metric_month: float
    dashboard_month: float
    pitr_gb_month: float
    trace: float
    data_out_gb: float
    gb_second: dict[str, float]
    rest_request: list[dict[str, float]]
    traffic: dict[str, Any]

    def gateway(self, requests: float) -> float:
        bill, below = 0.0, 0.0
        for tier in self.rest_request:
            bill += max(0, min(requests, tier["up_to"]) - below) * tier["price"]
            below = tier["up_to"]
        return bill


def read() -> Prices:
    return Prices(**tomllib.loads(FILE.read_text()))
