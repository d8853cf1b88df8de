"""The figures as tables and charts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.bench import chart

Figures = dict[str, Any]
START = {
    "cold_ms": "cold ms",
    "warm_ms": "warm ms",
    "own_ms": "own ms",
    "cold_cpu_ms": "cold CPU ms",
}
NAMES = {
    "create-user, collector running": "create-user with the garbage collector running",
    "create-user, all SDK data": "create-user with all of botocore's data",
    "bare": "bare: `boto3.resource`, no validation",
    "powertools, compiled": "Powertools with validation, compiled",
    "powertools": "Powertools with validation",
    "fastapi, compiled": "FastAPI and Mangum, compiled",
    "openapi-core, compiled": "openapi-core, compiled",
    "sam local, warm containers": "`sam local`, containers kept warm",
    "sam local": "`sam local`, a container per request",
    "compiled modules": "compiled modules",
    "package metadata": "package metadata",
}
WHY = {
    "compiled modules": "Lambda cannot write them, and would compile at every cold start",
    "contracts": "the function's own operation, made ready to check requests",
    "multipart.py": "the one library that Lambda lacks",
    "package metadata": "its name, version and licence",
    "users-api.yaml": "the spec, byte by byte: what is deployed can be compared with it",
    "api": "the modules that any resource shares; tracebacks quote them",
    "users": "the resource's modules",
    "sdk-data": "DynamoDB's endpoints; botocore's own file has every service's",
}
START_COLUMNS = ("its CPU time, times bare", "own time per request, ms", "artifact, KB")
HEADING = "Cold start to the first response; warm call; own time without DynamoDB's client"
LOAD_COLUMNS = (
    "requests/s",
    "median, ms",
    "p95, ms",
    "p99, ms",
    "CPU per request, ms",
    "unexpected",
)
OPERATIONS = ("create", "get", "list", "update", "delete")
MARKS = ("<!-- written by scripts/bench -->", "<!-- end -->")
GROWS = "of one operation as the table grows"
CHARTED = ("create", "get", "first page", "page in the middle")


def show(figures: Figures) -> None:
    for heading, rows in _tables(figures):
        _print(heading, rows)


def show_starts(starts: Figures, ratio: str) -> None:
    """Print only the table of cold starts; `ratio` names the column of the ratio to the floor."""
    _print(HEADING, _table_of_starts({"starts": starts}, ratio))


def _print(heading: str, rows: list[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(f"\n{heading}\n")
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def draw(figures: Figures, folder: Path) -> None:
    starts = {
        name: (row["cold_ms"], int(name not in figures["functions"]))
        for name, row in _starts(figures)
    }
    chart.draw(
        folder / "cold-start.svg",
        "Cold start to the first response, ms: median and quartiles",
        starts,
    )
    if "scale" in figures:
        units, times = {}, {}
        for colour, name in enumerate(CHARTED):
            for point in figures["scale"][name]:
                label = f"{name}, {point['users']:,} users"
                units[label] = ([point["read"] + point["write"]] * 3, colour)
                times[label] = (point["ms"], colour)
        chart.draw(folder / "scale.svg", f"Capacity units {GROWS}", units)
        chart.draw(folder / "scale-ms.svg", f"Milliseconds {GROWS}, on DynamoDB Local", times)


def quote(tables: str, document: Path, marks: tuple[str, str] = MARKS) -> None:
    """Put the tables between the document's two marks, where it has them."""
    text = document.read_text()
    before, mark, rest = text.partition(marks[0])
    if mark:
        document.write_text(f"{before}{mark}\n{tables}\n{marks[1]}{rest.partition(marks[1])[2]}")


def artifact(figures: Figures) -> str:
    """The artifact's parts and their reasons, in Markdown."""
    lines = [_row(("", "KB", "why"))]
    rest = dict(figures["artifact"])
    for name, why in WHY.items():
        size = rest.pop(name, 0)
        lines.append(_row((_named(name), f"{size / 1000:.0f}", why)))
    lines.append(_row(("entry points", f"{sum(rest.values()) / 1000:.0f}", "one per function")))
    return "\n".join(lines)


