"""The tables of the documents: resources, endpoints, errors, limits and parameters that exist."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from samspec.drift.application import Application, is_proxy
from samspec.drift.functions import event_routes
from samspec.drift.importability import GATEWAY_RESPONSES
from samspec.drift.mock import STATUSES
from samspec.drift.targets import target
from samspec.sam.finding import Finding

RESOURCES = ("resource", "type")
ENDPOINTS = ("method", "path", "function")
ROUTES = ("method", "path")
# The resources that make the API; what serves them may be in the table or not.
LISTED = ("AWS::Serverless::Api", "AWS::Serverless::Function", "AWS::Serverless::HttpApi",
          "AWS::Serverless::SimpleTable", "AWS::DynamoDB::Table")  # fmt: skip
METHODS = {"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "ANY"}
LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "default")
Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of a Markdown document; cells without links and emphasis."""

    name: str
    line: int
    columns: Row  # in lower case
    rows: tuple[tuple[int, Row], ...]

    def column(self, *names: str) -> int | None:
        """The index of the first column with one of these names."""
        return next((i for i, column in enumerate(self.columns) if column in names), None)


def check(application: Application) -> Iterator[Finding]:
    """Every table of every document whose heading says what it lists."""
    seen: set[tuple[str, Row]] = set()
    for name in application.files(*application.conventions.documents):
        for table in tables(name, application.text(name)):
            seen.add((name, table.columns[:3]))
            yield from _check(application, table)
    for name in application.conventions.resource_tables:
        if application.exists(name):
            yield from _missing(application, name, seen)


def _missing(application: Application, name: str, seen: set[tuple[str, Row]]) -> Iterator[Finding]:
    for columns in (RESOURCES, ENDPOINTS):
        if not any(other == name and _begins(have, columns) for other, have in seen):
            yield Finding(
                name,
                1,
                f"it has no table of {', '.join(columns)}",
                "write one",
                "table-missing",
            )


def _begins(columns: Row, wanted: Row) -> bool:
    """Whether a table's columns begin with these: "lambda function" is a function."""
    pairs = zip(columns, wanted, strict=False)
    return len(columns) >= len(wanted) and all(column.endswith(name) for column, name in pairs)


def _check(application: Application, table: Table) -> Iterator[Finding]:
    if _begins(table.columns, RESOURCES):
        yield from _resources(application, table)
    elif _begins(table.columns, ENDPOINTS):
        yield from _endpoints(application, table)
    elif _begins(table.columns, ROUTES) or table.columns[:1] == ("endpoint",):
        yield from _routes(application, table)
    if table.column("status") == 0 and application.definitions:
        yield from _statuses(application, table)
    if table.columns[0] in ("parameter", "parameters"):
        yield from _parameters(application, table)
    if "limit" in table.columns or "limits" in table.columns:
        yield from _limits(application, table)
    if table.columns[:2] in (("variable", "value"), ("environment variable", "value")):
        yield from _variables(application, table)


def _resources(application: Application, table: Table) -> Iterator[Finding]:
    existing: set[Row] = set()
    for name, item in application.resources.items():
        existing.add((name, str(item.get("Type"))))
    wanted = {row for row in existing if row[1].startswith(LISTED)}
    yield from _compared(table, 2, existing, wanted, "the template has no")


def _endpoints(application: Application, table: Table) -> Iterator[Finding]:
    if not application.definitions:
        return
    existing: set[Row] = set()
    every: set[Row] = set()
    for api in application.definitions:
        for operation in api.operations:
            name = target(application, operation.integration.get("uri")).function or ""
            every.add((operation.method, operation.path, name))
            if is_proxy(operation):
                existing.add((operation.method, operation.path, name))
    gateway = {row[:2] for row in every - existing}
    rows = tuple(row for row in table.rows if row[1][:2] not in gateway)
    listed = Table(table.name, table.line, table.columns, rows)
    yield from _compared(listed, 3, existing, existing, "template and definition have no")


def _compared(
    table: Table, width: int, existing: set[Row], wanted: set[Row], message: str
) -> Iterator[Finding]:
    rows = {cells[:width]: line for line, cells in table.rows}
    wrong = [row for row in rows if row not in existing]
    for row in wrong:
        text = f"{message} {' '.join(row)}"
        yield Finding(table.name, rows[row], text, "correct the table", "table-row")
    for row in sorted(wanted - rows.keys()):
        # It is the other side of a wrong row if both have a name in common.
        if not any({other[0], other[-1]} & {row[0], row[-1]} for other in wrong):
            yield Finding(
                table.name,
                table.line,
                f"the table lacks {' '.join(row)}",
                "add the row",
                "table-row",
            )


def _routes(application: Application, table: Table) -> Iterator[Finding]:
    """A table of methods and paths lists what exists; it need not list all."""
    if not application.definitions:
        return
    existing = event_routes(application)
    for api in application.definitions:
        for operation in api.operations:
            existing.add((operation.method, operation.path))
    for line, cells in table.rows:
        row = cells[:2] if _begins(table.columns, ROUTES) else tuple(cells[0].split()[:2])
        if len(row) != 2 or row[0] not in METHODS or not row[1].startswith("/"):
            continue
        if (row[0], row[1].partition("?")[0]) not in existing:
            yield Finding(
                table.name,
                line,
                f"the definition has no {' '.join(row)}",
                "correct the table",
                "table-row",
            )


