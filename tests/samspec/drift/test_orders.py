"""A foreign project with every kind of API: its mistakes are found, valid changes pass."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from samspec.drift.checks import run

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


def test_there_are_as_many_as_we_say() -> None:
    assert len(MISTAKES) >= 75
    assert len(VALID) >= 25
