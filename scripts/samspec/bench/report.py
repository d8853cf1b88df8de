"""The figures as tables and charts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from samspec.bench import chart

Figures = dict[str, Any]
START = {
    "cold_ms": "cold ms",
    "warm_ms": "warm ms",
    "own_ms": "own ms",
    "cold_cpu_ms": "cold CPU ms",
}
NAMES = {
    "bare": "bare: `boto3.resource`, no validation",
    "powertools, compiled": "Powertools with validation, compiled",
    "powertools": "Powertools with validation",
    "fastapi, compiled": "FastAPI and Mangum, compiled",
    "openapi-core, compiled": "openapi-core, compiled",
    "sam local, warm containers": "`sam local`, containers kept warm",
    "sam local": "`sam local`, a container a request",
    "compiled modules": "compiled modules",
}
WHY = {
    "compiled modules": "Lambda cannot write them, and would compile at every cold start",
    "fastjsonschema": "the one library that Lambda lacks",
    "users-api.yaml": "the spec, byte by byte: what is deployed can be held against it",
    "users-api.json": "the spec as functions load it, fifty times faster",
    "users": "the modules that functions share; tracebacks quote them",
    "sdk-data": "DynamoDB's endpoints; botocore's own file has every service's",
}
OPERATIONS = ("create", "get", "list", "update", "delete")
MARKS = ("<!-- written by scripts/bench -->", "<!-- end -->")
CHARTED = ("create", "get", "first page", "page in the middle")


def show(figures: Figures) -> None:
    for heading, rows in _tables(figures):
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        print(f"\n{heading}\n")
        for row in rows:
            print(
                "  ".join(
                    cell.ljust(width) for cell, width in zip(row, widths, strict=True)
                ).rstrip()
            )


def draw(figures: Figures, folder: Path) -> None:
    starts = {
        name: (row["cold_ms"], int(name not in figures["functions"]))
        for name, row in _starts(figures)
    }
    chart.draw(
        folder / "cold-start.svg",
        "Cold start to the first answer, ms: median and quartiles",
        starts,
    )
    if "scale" in figures:
        points = [
            (f"{name}, {one['users']:,} users", one, number)
            for number, name in enumerate(CHARTED)
            for one in figures["scale"][name]
        ]
        units = {label: ([one["read"] + one["write"]] * 3, number) for label, one, number in points}
        chart.draw(
            folder / "scale.svg", "Capacity units of one operation as the table grows", units
        )
        times = {label: (one["ms"], number) for label, one, number in points}
        chart.draw(
            folder / "scale-ms.svg",
            "Milliseconds of one operation on DynamoDB Local as the table grows",
            times,
        )


def quote(tables: str, document: Path) -> None:
    """Put the tables between the document's two marks."""
    text = document.read_text()
    before, mark, rest = text.partition(MARKS[0])
    document.write_text(f"{before}{mark}\n{tables}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}")


def artifact(figures: Figures) -> str:
    """What an artifact holds, and why, in Markdown."""
    rows = [
        (_named(name), f"{figures['artifact'][name] / 1000:.0f}", why) for name, why in WHY.items()
    ]
    rest = sum(size for name, size in figures["artifact"].items() if name not in WHY)
    return "\n".join(
        map(
            _row,
            [("", "KB", "why"), *rows, ("entry points", f"{rest / 1000:.0f}", "one a function")],
        )
    )


def speed(figures: Figures) -> str:
    """Starts and the local loop, in Markdown."""
    floor = figures["starts"]["bare"]["cold_cpu_ms"][0]
    starts = [
        (
            _named(name),
            f"{row['over_bare']:.2f}",
            f"{row['cold_cpu_ms'][0] / floor:.2f}",
            f"{row['own_ms'][0]:.2f}",
            f"{row['artifact_kb']:,}",
        )
        for name in (*figures["functions"], *NAMES)
        if (row := figures["starts"].get(name))
    ]
    loop = [
        (
            _named(name),
            f"{row['ready_s'][0]:g}",
            *(f"{ms[0]:.3g}" for ms in row["ms"].values()),
            f"{row['ratio']:g}",
        )
        for name, row in figures["loop"].items()
    ]
    head = (
        "",
        "cold start, times bare",
        "its CPU time, times bare",
        "own time a request, ms",
        "artifact, KB",
    )
    local = ("", "ready after, s", "any request, ms", *OPERATIONS, "times `scripts/start`")
    return "\n\n".join("\n".join(map(_row, rows)) for rows in ([head, *starts], [local, *loop]))


def _named(name: str) -> str:
    return NAMES.get(name, f"`{name}`")


def _row(cells: Sequence[str]) -> str:
    line = f"| {' | '.join(cells)} |"
    return line if cells[0] else line + "\n|" + "---|" * len(cells)


def _tables(figures: Figures) -> Iterator[tuple[str, list[Sequence[str]]]]:
    starts = [
        (
            name,
            f"{row['over_bare']:.2f}",
            *(_spread(row[key]) for key in START),
            f"{row['artifact_kb']:,}",
        )
        for name, row in _starts(figures)
    ]
    head = ("", "x bare", *START.values(), "artifact KB")
    yield (
        "Cold start to the first answer; warm call; own time, without DynamoDB's client",
        [head, *starts],
    )
    memory = [tuple(map(str, row.values())) for row in figures["memory"]]
    yield (
        "Memory, computed from CPU time",
        [("MB", "cold ms", "warm ms", "$ a million requests"), *memory],
    )
    yield (
        "What an artifact holds, bytes",
        [(name, f"{size:,}") for name, size in figures["artifact"].items()],
    )
    loop = [
        (name, *map(_spread, (row["ready_s"], *row["ms"].values())), f"{row['ratio']:g}")
        for name, row in figures["loop"].items()
    ]
    yield "The local loop", [("", "ready s", "any ms", *OPERATIONS, "x scripts/start"), *loop]
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
