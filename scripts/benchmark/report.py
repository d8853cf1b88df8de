"""The figures as tables and charts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmark import chart

Figures = dict[str, Any]
START = {"cold_ms": "cold ms", "warm_ms": "warm ms", "own_ms": "own ms", "cold_cpu_ms": "cold CPU ms"}
CHARTED = ("create", "get", "first page", "page in the middle")


def show(figures: Figures) -> None:
    for heading, rows in _tables(figures):
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        print(f"\n{heading}\n")
        for row in rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def draw(figures: Figures, folder: Path) -> None:
    starts = {name: (row["cold_ms"], int(name not in figures["functions"])) for name, row in _starts(figures)}
    chart.draw(folder / "cold-start.svg", "Cold start to the first answer, ms: median and quartiles", starts)
    if "scale" in figures:
        units = {
            f"{name}, {one['users']:,} users": ([one["read"] + one["write"]] * 3, number)
            for number, name in enumerate(CHARTED)
            for one in figures["scale"][name]
        }
        chart.draw(folder / "scale.svg", "Capacity units of one operation as the table grows", units)


def _tables(figures: Figures) -> Iterator[tuple[str, list[Sequence[str]]]]:
    starts = [
        (name, f"{row['over_bare']:.2f}", *(_spread(row[key]) for key in START), f"{row['artifact_kb']:,}")
        for name, row in _starts(figures)
    ]
    head = ("", "x bare", *START.values(), "artifact KB")
    yield "Cold start to the first answer; warm call; own time, without DynamoDB's client", [head, *starts]
    memory = [tuple(map(str, row.values())) for row in figures["memory"]]
    yield "Memory, computed from CPU time", [("MB", "cold ms", "warm ms", "$ a million requests"), *memory]
    yield "What an artifact holds, bytes", [(name, f"{size:,}") for name, size in figures["artifact"].items()]
    loop = [
        (name, *map(_spread, (row["ready_s"], row["post_ms"])), f"{row['ratio']:g}")
        for name, row in figures["loop"].items()
    ]
    yield "The local loop", [("", "ready s", "POST ms", "x scripts/start"), *loop]
    if "scale" in figures:
        sizes = [f"{one['users']:,} users" for one in figures["scale"]["create"]]
        rows = [
            (name, *(f"{one['read'] + one['write']:g}; {one['ms'][0]:g}" for one in points))
            for name, points in figures["scale"].items()
        ]
        yield "As the table grows, on DynamoDB Local: capacity units; ms", [("", *sizes), *rows]


def _starts(figures: Figures) -> list[tuple[str, Figures]]:
    return sorted(figures["starts"].items(), key=lambda entry: float(entry[1]["cold_ms"][0]))


def _spread(figures: Sequence[float]) -> str:
    middle, low, high = figures
    return f"{middle:g} ({low:g} to {high:g})"
