"""scripts/cost: the bill, and what it says where it cannot make one."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from samspec.cli import main
from samspec.cost import bill, prices
from samspec.cost import command as cost

START = {"cold_cpu_ms": [100, 90, 110], "warm_cpu_ms": [1, 1, 1], "log_bytes": 500}
SCALE = {
    name: [{"users": 100, "read": 1, "write": 2, "ms": [1, 1, 1]}] for name in bill.UNITS.values()
}
PRICES = prices.read()
FUNCTIONS = PRICES.traffic["mix"]
FIGURES: dict[str, Any] = {
    "starts": dict.fromkeys([*FUNCTIONS, *cost.PEERS], START),
    "scale": SCALE,
}


@pytest.fixture
def figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "bench.json"
    file.write_text(json.dumps(FIGURES))
    monkeypatch.setattr(cost, "FIGURES", file)
    return file


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    return main(["cost", *map(str, arguments)])


def test_the_shares_of_the_operations_make_up_all_requests() -> None:
    assert sum(FUNCTIONS.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("requests", "dollars"),
    [(1e6, 3.5), (333e6, 1165.5), (1e9, 3033.1), (20e9, 48253.1), (21e9, 49763.1)],
)
def test_api_gateway_costs_less_a_request_tier_by_tier(requests: float, dollars: float) -> None:
    assert PRICES.gateway(requests) == pytest.approx(dollars)


def test_a_request_is_billed_for_its_waiting_and_its_cpu_time_in_whole_milliseconds() -> None:
    assert bill.gb_seconds(cpu_ms=1, wait_ms=6, memory_mb=1024) == pytest.approx(
        0.008
    )  # 1.73 ms of CPU time, and 6


def test_a_bill_names_what_each_dollar_is_for() -> None:
    month = bill.monthly(FIGURES, PRICES, 1e6, "x86_64", 512)

    assert month["Lambda, requests"] == pytest.approx(0.20)
    assert month["DynamoDB, reads"] == pytest.approx(0.125)
    assert month["DynamoDB, writes"] == pytest.approx(1.25)
    assert month["CloudWatch Logs"] == pytest.approx(1820e6 / 1e9 * 0.5)


def test_arm_costs_less_than_x86() -> None:
    x86, arm = (bill.duration(START, PRICES, cpu, 512) for cpu in ("x86_64", "arm64"))

    assert arm < x86


@pytest.mark.usefixtures("figures")
def test_a_file_that_quotes_the_summary_as_it_is_passes_and_another_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch) == 0
    readme = tmp_path / "README.md"
    readme.write_text(f"# Costs\n\n```\n{capsys.readouterr().out}```\n")
    assert run(monkeypatch, "--check", readme) == 0

    readme.write_text(readme.read_text().replace("10 billion", "11 billion"))

    assert run(monkeypatch, "--check", readme) == 1
    assert "put its output there" in capsys.readouterr().err


def test_the_readme_quotes_the_bill_as_it_is(
    monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    assert run(monkeypatch, "--check", pytestconfig.rootpath / "README.md") == 0


@pytest.mark.usefixtures("figures")
def test_the_detailed_bill_adds_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--requests-per-month", "1e6") == 0

    *lines, total = capsys.readouterr().out.splitlines()[2:]
    for column in (-2, -1):
        assert sum(float(line.split()[column]) for line in lines) == pytest.approx(
            float(total.split()[column]), abs=0.05
        )


@pytest.mark.parametrize("text", ["{}", json.dumps({"starts": {}})])
def test_figures_without_capacity_units_are_a_clear_error(
    text: str, figures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures.write_text(text)

    assert run(monkeypatch) == 2
    assert "run scripts/bench --scale" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["-1", "many", "nan"])
def test_a_number_of_requests_that_is_none_is_a_clear_error(
    number: str, pytestconfig: pytest.Config
) -> None:
    done = subprocess.run(
        ["scripts/cost", "--requests-per-month", number],
        cwd=pytestconfig.rootpath, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "give a number of requests" in done.stderr
    assert "Traceback" not in done.stderr