def speed(figures: Figures) -> str:
    """Starts, the local loop and many clients, in Markdown."""
    tables = _speed_of_starts(figures), _speed_of_the_loop(figures), _speed_under_load(figures)
    return "\n\n".join("\n".join(lines) for lines in tables)


def _speed_of_starts(figures: Figures) -> list[str]:
    floor = figures["starts"]["bare"]["cold_cpu_ms"][0]
    lines = [_row(("", "cold start, times bare", *START_COLUMNS))]
    for name in (*figures["functions"], *NAMES):
        if name in figures["starts"]:
            row = figures["starts"][name]
            cpu, own = row["cold_cpu_ms"][0] / floor, row["own_ms"][0]
            cells = f"{row['over_bare']:.2f}", f"{cpu:.2f}", f"{own:.2f}", f"{row['artifact_kb']:,}"
            lines.append(_row((_named(name), *cells)))
    return lines


def _speed_of_the_loop(figures: Figures) -> list[str]:
    head = ("", "ready after, s", "any request, ms", *OPERATIONS, "times `scripts/start`")
    lines = [_row(head)]
    for name, row in figures["loop"].items():
        medians = [f"{ms[0]:.3g}" for ms in row["ms"].values()]
        ready, ratio = f"{row['ready_s'][0]:g}", f"{row['ratio']:g}"
        lines.append(_row((_named(name), ready, *medians, ratio)))
    return lines


def _speed_under_load(figures: Figures) -> list[str]:
    return [_row(cells) for cells in _load(figures["load"])]


def _load(figures: Figures) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [("", *LOAD_COLUMNS)]
    for clients, row in figures.items():
        times = [f"{ms:g}" for ms in row["ms"].values()]
        cells = f"{row['requests_per_second']:g}", *times, f"{row['cpu_ms']:g}"
        rows.append((clients, *cells, str(row["unexpected"])))
    return rows


def _named(name: str) -> str:
    return NAMES.get(name, f"`{name}`")


def _row(cells: Sequence[str]) -> str:
    line = f"| {' | '.join(cells)} |"
    return line if cells[0] else line + "\n|" + "---|" * len(cells)


def _tables(figures: Figures) -> Iterator[tuple[str, list[Sequence[str]]]]:
    yield HEADING, _table_of_starts(figures, "x bare")
    memory: list[Sequence[str]] = [("MB", "cold ms", "warm ms", "$ per million requests")]
    memory += [tuple(map(str, row.values())) for row in figures["memory"]]
    yield "Memory, computed from CPU time", memory
    yield "The artifact, bytes", [(name, f"{size:,}") for name, size in figures["artifact"].items()]
    loop: list[Sequence[str]] = [("", "ready s", "any ms", *OPERATIONS, "x scripts/start")]
    for name, row in figures["loop"].items():
        spreads = [_spread(times) for times in (row["ready_s"], *row["ms"].values())]
        loop.append((name, *spreads, f"{row['ratio']:g}"))
    yield "The local loop", loop
    yield "scripts/start with many clients at the same time", _load(figures["load"])
    if "scale" in figures:
        yield "As the table grows, on DynamoDB Local: capacity units; ms", _scale(figures["scale"])


def _table_of_starts(figures: Figures, ratio: str) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [("", ratio, *START.values(), "artifact KB")]
    for name, row in _starts(figures):
        spreads = [_spread(row[key]) for key in START]
        rows.append((name, f"{row['over_bare']:.2f}", *spreads, f"{row['artifact_kb']:,}"))
    return rows


def _scale(figures: Figures) -> list[Sequence[str]]:
    sizes = [f"{point['users']:,} users" for point in figures["create"]]
    rows: list[Sequence[str]] = [("", *sizes)]
    for name, points in figures.items():
        cells = [f"{point['read'] + point['write']:g}; {point['ms'][0]:g}" for point in points]
        rows.append((name, *cells))
    return rows


def _starts(figures: Figures) -> list[tuple[str, Figures]]:
    return sorted(figures["starts"].items(), key=lambda entry: float(entry[1]["cold_ms"][0]))


def _spread(figures: Sequence[float]) -> str:
    middle, low, high = figures
    return f"{middle:g} ({low:g} to {high:g})"
