"""Findings of drift on the console's page, by a process that no request waits for."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from samspec.drift import checks, command
from samspec.gateway import Gateway
from samspec.server.console import Console
from samspec.server.findings import MOST, Findings
from samspec.server.recorder import Recorder
from werkzeug.test import Client

Start = Callable[..., Findings]
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: { StageName: live, DefinitionUri: api.yaml }
"""
SPEC = """
openapi: 3.0.3
info: { title: Words, version: "1" }
paths:
  /words:
    get:
      responses: { "200": { description: A word } }
"""
INTEGRATION = """
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: { application/json: '{"statusCode": 200}' }
        responses: { default: { statusCode: "200" } }
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started = []

    def begun(*command: str) -> Findings:
        findings = Findings(tmp_path / "template.yaml", command or None)
        started.append(findings)
        findings.start()
        return findings

    yield begun
    for findings in started:
        findings.close()


def printing(*lines: Any) -> list[str]:
    """A command that writes these lines of JSON and goes on."""
    texts = [json.dumps(line) for line in lines]
    program = f"import time\nfor text in {texts}: print(text, flush=True)\ntime.sleep(60)"
    return [sys.executable, "-c", program]


def until(findings: Findings, state: str, number: int = 0) -> dict[str, Any]:
    """The news of that state that come after the one with this number."""
    for _ in range(600):
        latest, news = findings.latest()
        if latest > number and news["state"] == state:
            return news
        time.sleep(0.05)
    raise AssertionError(f"not {state}: {findings.latest()}")


def test_nothing_is_checked_before_somebody_looks(tmp_path: Path) -> None:
    assert Findings(tmp_path / "template.yaml").latest() == (0, {"state": "checking"})


def test_an_edit_is_checked_at_once_and_findings_go_when_they_are_fixed(
    tmp_path: Path, start: Start
) -> None:
    spec = tmp_path / "api.yaml"
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    spec.write_text(SPEC + INTEGRATION)
    findings = start()
    assert until(findings, "checked")["findings"] == []
    number, _ = findings.latest()

    spec.write_text(SPEC)
    [finding] = until(findings, "checked", number)["findings"]
    assert finding["rule"] == "integration-missing"
    assert (finding["file"], finding["line"]) == ("api.yaml", 6)
    number, _ = findings.latest()

    spec.write_text("paths: [")
    assert "api.yaml:2: not valid YAML" in until(findings, "failed", number)["error"]
    number, _ = findings.latest()

    spec.write_text(SPEC + INTEGRATION)
    assert until(findings, "checked", number)["findings"] == []


def test_while_it_checks_again_the_findings_from_before_stay(start: Start) -> None:
    before = {"state": "checked", "findings": [{"file": "a"}], "notes": []}
    findings = start(*printing(before, {"state": "checking"}))

    assert until(findings, "checking", 1)["findings"] == [{"file": "a"}]


def test_a_failure_of_drift_is_shown_and_the_next_page_tries_again(start: Start) -> None:
    findings = start(sys.executable, "-c", "print('this is a bug'); raise SystemExit(2)")

    assert until(findings, "failed")["error"] == "this is a bug"
    number, _ = findings.latest()
    findings.start()
    until(findings, "failed", number)


def test_a_process_that_says_nothing_is_a_failure_with_its_exit_code(start: Start) -> None:
    findings = start(sys.executable, "-c", "raise SystemExit(3)")

    assert until(findings, "failed")["error"] == "it ended with exit code 3"


def test_a_page_gets_so_many_findings_and_how_many_more_there_are(start: Start) -> None:
    many = [{"file": str(number)} for number in range(MOST + 3)]
    news = until(start(*printing({"state": "checked", "findings": many})), "checked")

    assert (len(news["findings"]), news["more"]) == (MOST, 3)


def test_an_exception_in_a_check_is_shown_and_the_watch_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(*arguments: Any) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(checks, "run", broken)
    parents = iter([1, 1, 2])
    monkeypatch.setattr("os.getppid", lambda: next(parents))
    assert command.main(["--watch", "--format", "json", "--root", str(tmp_path)]) == 0

    checking, failed = map(json.loads, capsys.readouterr().out.splitlines())
    assert checking == {"state": "checking"}
    assert failed["state"] == "failed"
    assert "This is a bug in samspec" in failed["error"]
    assert "RuntimeError: out of order" in failed["error"]


def test_a_page_is_told_of_findings_and_nothing_else_starts_a_check(
    altered: Callable[..., Path], made: Callable[..., Gateway], tmp_path: Path
) -> None:
    text = "<script>alert(1)</script>"
    command = printing({"state": "checked", "findings": [{"file": "a", "message": text}]})
    findings = Findings(tmp_path / "template.yaml", command)
    client = Client(Console(made(altered()), Recorder(), findings=findings))
    assert client.get("/_/").status_code == 200
    assert findings.latest()[0] == 0
    event = ""
    try:
        for part in client.get("/_/stream", buffered=False).response:
            event = part if isinstance(part, str) else part.decode()
            if "event: findings" in event and "checked" in event:
                break
    finally:
        findings.close()
    assert json.loads(event.partition("data: ")[2])["findings"][0]["message"] == text
