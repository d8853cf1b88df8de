"""A project turned to callers by scripts/add-auth: all that its owner runs passes, for each
kind."""

import ast
import re
from pathlib import Path

import pytest
from samspec.gateway.authorization.trusted import CALLERS

from tests.samspec.newcomer import copies
from tests.samspec.newcomer.test_copies import RECORDED, free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
FIELDS = {
    "users": ["--resource", "User", "--field", "email:text,unique", "--field", "name:text"],
    "books": ["--resource", "Book", "--field", "isbn:text,unique", "--field", "title:text"],
}
PARTNERS = {
    "none": [403] * 5,
    "unknown key": [403] * 5,
    "partner": [201, 200, 200, 200, 204],
    "IAM": [403] * 5,
}
CASES = [("cognito", "users"), ("lambda", "users"), ("api-key", "users"), ("cognito", "books")]


@pytest.mark.parametrize(("callers", "resource"), CASES)
def test_everything_passes_in_a_project_that_asks_who_calls(
    tmp_path: Path, callers: str, resource: str
) -> None:
    root = copies.make(tmp_path / "project", *FIELDS[resource])
    copies.run(root, "scripts/add-auth", callers)
    if callers == "lambda":
        copies.run(root, "scripts/lock")
        copies.install(root)
    copies.commit(root, f"Ask who calls: {callers}")

    copies.run(root, "scripts/test", "--record")
    copies.run(root, "scripts/test")
    copies.run(root, "scripts/check")
    started = copies.started(root, "--port", free_port(), "--seed", "5")
    copies.run(root, "scripts/fuzz", "--seconds", "20")

    assert copies.changed(root) == RECORDED
    assert f"5 created by POST /{resource}" in started
    assert ("API key PartnerKey" in started) == (callers == "api-key")
    if not copies.has_sam():
        pytest.skip("no SAM CLI here: all passed, except that nothing was rehearsed")
    rehearsed = statuses(copies.run(root, "scripts/rehearse", "dev"))
    assert rehearsed == (PARTNERS if callers == "api-key" else documented(root))


def statuses(printed: str) -> dict[str, list[int]]:
    """The table of a rehearsal: what each caller got from create, list, get, update, delete."""
    rows = re.findall(r"^  - (\w[\w ]*?)  +(\d{3}(?: \d{3})+)$", printed, re.MULTILINE)
    return {caller: [int(status) for status in row.split()] for caller, row in rows}


def documented(root: Path) -> dict[str, list[int]]:
    """The same table as the project's own tests check it, at the gateway and at the functions."""
    text = (root / "tests/unit/test_callers.py").read_text()
    stated = re.search(r"^TABLE: .+? = (\{.+?^\})", text, re.MULTILINE | re.DOTALL)
    assert stated
    rows = zip(*ast.literal_eval(stated[1]).values(), strict=True)
    return {caller: list(row) for caller, row in zip(CALLERS, rows, strict=True)}
