"""`samspec cost`: the monthly bill of each environment, by its template, a benchmark and prices.

The benchmark is docs/bench.json, the prices are prices.toml next to this file.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from samspec.cost import bill, prices
from samspec.cost.bill import Share
from samspec.cost.inventory import Inventory
from samspec.sam import environments
from samspec.sam.environments import Environment
from samspec.sam.errors import ProjectError

FIGURES = Path("docs/bench.json")
SCALES = {"1 million": 1e6, "100 million": 1e8, "10 billion": 1e10}
CPU = "x86_64"  # the architecture of functions whose template names none
WIDTH = 42
# What a request of any operation takes, if nobody has measured it.
ASSUMED = {
    "starts": {"any": {"cold_cpu_ms": [300], "warm_cpu_ms": [5], "log_bytes": 500}},
    "scale": {"any": [{"read": 1, "write": 1}]},
}
ASSUMPTION = "5 ms of CPU time, one read and one write unit per request"
NO_MIX = "no [tool.samspec.cost.mix] in pyproject.toml"


def main(arguments: list[str] | None = None) -> int:
    """0; 1 if the file to check does not quote the summary as it is."""
    options = _parser().parse_args(arguments)
    root = Path.cwd()
    figures, mix = measured(root)
    if options.requests_per_month:
        environment = environments.named(root, options.environment)
        print(detailed(root, environment, figures, mix, options.requests_per_month))
        return 0
    summary = summarized(root, figures, mix)
    if not options.check:
        print(summary)
    elif summary not in options.check.read_text():
        text = f"cost: {options.check} does not quote `scripts/cost` as it is: put its output there"
        print(text, file=sys.stderr)
        return 1
    return 0


def detailed(
    root: Path, environment: Environment, figures: Any, mix: list[Share], requests: float
) -> str:
    """Each item of an environment's bill, on both architectures."""
    cost = prices.read()
    inventory = Inventory.of(root, environment.parameters)
    bills = {}
    for cpu in cost.gb_second:
        bills[cpu] = bill.fixed(cost, inventory) | bill.by_use(
            figures, cost, mix, inventory, requests, cpu
        )
    title = f"{environment.name}, {requests:,.0f} requests per month, prices of {cost.date}"
    lines = [title, f"{'':20}" + "".join(f"{cpu:>14}" for cpu in bills)]
    totals = {cpu: sum(items.values()) for cpu, items in bills.items()}
    for item in bills[CPU]:
        lines.append(_row(item, [bills[cpu][item] for cpu in bills]))
    lines.append(_row("Dollars", totals.values()))
    if inventory.unknown:
        lines.append(f"not counted: {', '.join(inventory.unknown)}")
    return "\n".join(lines)


def summarized(root: Path, figures: Any, mix: list[Share]) -> str:
    """A line for each environment: what it costs at rest, and at each of the scales."""
    cost = prices.read()
    columns = f"{'at rest':>10}" + "".join(f"{name:>14}" for name in SCALES)
    lines = [f"Dollars per month, {CPU}, {cost.date}".ljust(WIDTH) + columns]
    for environment in environments.read(root).values():
        inventory = Inventory.of(root, environment.parameters)
        at_rest = sum(bill.fixed(cost, inventory).values())
        line = environment.name.ljust(WIDTH) + f"{at_rest:10,.2f}"
        for requests in SCALES.values():
            used = bill.by_use(figures, cost, mix, inventory, requests, CPU)
            line += f"{at_rest + sum(used.values()):14,.2f}"
        lines.append(line)
    return "\n".join(lines)


def _row(name: str, amounts: Iterable[float]) -> str:
    return f"{name:20}" + "".join(f"{amount:14,.2f}" for amount in amounts)


def measured(root: Path) -> tuple[Any, list[Share]]:
    """The benchmark's figures and the mix of operations; if they lack something, assumed ones."""
    mix = _mix(root)
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {"starts": {}, "scale": {}}
    if "scale" not in figures:
        raise ProjectError("docs/bench.json has no capacity units: run scripts/bench --scale")
    known = {*figures["starts"], *figures["scale"]}
    missing = [part.start for part in mix if not {part.start, part.units} <= known]
    if mix and not missing:
        return figures, mix
    what = f"no figures of {', '.join(missing)} in docs/bench.json" if missing else NO_MIX
    print(f"cost: {what}: assumed are {ASSUMPTION}", file=sys.stderr)
    return ASSUMED, [Share(1, "any", "any")]


def _mix(root: Path) -> list[Share]:
    """The traffic that [tool.samspec.cost.mix] assumes."""
    file = root / "pyproject.toml"
    project = tomllib.loads(file.read_text()) if file.exists() else {}
    mix = project.get("tool", {}).get("samspec", {}).get("cost", {}).get("mix", {})
    return [Share(part["share"], name, part["units"]) for name, part in mix.items()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="samspec cost", description=__doc__, allow_abbrev=False)
    parser.add_argument("environment", nargs="?", default="prod", help="of the bill in detail")
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--requests-per-month", type=_count, metavar="N", help="the bill in detail, for N requests"
    )
    either.add_argument(
        "--check",
        type=Path,
        metavar="FILE",
        help="fail if FILE does not quote the summary as it is",
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
