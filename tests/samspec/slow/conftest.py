"""Prints what each linter found, behind the tests' own output."""

import pytest

Row = tuple[str, str, str, str]
TABLE: dict[str, Row] = {}  # by mutation: its name, drift's checks, cfn-lint's rules, sam validate


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    heading = ("mutation", "drift", "cfn-lint", "sam validate --lint")
    for row in [heading, *TABLE.values()] if TABLE else []:
        terminalreporter.write_line(f"{row[0]:<46} {row[1]:<25} {row[2] or '-':<13} {row[3]}")
