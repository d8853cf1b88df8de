"""What the terminal prints."""

import io
import json
import logging
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from samspec.gateway import Gateway
from samspec.gateway.application import Exchange
from samspec.gateway.events import Request
from samspec.gateway.responses import Response
from samspec.server import terminal as module
from samspec.server.terminal import Terminal, TerminalOptions

ACCESS_LOG = '{"id":"$context.requestId","status":$context.status,"user":"$context.identity.user"}'
INFO = {"level": "INFO", "message": "hello", "extra": {"shelf": "north"}}


def exchange(
    status: int = 200, url: str = "/books", method: str = "GET", why: str = ""
) -> Exchange:
    made = Exchange(Request(method, url, [], [], b"", url=url), Response(status, why=why))
    made.milliseconds = 4.25
    return made


class Screen(io.StringIO):
    """Standard output that is a terminal of 60 columns."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return made


@pytest.fixture
def plain() -> io.StringIO:
    return io.StringIO()


def uncoloured(text: str) -> list[str]:
    return re.sub(r"\x1b\[\d+m", "", text).splitlines()


def test_a_request_is_one_line_with_its_reason(plain: io.StringIO) -> None:
    Terminal(TerminalOptions(), plain).responded(exchange(400, method="POST", why="no title"), None)
    assert re.fullmatch(r"\d\d:\d\d:\d\d  400 POST    /books  4.2 ms  no title\n", plain.getvalue())


def test_columns_fit_the_width_of_the_terminal(screen: Screen) -> None:
    terminal = Terminal(TerminalOptions(), screen)
    terminal.responded(exchange(), None)
    terminal.responded(exchange(404, url="/" + "x" * 200, why="y" * 120), None)
    lines = uncoloured(screen.getvalue())
    assert {len(line) for line in lines[:2]} == {60}
    assert lines[0].endswith("   4.2 ms")
    assert lines[1].endswith("…     4.2 ms")
    assert "".join(line.strip() for line in lines[2:]) == "y" * 120
    assert max(map(len, lines)) == 60


def test_colours_are_for_terminals_only(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    Terminal(TerminalOptions(), screen).responded(exchange(), None)
    assert "\x1b[32m200\x1b[0m" in screen.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    screen.truncate(0)
    Terminal(TerminalOptions(), screen).responded(exchange(), None)
    assert "\x1b[32m" not in screen.getvalue()


HOSTILE = "\x1b]0;OWNED\x07\n00:00:00  200 GET /forged\x9b31m\u202e"


@pytest.mark.parametrize("options", [TerminalOptions(), TerminalOptions(verbose=True)])
def test_nothing_of_a_caller_reaches_the_terminal_raw(
    screen: Screen, options: TerminalOptions
) -> None:
    terminal = Terminal(options, screen)
    terminal.responded(exchange(400, HOSTILE, HOSTILE, HOSTILE), None)
    trace = f"Traceback\nValueError: {HOSTILE}"
    terminal.line({"level": "ERROR", "message": HOSTILE, "extra": {"a": HOSTILE}, "trace": trace})
    terminal.say(HOSTILE)
    own = re.sub(r"\x1b\[(0|2|31|33)m", "", screen.getvalue())
    assert all(char.isprintable() or char == "\n" for char in own)
    forged = [line for line in own.splitlines() if line.startswith("00:00:00  200 GET /forged")]
    assert forged == []


def test_long_lines_are_capped(plain: io.StringIO) -> None:
    Terminal(TerminalOptions(), plain).line({**INFO, "message": "x" * 1_000_000})
    assert len(plain.getvalue()) < 3_000


def test_an_error_that_ended_an_invocation_has_its_traceback_and_is_printed_once(
    plain: io.StringIO,
) -> None:
    trace = "Traceback (most recent call last):\n  File ...\nKeyError: 'a'"
    Terminal(TerminalOptions(), plain).line({**INFO, "message": "KeyError: 'a'", "trace": trace})
    assert plain.getvalue().count("KeyError") == 1
    assert "  File ..." in plain.getvalue()


def test_a_traceback_is_its_last_line_or_with_verbose_all_of_it(plain: io.StringIO) -> None:
    entry = {**INFO, "trace": "Traceback (most recent call last):\n  File ...\nValueError: no"}
    Terminal(TerminalOptions(), plain).line(entry)
    assert "ValueError: no" in plain.getvalue()
    assert "Traceback" not in plain.getvalue()
    Terminal(TerminalOptions(verbose=True), plain).line(entry)
    assert "Traceback" in plain.getvalue()


def test_quiet_prints_errors_only(plain: io.StringIO) -> None:
    terminal = Terminal(TerminalOptions(quiet=True), plain)
    terminal.responded(exchange(404), None)
    terminal.line(INFO)
    terminal.say("Stopped.")
    assert plain.getvalue() == ""
    terminal.responded(exchange(502, why="ZeroDivisionError"), None)
    assert "ZeroDivisionError" in plain.getvalue()


@pytest.mark.parametrize("options", [TerminalOptions(), TerminalOptions(quiet=True)])
def test_a_response_that_breaks_the_spec_is_told(
    plain: io.StringIO, options: TerminalOptions
) -> None:
    made = exchange()
    made.mismatches = ["status 200 is not documented"]
    Terminal(options, plain).responded(made, None)
    assert "breaks the spec: status 200 is not documented" in plain.getvalue()


def test_verbose_adds_aws_calls_and_the_access_log(library: Gateway, plain: io.StringIO) -> None:
    made = library.handle(Request("GET", "/covers/echo", [], [], b"", url="/covers/echo"))
    assert made.invocation
    call = {"name": "GetItem", "ms": 1.5, "units": 0.5, "error": ""}
    made.invocation.calls.append(call)
    Terminal(TerminalOptions(verbose=True), plain).responded(made, ACCESS_LOG)
    assert "DynamoDB GetItem 1.5 ms 0.5 units" in plain.getvalue()
    assert f'{{"id":"{made.request.id}","status":200,"user":"-"}}' in plain.getvalue()


def test_json_is_an_object_per_line(plain: io.StringIO) -> None:
    terminal = Terminal(TerminalOptions(as_json=True), plain)
    terminal.responded(exchange(404, HOSTILE, why="no such path"), None)
    terminal.line(INFO)
    terminal.say("Stopped.")
    events = [json.loads(line) for line in plain.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["request", "log", "message"]
    assert events[0]["status"] == 404
    assert events[0]["url"] == HOSTILE
    assert events[0]["reason"] == "no such path"
    assert plain.getvalue().isascii()


@pytest.fixture
def gateway_log() -> Iterator[logging.Logger]:
    logger = logging.getLogger("gateway")
    before = logger.handlers[:], logger.level, logger.propagate
    yield logger
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def test_what_the_gateway_logs_is_printed_safely(
    plain: io.StringIO, gateway_log: logging.Logger
) -> None:
    Terminal(TerminalOptions(), plain).take_log()
    gateway_log.info("reloaded %s", "a\x1b[2Jb")
    assert r"reloaded a\x1b[2Jb" in plain.getvalue()


class Broken(io.StringIO):
    def __init__(self, error: Exception):
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


@pytest.mark.parametrize(
    "error", [BrokenPipeError(), OSError(28, "No space left on device"), ValueError("closed file")]
)
def test_output_that_cannot_be_written_is_not_an_error(
    error: Exception,
) -> None:
    Terminal(TerminalOptions(), Broken(error)).responded(exchange(), None)


def test_an_ascii_terminal_gets_escapes() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    Terminal(TerminalOptions(), out).say("Zoë")
    assert raw.getvalue() == b"Zo\\xeb" + os.linesep.encode()


@pytest.mark.parametrize(("ms", "text"), [(0.04, "0.0 ms"), (999.94, "999.9 ms"), (1500, "1.50 s")])
def test_durations_are_readable(ms: float, text: str) -> None:
    assert module.milliseconds(ms) == text


def test_the_error_behind_a_500_is_shown_with_its_place(screen: Screen, library: Gateway) -> None:
    made = exchange(500)
    handled = library.handle(Request("GET", "/covers/echo", [], [], b"", url="/covers/echo"))
    made.invocation = handled.invocation
    assert made.invocation
    place = f"{made.invocation.function.code}/covers.py"
    trace = f"Traceback (most recent call last):\n  File \"{place}\", line 7, in f\nKeyError: 'a'\n"
    entry: dict[str, Any] = {"level": "ERROR", "message": "failed", "extra": {}, "trace": trace}
    made.invocation.lines.append(entry)
    Terminal(TerminalOptions(), screen).responded(made, None)
    assert uncoloured(screen.getvalue())[-1].strip() == f"{place}:7: KeyError: 'a'"
