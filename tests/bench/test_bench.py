"""scripts/bench: what needs neither network nor minutes. How fast something is, no test says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from samspec.aws import tables
from samspec.cost import prices
from samspec.sam.errors import ProjectError

from tests.bench import builds, memory, report, starts, stub
from tests.bench.command import main

SPREAD = [2.0, 1.0, 3.0]
ROW = dict.fromkeys(("cold_ms", "warm_ms", "own_ms", "cold_cpu_ms", "warm_cpu_ms"), SPREAD)
MS = dict.fromkeys(("request", *report.OPERATIONS), SPREAD)
POINTS = [{"users": users, "read": 1, "write": 2, "ms": SPREAD} for users in (100, 200_000)]
FIGURES: dict[str, Any] = {
    "functions": ["create-user"],
    "starts": {
        name: {**ROW, "over_bare": 1.0, "artifact_kb": 9} for name in ("create-user", "bare <old>")
    },
    "memory": memory.table(ROW, prices.read()),
    "artifact": {"users": 10},
    "loop": {"scripts/start": {"ready_s": SPREAD, "ms": MS, "ratio": 1}},
    "load": {
        "50 clients": {
            "requests_per_second": 200.5,
            "ms": {"median": 1.0, "p95": 2.0, "p99": 3.0},
            "cpu_ms": 4.0,
            "unexpected": 0,
        }
    },
    "scale": dict.fromkeys(report.CHARTED, POINTS),
}


def test_every_figure_is_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    report.show(FIGURES)

    printed = capsys.readouterr().out
    for name in (
        "create-user",
        "bare <old>",
        "users",
        "scripts/start",
        "50 clients",
        *report.CHARTED,
    ):
        assert f"\n{name}  " in printed


def test_the_charts_are_svg_with_a_bar_for_each_row(tmp_path: Path) -> None:
    report.draw(FIGURES, tmp_path)

    charts = {file.name: ElementTree.parse(file) for file in tmp_path.glob("*.svg")}  # noqa: S314 (our own)
    bars = {name: chart.findall("{*}rect") for name, chart in charts.items()}
    assert {name: len(rectangles) - 1 for name, rectangles in bars.items()} == {
        "cold-start.svg": 2,
        "scale.svg": 8,
        "scale-ms.svg": 8,
    }


@pytest.mark.parametrize(
    ("document", "table"),
    [("docs/speed.md", report.speed), ("specs/architecture.md", report.artifact)],
)
def test_documents_quote_the_last_run(
    document: str, table: Any, pytestconfig: pytest.Config
) -> None:
    figures = json.loads((pytestconfig.rootpath / "docs/bench.json").read_text())

    assert table(figures) in (pytestconfig.rootpath / document).read_text(), (
        "scripts/bench writes what they quote"
    )


def test_a_table_is_put_between_the_marks_of_a_document_that_has_them(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    for before, after in (
        ("a\n$ cost\nold\n```\nb\n", "a\n$ cost\nnew\n```\nb\n"),
        ("a\nb\n", "a\nb\n"),
    ):
        document.write_text(before)
        report.quote("new", document, ("$ cost", "```"))
        assert document.read_text() == after


def test_more_memory_is_never_slower() -> None:
    sizes = FIGURES["memory"]

    times = [row["cold_ms"] for row in sizes]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    "module", ["create_user", "get_user", "list_users", "update_user", "delete_user"]
)
def test_each_function_succeeds_on_the_responses_of_the_stub(
    module: str, pytestconfig: pytest.Config
) -> None:
    event = json.loads((pytestconfig.rootpath / f"events/{module}.json").read_text())
    env = {
        "PYTHONPATH": str(pytestconfig.rootpath / "handlers"),
        "USERS_TABLE": "users",
        "AWS_REGION": "us-east-1",
    }
    env |= {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    done = subprocess.run(
        [sys.executable, "-P", starts.OWN_TIME, f"{module}.handler"],
        input=json.dumps({"event": event, "responses": stub.RESPONSES}),
        env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert all(ms > 0 for ms in json.loads(done.stdout.splitlines()[-1]))


def test_the_stub_responds_as_dynamodb_does() -> None:
    with stub.running() as endpoint:
        client = tables.client("us-east-1", endpoint)

        assert client.get_item(TableName="users", Key={"id": {"S": "any"}})["Item"] == stub.USER


def test_a_machine_that_the_emulator_does_not_run_on_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    with pytest.raises(ProjectError, match="needs Linux"):
        main([])


def test_a_comparison_that_cannot_be_is_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(builds, "lambda_", lambda: pytest.fail("it has begun"))

    with pytest.raises(ProjectError, match="no docker on the PATH: the comparison with sam local"):
        main(["--sam-local"])


def test_a_command_that_fails_is_named_with_its_output() -> None:
    with pytest.raises(ProjectError, match=r"failed:\nls: cannot access"):
        builds._run(["ls", "no-such-file"], "ls failed")
