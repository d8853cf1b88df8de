"""Log lines, as Lambda writes them and as the terminal and the console have them."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from samspec.runtime.logs import Frames, Line, Output, parsed
from samspec.sam.functions import LambdaFunction

from tests.samspec.runtime.conftest import Workers

Make = Callable[..., LambdaFunction]
SOURCE = """
import logging, sys
print("at the start")
log = logging.getLogger("shelf")
def handler(event, context):
    log.debug("looked")
    log.info("found %s", 3, extra={"colour": "red"})
    log.warning("two\\nlines")
    print("printed")
    print("to stderr", file=sys.stderr)
    sys.stdout.write("without an end")
    try:
        raise ValueError("inner")
    except ValueError:
        log.exception("it went wrong")
    return 1
"""


def last_lines(workers: Workers) -> list[Line]:
    assert workers.last
    return sorted(workers.last.lines, key=lambda line: line["level"] == "PRINT")


def test_text_logs_are_lambdas(workers: Workers, function: Make) -> None:
    workers.call(function(SOURCE))
    warning, error, *prints = last_lines(workers)
    assert workers.last
    request_id = workers.last.aws_request_id
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(rf"\[WARNING\]\t{stamp}\t{request_id}\ttwo\nlines", warning["text"])
    assert (warning["level"], warning["message"]) == ("WARNING", "two\nlines")
    assert (error["level"], error["message"]) == ("ERROR", "it went wrong")
    assert error["trace"].startswith("Traceback (most recent call last):\n  File ")
    assert error["trace"].endswith("ValueError: inner")
    messages = ["at the start", "printed", "to stderr", "without an end"]
    assert [line["message"] for line in prints] == messages


def test_json_logs_are_lambdas(workers: Workers, function: Make) -> None:
    logging = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO"}
    workers.call(function(SOURCE, logging=logging))
    info, warning, error, *_ = last_lines(workers)
    assert workers.last
    assert json.loads(info["text"]) == {
        "timestamp": json.loads(info["text"])["timestamp"],
        "level": "INFO",
        "message": "found 3",
        "logger": "shelf",
        "requestId": workers.last.aws_request_id,
        "colour": "red",
    }
    assert (info["message"], info["extra"]) == ("found 3", {"colour": "red"})
    assert warning["message"] == "two\nlines"
    record = json.loads(error["text"])
    assert (record["errorType"], record["errorMessage"]) == ("ValueError", "inner")
    assert 'raise ValueError("inner")' in "".join(record["stackTrace"])
    assert error["trace"].endswith("ValueError: inner")


@pytest.mark.parametrize(
    ("logging", "messages"),
    [
        ({"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"}, 4),
        ({"LogFormat": "JSON"}, 3),
        ({"LogFormat": "JSON", "ApplicationLogLevel": "ERROR"}, 1),
        ({"LogFormat": "Text"}, 2),
        ({}, 2),
    ],
)
def test_the_level_is_the_templates(
    workers: Workers, function: Make, logging: dict[str, str], messages: int
) -> None:
    workers.call(function(SOURCE, logging=logging))
    logged = [line for line in last_lines(workers) if line["level"] != "PRINT"]
    assert len(logged) == messages


@pytest.mark.parametrize("log_format", ["JSON", "Text"])
def test_an_error_that_the_handler_lets_through_has_its_whole_traceback(
    workers: Workers, function: Make, log_format: str
) -> None:
    source = """
def inner():
    return {}["missing"]
def handler(event, context):
    return inner()
"""
    failed = workers.fail(function(source, logging={"LogFormat": log_format}))
    [line] = last_lines(workers)
    assert (line["level"], line["message"]) == ("ERROR", "KeyError: 'missing'")
    assert 'return {}["missing"]' in line["trace"]
    assert "in handler" in line["trace"]
    assert line["trace"].endswith("KeyError: 'missing'")
    assert "bootstrap.py" not in line["trace"]
    assert (failed.failure.line, failed.failure.source) == (3, 'return {}["missing"]')


def test_lines_reach_the_terminal_while_the_function_runs(workers: Workers, function: Make) -> None:
    seen: list[Any] = []
    workers.processes.on_line = lambda made, line: seen.append((made.name, line["message"]))
    source = "import time\ndef handler(event, context): print('now'); time.sleep(0.5); return 1"
    with pytest.raises(Exception, match=r"0\.3 s"):
        workers.call(function(source), limit=0.3)
    assert seen == [("Function", "now")] or workers.call(function(source)) == 1
    assert seen[0] == ("Function", "now")


def test_frames_and_lines_that_come_in_pieces_are_put_together() -> None:
    lines: list[Line] = []
    frame = (0xA55A0017).to_bytes(4, "big") + (5).to_bytes(4, "big") + bytes(8) + b"broke"
    frames = Frames(lines.append)
    for byte in frame * 2:
        frames.feed(bytes([byte]))
    output = Output(lines.append)
    for piece in (b"one\ntw", b"o\n\n", b"three", b""):
        output.feed(piece)
    assert [(line["level"], line["message"]) for line in lines] == [
        ("ERROR", "broke"),
        ("ERROR", "broke"),
        ("PRINT", "one"),
        ("PRINT", "two"),
        ("PRINT", "three"),
    ]


def test_a_line_without_an_end_is_bounded() -> None:
    lines: list[Line] = []
    output = Output(lines.append)
    for _ in range(100):
        output.feed(b"x" * 10_000)
    assert lines
    assert max(len(line["message"]) for line in lines) < 100_000


@pytest.mark.parametrize("text", ["", "null", "[1]", "[ERROR]\t", "\u0000", "{"])
def test_any_text_makes_a_line(text: str) -> None:
    line = parsed(text, "INFO")
    assert {"level", "message", "extra", "text"} <= set(line)
