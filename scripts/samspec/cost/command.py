"""The monthly bill for the API: measured by scripts/bench (docs/bench.json), at the prices of prices.toml."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from samspec.cost import bill, prices
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template

ROOT = Path()
WIDTH = 55
FIGURES = ROOT / "docs/bench.json"
SCALES = {"1 million": 1e6, "100 million": 1e8, "10 billion": 1e10}
PEERS = ("powertools, compiled", "fastapi, compiled", "openapi-core, compiled")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if not FIGURES.exists():
        raise ProjectError("no docs/bench.json: run scripts/bench --scale first")
    figures = json.loads(FIGURES.read_text())
    if "scale" not in figures:
        raise ProjectError("docs/bench.json has no capacity units: run scripts/bench --scale")
    memory = int(
        Template(ROOT / "template.yaml").of_type("AWS::Serverless::Function")["CreateUserFunction"][
            "MemorySize"
        ]
    )
    if options.requests_per_month:
        print(_detailed(figures, memory, options.requests_per_month))
        return 0
    summary = _summary(figures, memory)
    if not options.check:
        print(summary)
    elif summary not in options.check.read_text():
        print(
            f"cost: {options.check} does not quote `scripts/cost` as it is: put its output there",
            file=sys.stderr,
        )
        return 1
    return 0


def _detailed(figures: Any, memory: int, requests: float) -> str:
    cost = prices.read()
    bills = {cpu: bill.monthly(figures, cost, requests, cpu, memory) for cpu in cost.gb_second}
    rows = [
        f"{requests:,.0f} requests a month, {memory} MB, prices of {cost.date}",
        f"{'':20}{'x86_64':>14}{'arm64':>14}",
    ]
    rows += [
        f"{name:20}" + "".join(f"{bills[cpu][name]:14,.2f}" for cpu in bills)
        for name in bills["arm64"]
    ]
    return "\n".join(
        [
            *rows,
            f"{'Dollars':20}" + "".join(f"{sum(one.values()):14,.2f}" for one in bills.values()),
        ]
    )


def _summary(figures: Any, memory: int) -> str:
    """Totals, and what the functions' time alone would cost with the peers' durations in every function."""
    cost = prices.read()
    rows = [
        f"Dollars a month, {memory} MB, {cost.date}".ljust(WIDTH)
        + "".join(f"{name:>14}" for name in SCALES)
    ]
    for cpu in cost.gb_second:
        totals = [
            sum(bill.monthly(figures, cost, requests, cpu, memory).values())
            for requests in SCALES.values()
        ]
        rows.append(
            f"Everything, {cpu}".ljust(WIDTH) + "".join(f"{total:14,.2f}" for total in totals)
        )
    for name in ("create-user", *PEERS):
        each = bill.duration(figures["starts"][name], cost, "arm64", memory)
        what = f"Lambda's time alone, arm64: {name}"
        rows.append(
            what.ljust(WIDTH) + "".join(f"{each * requests:14,.2f}" for requests in SCALES.values())
        )
    return "\n".join(row.rstrip() for row in rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="samspec cost", description=__doc__, allow_abbrev=False)
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--requests-per-month", type=_count, metavar="N", help="the bill in detail, for N requests"
    )
    either.add_argument(
        "--check",
        type=Path,
        metavar="FILE",
        help="fail where FILE does not quote the summary as it is",
    )
    return parser


def _count(text: str) -> float:
    try:
        number = float(text.replace("_", ""))
    except ValueError:
        number = 0
    if not 1 <= number < 1e15:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number of requests, such as 1e6")
    return number