def _statuses(application: Application, table: Table) -> Iterator[Finding]:
    """The statuses of a table of errors are documented or the gateway's own."""
    existing = set(STATUSES.values()) | {"501"}  # 501: what the scaffold's skeletons respond with
    for api in application.definitions:
        for operation in api.operations:
            existing |= set(api.responses(operation))
        for response in (api.data.get(GATEWAY_RESPONSES) or {}).values():
            existing.add(str(response.get("statusCode")) if isinstance(response, dict) else "")
    for line, cells in table.rows:
        for status in re.findall(r"\b[1-5][0-9][0-9]\b", cells[0]):
            if status not in existing:
                yield Finding(
                    table.name,
                    line,
                    f"no operation documents {status}",
                    "correct the table, or document the status",
                    "table-status",
                )


def _parameters(application: Application, table: Table) -> Iterator[Finding]:
    """A table of parameters lists the template's, or the definition's."""
    template = application.section("Parameters")
    spec = _parameters_of_operations(application)
    names = {name for _, cells in table.rows for name in _names(cells[0])}
    if not names & (set(template) | spec):
        return  # parameters of something else
    existing = set(template) if names & set(template) else spec
    if existing == set(template) and len(names & existing) * 4 >= len(existing) * 3:
        for name in sorted(existing - _mentioned(table)):
            yield Finding(
                table.name,
                table.line,
                f"the table of parameters lacks {name}",
                "add the row",
                "table-parameter",
            )
    default = table.column("default")
    for line, cells in table.rows:
        for name in _names(cells[0]):
            if name not in existing:
                yield Finding(
                    table.name,
                    line,
                    f"there is no parameter {name}",
                    f"write one of {', '.join(sorted(existing))}",
                    "table-parameter",
                )
            elif default is not None and name in template and default < len(cells):
                yield from _default(table, line, name, cells[default], template[name])


def _parameters_of_operations(application: Application) -> set[str]:
    names = set()
    for api in application.definitions:
        for operation in api.operations:
            names |= {str(parameter["name"]) for parameter in api.parameters(operation)}
    return names


def _mentioned(table: Table) -> set[str]:
    """Every word of a table: a row may be about two parameters."""
    return {word for _, cells in table.rows for cell in cells for word in re.findall(r"\w+", cell)}


def _names(cell: str) -> list[str]:
    return re.findall(r"[A-Za-z][\w-]*", cell)[:1]


def _default(table: Table, line: int, name: str, cell: str, declared: Any) -> Iterator[Finding]:
    actual = str(declared.get("Default")) if isinstance(declared, dict) else ""
    if actual in ("", "None"):
        return
    shown = cell.strip()
    if shown and not (shown.startswith(actual) or actual in shown):
        yield Finding(
            table.name,
            line,
            f"the default of {name} is {actual}, and the table says {shown}",
            f"write {actual}",
            "table-parameter",
        )


def _limits(application: Application, table: Table) -> Iterator[Finding]:
    """Numbers that are the definition's, by the table's own word, are in it."""
    source = table.column("set by", "source", "by")
    limit = table.column("limit", "limits")
    if source is None or limit is None or not application.definitions:
        return
    numbers = _numbers(application)
    for line, cells in table.rows:
        if len(cells) <= max(source, limit) or cells[source].lower() not in (
            "the spec",
            "the definition",
        ):
            continue
        for text in re.findall(r"\d[\d,]*", cells[limit]):
            if text.replace(",", "") not in numbers:
                yield Finding(
                    table.name,
                    line,
                    f"the definition has no limit of {text}",
                    "correct the table",
                    "table-limit",
                )


def _numbers(application: Application) -> set[str]:
    numbers: set[str] = set()
    for api in application.definitions:
        for at, value in api.nodes:
            if at[-1:] and at[-1] in LIMITS and isinstance(value, int | float):
                numbers.add(str(value))
    return numbers


def _variables(application: Application, table: Table) -> Iterator[Finding]:
    existing = {name for item in application.functions.values() for name in item.variables}
    for line, cells in table.rows:
        names = re.findall(r"[A-Z][A-Z0-9_]+", cells[0])
        if names and existing and names[0] not in existing:
            yield Finding(
                table.name,
                line,
                f"no function has the variable {names[0]}",
                f"write one of {', '.join(sorted(existing))}",
                "table-parameter",
            )


def tables(name: str, content: str) -> Iterator[Table]:
    """The tables of a Markdown text; those in code blocks are examples."""
    lines = content.splitlines()
    number, fenced = 0, False
    while number < len(lines):
        line = lines[number].strip()
        if line.startswith("```"):
            fenced = not fenced
        following = lines[number + 1].strip() if number + 1 < len(lines) else ""
        if fenced or not line.startswith("|") or not re.fullmatch(r"\|[\s:|-]+", following):
            number += 1
            continue
        columns = tuple(cell.lower() for cell in _cells(line))
        start, rows = number + 1, []
        number += 2
        while number < len(lines) and lines[number].strip().startswith("|"):
            rows.append((number + 1, _cells(lines[number])))
            number += 1
        yield Table(name, start, columns, tuple(rows))


def _cells(line: str) -> Row:
    cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return tuple(_plain(cell) for cell in cells)


def _plain(cell: str) -> str:
    """The cell's text without Markdown's links and emphasis."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell)
    return text.strip(" `*_").replace("`", "")
