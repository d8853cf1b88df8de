"""What the console and the terminal know of an invocation."""

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samspec.aws import tables
from samspec.gateway import Gateway
from samspec.gateway.application import Exchange
from samspec.server.console import described
from samspec.server.terminal import Terminal
from werkzeug.test import Client

from tests.samspec.gateway.conftest import LIBRARY


@pytest.fixture
def shown() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def recorded(
    made: Callable[..., Gateway], dynamodb_client: Any, shown: list[dict[str, Any]]
) -> tuple[Client, list[Exchange]]:
    """The library as the development server runs it, and its exchanges."""
    gateway = made(LIBRARY)
    tables.create(gateway.project.template, dynamodb_client)
    processes: Any = gateway.runner
    processes.on_line = lambda function, line: shown.append(line)
    exchanges: list[Exchange] = []
    gateway.on_exchange = exchanges.append
    return Client(gateway), exchanges


def test_log_lines_belong_to_their_invocation(recorded: Any, shown: list[dict[str, Any]]) -> None:
    client, answers = recorded
    client.get("/covers/log")
    lines = answers[0].invocation.lines
    assert [(line["level"], line["message"]) for line in lines] == [
        ("INFO", "a cover was asked for"),
        ("DEBUG", "its frame is gilded"),
        ("ERROR", "it went wrong"),
    ]
    assert lines[0]["extra"] == {"shelf": "north"}
    assert lines[2]["trace"].endswith("ValueError: no such cover")
    assert shown == lines


def test_dynamodb_calls_have_their_capacity_and_time(recorded: Any) -> None:
    client, answers = recorded
    client.get("/books/9780131103627")
    [call] = answers[0].invocation.calls
    assert (call["name"], call["units"], call["error"]) == ("GetItem", 0.5, "")
    assert call["ms"] > 0


def test_a_failed_dynamodb_call_names_its_error(recorded: Any, dynamodb_client: Any) -> None:
    client, answers = recorded
    dynamodb_client.delete_table(TableName="Books")
    assert client.get("/books/9780131103627").status_code == 502
    assert answers[0].invocation.calls[0]["error"] == "ResourceNotFoundException"


def terminal(capsys: pytest.CaptureFixture[str], answer: Any = None, **options: bool) -> str:
    made = Terminal(argparse.Namespace(**{"quiet": False, "verbose": False, **options}))
    made.answered(
        answer,
        '{"id":"$context.requestId","status":$context.status,"user":"$context.identity.user"}',
    )
    for line in answer.invocation.lines if answer.invocation else ():
        made.line(line)
    return capsys.readouterr().out


def test_the_terminal_gives_a_line_a_request_with_the_reason_of_an_error(
    recorded: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    client, answers = recorded
    client.post("/books?dry=1", json={}, headers={"X-Reader": "me"})
    said = terminal(capsys, answers[0])
    assert "400 POST    /books" in said
    assert 'object has missing required properties (["isbn"' in said
    assert said.count("\n") == 1


def test_the_verbose_terminal_adds_calls_access_log_and_traces(
    recorded: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    client, answers = recorded
    response = client.get("/books/9780131103627")
    said = terminal(capsys, answers[0], verbose=True)
    assert "DynamoDB GetItem" in said
    assert f'{{"id":"{response.headers["x-amzn-RequestId"]}","status":404,"user":"-"}}' in said
    client.get("/covers/log")
    assert "Traceback" in terminal(capsys, answers[1], verbose=True)
    assert "ValueError: no such cover" in terminal(capsys, answers[1])


def test_the_quiet_terminal_shows_errors_only(
    recorded: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    client, answers = recorded
    client.get("/books")
    client.get("/covers/crash")
    assert terminal(capsys, answers[0], quiet=True) == ""
    assert "ZeroDivisionError" in terminal(capsys, answers[1], quiet=True)


def test_a_response_that_the_spec_does_not_document_is_told(
    altered: Callable[..., Path], made: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = made(altered(('"200": { description: Books }', '"418": { description: Tea }')))
    exchanges: list[Exchange] = []
    gateway.on_exchange = exchanges.append
    Client(gateway).get("/books")

    assert exchanges[0].mismatches == ["status 200 is not documented"]
    for quiet in (True, False):
        assert "not as the spec says: status 200 is not documented" in terminal(
            capsys, exchanges[0], quiet=quiet
        )
    assert described(exchanges[0])["mismatches"] == exchanges[0].mismatches


def test_colours_are_for_terminals_only(recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, answers = recorded
    client.get("/books")
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(out, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    Terminal(argparse.Namespace(quiet=False, verbose=False)).answered(answers[0], None)
    assert "\x1b[32m200\x1b[0m" in out.getvalue()


def test_prints_are_log_lines(recorded: Any, shown: list[dict[str, Any]]) -> None:
    client, exchanges = recorded
    client.get("/covers/print")
    [line] = exchanges[0].invocation.lines
    assert (line["level"], line["message"]) == ("PRINT", "printed")
    assert shown == [line]
