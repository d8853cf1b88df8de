"""A foreign project with every kind of API: its mistakes are found, valid changes pass."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from samspec.drift.checks import run

from tests.samspec.drift.copies import edit
from tests.samspec.drift.mutations import Change

HERE = Path(__file__).parent


def table(name: str) -> list[Change]:
    return [Change(name, steps) for steps in yaml.safe_load((HERE / name).read_text())]


MISTAKES, VALID = table("mutations_of_orders.yaml"), table("neighbours_of_orders.yaml")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    content: dict[str, Any] = yaml.safe_load((HERE / "orders.yaml").read_text())
    for name, text in content["files"].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_it_has_no_finding(orders: Path) -> None:
    result = run(orders)

    assert list(map(str, result.findings)) == []
    assert result.notes == []


@pytest.mark.parametrize("change", MISTAKES, ids=lambda change: change.what)
def test_its_mistake_is_found(orders: Path, change: Change) -> None:
    change.apply(orders)
    findings = run(orders).findings

    assert {finding.rule for finding in findings} == change.rules, list(map(str, findings))


@pytest.mark.parametrize("change", VALID, ids=lambda change: change.what)
def test_a_valid_change_passes(orders: Path, change: Change) -> None:
    change.apply(orders)

    assert list(map(str, run(orders).findings)) == []


ORDER = "Order: { type: object, properties: { id: { type: string }"
HELLO = "        Root: { Type: Api, Properties: { Path: /hello, Method: get } }\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("api/swagger.yaml", ORDER, ORDER.replace("string", "integer"), "200.id has type integer"),
        ("api/swagger.yaml", "query, required: false", "query, required: true", "requires verbose"),
        ("api/openapi.yaml", "required: [id]", "required: [id, name]", "body.name is required"),
        ("api/openapi.yaml", "application/json", "text/csv", "no longer application/json"),
        ("template.yaml", HELLO, "", "GET /hello is gone"),
        ("template.yaml", "DynamoDBReadPolicy", "DynamoDBCrudPolicy", "dynamodb:PutItem"),
    ],
)
def test_what_breaks_callers_or_widens_permissions_is_found(
    orders: Path, file: str, old: str, new: str, message: str
) -> None:
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "A"]):
        subprocess.run([*git, *command], cwd=orders, check=True)
    assert run(orders, against="HEAD").findings == []
    edit(orders, file, old, new)
    findings = run(orders, against="HEAD").findings

    changes = [finding for finding in findings if finding.rule in ("break", "iam-widened")]
    assert any(message in finding.message for finding in changes), list(map(str, findings))


def test_there_are_as_many_as_we_say() -> None:
    assert len(MISTAKES) >= 75
    assert len(VALID) >= 25
