"""Check 8: the documents' tables of resources and endpoints say what template and spec say."""

import re
from collections.abc import Iterator

from samspec.sam.finding import Finding
from samspec.sam.project import Project

ARCHITECTURE = "specs/architecture.md"
RESOURCES = ("resource", "type")
ENDPOINTS = ("method", "path", "function")
# The resources that make the API; what serves them (roles, alarms, log groups) may stand in the table or not.
LISTED = ("AWS::Serverless::", "AWS::DynamoDB::Table")
Row = tuple[str, ...]


def check(project: Project) -> Iterator[Finding]:
    resources: set[Row] = {(name, str(one.get("Type"))) for name, one in project.resources.items()}
    endpoints: set[Row] = {(one.method, one.path, str(one.target[0])) for one in project.proxies}
    listed = {row for row in resources if row[1].startswith(LISTED)}
    for name in {ARCHITECTURE, *project.files("README.md")}:
        content = project.text(name) if (project.root / name).is_file() else ""
        for columns, known, wanted in (
            (RESOURCES, resources, listed),
            (ENDPOINTS, endpoints, endpoints),
        ):
            rows = _rows(content, columns)
            if rows:
                yield from _compared(name, rows, known, wanted)
            elif name == ARCHITECTURE:
                yield Finding(name, 1, f"it has no table of {', '.join(columns)}", "write one")


def _compared(
    name: str, rows: dict[Row, int], known: set[Row], wanted: set[Row]
) -> Iterator[Finding]:
    wrong = rows.keys() - known
    for row in wrong:
        yield Finding(
            name, rows[row], f"template and spec have no {' '.join(row)}", "mend the table"
        )
    for row in wanted - rows.keys():
        if not any(
            {other[0], other[-1]} & {row[0], row[-1]} for other in wrong
        ):  # else it is the wrong row's other side
            yield Finding(
                name, min(rows.values()), f"the table lacks {' '.join(row)}", "add the row"
            )


def _rows(content: str, columns: Row) -> dict[Row, int]:
    """The rows of the tables whose headings begin with these columns ("Lambda function" is a function), each with its
    line."""
    rows: dict[Row, int] = {}
    within = False
    for number, line in enumerate(content.splitlines(), 1):
        cells = tuple(map(_plain, line.strip().strip("|").split("|")))[: len(columns)]
        if not line.lstrip().startswith("|"):
            within = False
        elif within and set("".join(cells)) - set("-: "):
            rows[cells] = number
        elif len(cells) == len(columns) and all(map(str.endswith, map(str.lower, cells), columns)):
            within = True
    return rows


def _plain(cell: str) -> str:
    """The cell's text without Markdown's links and emphasis."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell).strip(" `*_").replace("`", "")
