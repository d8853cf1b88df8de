"""The table of projects in specs/local-gateway.md: `python -m tests.samspec.projects.table`."""

from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[2] / "specs/local-gateway.md"
BEGIN, END = (
    "<!-- projects: made by tests/samspec/projects/table.py -->",
    "<!-- end of projects -->",
)
HEAD = (
    "| Project | AWS | samspec | sam local | LocalStack or MiniStack | Case |\n"
    "|---|---|---|---|---|---|\n"
)


def table() -> str:
    """A row for each case; what samspec does is what the case's test shows."""
    cases = sorted(HERE.glob("cases/*.yaml"))
    return HEAD + "".join(_row(path, yaml.safe_load(path.read_text())) for path in cases)


def _row(path: Path, case: dict[str, Any]) -> str:
    source = case["source"].split("observed: ")[-1].split(" ")[0]
    same = "same"
    if "named" in case:
        same = case.get("samspec", "what is not emulated is named; the rest runs")
    others = case.get("localstack", "")
    cells = (
        case["what"],
        f"{case['aws']} ([source]({source}))",
        case.get("samspec", same),
        case.get("sam_local", ""),
        others,
        f"`{path.stem}`",
    )
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def written(document: str) -> str:
    """The document with the table as it has to be."""
    head, _, rest = document.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{table()}\n{END}{tail}"


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text()))
