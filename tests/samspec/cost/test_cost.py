"""scripts/cost: the bill, and what it says where it cannot make one."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samspec.cli import main
from samspec.cost import bill, prices
from samspec.cost import command as cost
from samspec.cost.inventory import Inventory
from samspec.sam import environments

START = {"cold_cpu_ms": [100, 90, 110], "warm_cpu_ms": [1, 1, 1], "log_bytes": 500}
UNITS = [{"users": 100, "read": 1, "write": 2, "ms": [1, 1, 1]}]
PRICES = prices.read()
MIX = cost._mix(Path())
FIGURES: dict[str, Any] = {
    "starts": {part.start: START for part in MIX},
    "scale": {part.units: UNITS for part in MIX},
}
AT_REST = Inventory(
    memory_mb=512,
    keys=0,
    alarm_metrics=0,
    custom_metrics=0,
    dashboards=0,
    retention_days=30,
    is_traced=False,
    has_recovery=False,
    unknown=(),
)


@pytest.fixture
def figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "bench.json"
    file.write_text(json.dumps(FIGURES))
    monkeypatch.setattr(cost, "FIGURES", file)
    return file


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    return main(["cost", *map(str, arguments)])


def test_the_shares_of_the_operations_make_up_all_requests() -> None:
    assert sum(part.share for part in MIX) == pytest.approx(1)


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
    month = bill.by_use(FIGURES, PRICES, MIX, AT_REST, 1e6, "x86_64")

    assert month["Lambda, requests"] == pytest.approx(0.20)
    assert month["DynamoDB, reads"] == pytest.approx(0.125)
    assert month["DynamoDB, writes"] == pytest.approx(1.25)
    assert month["CloudWatch Logs"] == pytest.approx(1.82 * (0.5 + 0.03 / 5))
    assert (month["X-Ray"], month["DynamoDB, recovery"]) == (0, 0)


def test_what_an_environment_turns_on_is_in_its_bill() -> None:
    stack = replace(AT_REST, is_traced=True, has_recovery=True)
    month = bill.by_use(FIGURES, PRICES, MIX, stack, 1e6, "x86_64")

    assert month["X-Ray"] == pytest.approx(0.25)
    assert month["DynamoDB, recovery"] == pytest.approx(0.20)


def test_at_rest_a_stack_costs_what_it_holds() -> None:
    stack = replace(AT_REST, keys=1, alarm_metrics=7, custom_metrics=2, dashboards=1)
    assert sum(bill.fixed(PRICES, AT_REST).values()) == 0
    assert sum(bill.fixed(PRICES, stack).values()) == pytest.approx(1 + 0.7 + 0.6 + 3)


TEMPLATE = """
Resources:
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics:
        - { Id: total, Expression: a + b }
        - { Id: a, MetricStat: { Stat: Sum } }
        - { Id: b, MetricStat: { Stat: Sum } }
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      MethodSettings: [{ ResourcePath: "/*", HttpMethod: "*", MetricsEnabled: true }]
      DefinitionBody:
        openapi: 3.0.1
        paths: { /a: { get: {}, post: {} }, /b: { get: {}, x-amazon-apigateway-any-method: {} } }
  Machine: { Type: AWS::EC2::Instance }
"""


def test_a_template_says_what_is_held(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    inventory = Inventory.of(tmp_path, {})

    assert inventory.alarm_metrics == 2
    assert inventory.custom_metrics == 4 * 5
    assert inventory.unknown == ("AWS::EC2::Instance",)


def test_nothing_that_this_projects_stacks_hold_is_left_out() -> None:
    for environment in environments.read(Path()).values():
        parameters = {**environment.parameters, "AlarmEmail": "ops@example.com"}
        assert Inventory.of(Path(), parameters).unknown == ()


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


@pytest.mark.parametrize(
    ("mix", "reason"),
    [
        ("", "no [tool.samspec.cost.mix] in pyproject.toml"),
        (
            'get-book = { share = 1, units = "get" }',
            "no figures of get-book in docs/bench.json",
        ),
    ],
)
def test_a_project_that_measured_nothing_gets_an_estimate_and_its_assumptions(
    mix: str,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "pyproject.toml").write_text(f"[tool.samspec.cost.mix]\n{mix}\n")
    (tmp_path / "samconfig.toml").write_text(
        "[live.global.parameters]\nstack_name = 's'\nregion = 'eu-west-1'\n"
    )
    monkeypatch.chdir(tmp_path)

    assert run(monkeypatch) == 0
    printed = capsys.readouterr()
    assert "\nlive " in printed.out
    assert f"cost: {reason}: assumed are 5 ms of CPU time" in printed.err


@pytest.mark.parametrize("number", ["-1", "many", "nan"])
def test_a_text_that_is_not_a_number_of_requests_is_a_clear_error(
    number: str, pytestconfig: pytest.Config
) -> None:
    done = subprocess.run(
        ["scripts/cost", "--requests-per-month", number],
        cwd=pytestconfig.rootpath, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "give a number of requests" in done.stderr
    assert "Traceback" not in done.stderr
