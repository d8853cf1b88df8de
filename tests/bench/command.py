"""Measures everything in one run, prints the tables, and writes bench.json, the charts and the
documents' tables.
"""

import argparse
import json
import platform
from pathlib import Path
from typing import Any

from samspec.cost import prices
from samspec.cost.command import measured, summarized
from samspec.sam.template import Template

from tests.bench import builds, load, loop, memory, report, scale, starts

DOCS = builds.ROOT / "docs"
PARTS = ("starts", "loop", "load")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.callers:
        report.show_starts(measure_callers(options.runs), "x open")
        return 0
    figures = measure(options)
    options.output.mkdir(exist_ok=True)
    (options.output / "bench.json").write_text(json.dumps(figures, indent=1) + "\n")
    report.show(figures)
    report.draw(figures, options.output)
    if options.output == DOCS:
        report.quote(report.speed(figures), DOCS / "speed.md")
        report.quote(report.artifact(figures), builds.ROOT / "specs/architecture.md")
        if "scale" in figures:
            bill = summarized(builds.ROOT, *measured(builds.ROOT))
            report.quote(bill, builds.ROOT / "README.md", ("$ scripts/cost", "```"))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """The figures of the parts that are asked for; those of the others as they were."""
    template = Template(builds.ROOT / "template.yaml")
    if options.sam_local:
        loop.require_sam_local()
    file = options.output / "bench.json"
    figures: dict[str, Any] = json.loads(file.read_text()) if options.only else {}
    parts = options.only or PARTS
    if "starts" in parts:
        figures |= _starts(template, options.runs)
    if "loop" in parts:
        figures["loop"] = _loop(template, options)
    if "load" in parts:
        figures["load"] = load.measure()
    if options.scale:
        figures["scale"] = scale.measure(template, options.dynamodb_jar)
    return figures


def _starts(template: Template, runs: int) -> dict[str, Any]:
    starts.progress("building the functions, the peers and Lambda's runtime")
    on, functions = builds.lambda_(), builds.functions(template.path)
    cases = [*functions, *builds.variants(functions[0]), *builds.peers()]
    measured = starts.measure(cases, on, runs)
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, {runs} runs",
        "functions": [case.name for case in functions],
        "starts": measured,
        "memory": memory.table(measured["create-user"], prices.read()),
        "artifact": builds.contents(functions[0].artifact),
    }


def _loop(template: Template, options: argparse.Namespace) -> dict[str, Any]:
    rows = loop.measure()
    if options.sam_local:
        rows |= loop.measure_sam_local(template, options.dynamodb_jar)
    fastest = rows["scripts/start"]["ms"]["request"][0]
    for row in rows.values():
        row["ratio"] = round(row["ms"]["request"][0] / fastest, 1)
    return rows


def measure_callers(runs: int) -> dict[str, dict[str, Any]]:
    """The reference's create next to that of a copy with callers, alternating."""
    starts.progress("building the functions, a copy's and Lambda's runtime")
    on, reference = builds.lambda_(), builds.functions(builds.ROOT / "template.yaml")[0]
    return starts.measure([reference, builds.with_callers()[0]], on, runs, reference.name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--runs", type=_count, default=5, help="cold starts of each function (default: %(default)s)"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=PARTS,
        help="measure this part again, and keep the other figures; may be repeated",
    )
    parser.add_argument(
        "--scale", action="store_true", help="100 to 200,000 users on DynamoDB Local too (minutes)"
    )
    parser.add_argument(
        "--sam-local", action="store_true", help="compare with sam local too (needs Docker)"
    )
    parser.add_argument(
        "--callers",
        action="store_true",
        help="only this: what scripts/add-auth adds to a cold start; writes no document",
    )
    parser.add_argument(
        "--dynamodb-jar",
        type=Path,
        metavar="PATH",
        help="DynamoDBLocal.jar (default: its Docker image)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=DOCS,
        metavar="FOLDER",
        help="default: docs and specs",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number of runs, 2 or more")
    return int(text)
