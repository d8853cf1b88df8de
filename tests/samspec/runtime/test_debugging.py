"""`breakpoint()` in a handler, with the terminal of `samspec start`."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Stop:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: ""
      CodeUri: code/
      Handler: app.handler
      Runtime: python3.11
      Timeout: 1
      Events: { Get: { Type: Api, Properties: { Path: /stop, Method: get } } }
""".replace('      InlineCode: ""\n', "")
SOURCE = """
def handler(event, context):
    secret = 41
    breakpoint()
    return {"statusCode": 200, "body": str(secret + 1)}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "code").mkdir()
    (tmp_path / "code/app.py").write_text(SOURCE)
    return tmp_path


def command(project: Path) -> list[str]:
    start = [sys.executable, "-P", "-m", "samspec", "start", "--port", "0"]
    return [*start, "--template", str(project / "template.yaml")]


class Session:
    """A developer at the terminal; `descriptor` is its end of it."""

    def __init__(self, reader: int, writer: int):
        self._reader = reader
        self._writer = writer
        self.text = ""

    def wait_for(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.text):
                self.text = self.text[match.end() :]
                return match
            if select.select([self._reader], [], [], 0.1)[0]:
                self.text += os.read(self._reader, 65536).decode()
        raise AssertionError(f"no {pattern!r} in:\n{self.text}")

    def type(self, line: str) -> None:
        os.write(self._writer, line.encode() + b"\n")


@pytest.fixture
def terminal(project: Path) -> Iterator[Session]:
    """A start whose controlling terminal it is, as in a window."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    process, descriptor = pty.fork()
    if process == 0:
        os.execve(sys.executable, command(project), environment)  # noqa: S606
    yield Session(descriptor, descriptor)
    os.kill(process, signal.SIGINT)
    with contextlib.suppress(OSError):
        while os.read(descriptor, 65536):
            pass
    os.waitpid(process, 0)
    os.close(descriptor)


@pytest.fixture
def pipes(project: Path) -> Iterator[Session]:
    """A start whose input and output are pipes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    process = subprocess.Popen(
        command(project), env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    yield Session(process.stdout.fileno(), process.stdin.fileno())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)


def get(url: str, path: str, responses: list[str]) -> threading.Thread:
    def run() -> None:
        with urllib.request.urlopen(url + path, timeout=30) as response:
            responses.append(response.read().decode())

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("session_fixture", ["terminal", "pipes"])
def test_a_breakpoint_stops_in_the_terminal_and_suspends_the_time_out(
    session_fixture: str, request: pytest.FixtureRequest
) -> None:
    session: Session = request.getfixturevalue(session_fixture)
    url = session.wait_for(r"Ready on (http://\S+)")[1]
    responses: list[str] = []
    request_thread = get(url, "/stop", responses)
    session.wait_for(r"\(Pdb\) ")
    time.sleep(1.5)  # longer than the function's time-out
    session.type("p secret")
    session.wait_for(r"41\s")
    session.wait_for(r"\(Pdb\) ")
    session.type("secret = 1")
    session.wait_for(r"\(Pdb\) ")
    session.type("continue")
    request_thread.join(20)
    assert responses == ["2"]
    session.wait_for(r"200\S* +GET .*/stop")


def test_ctrl_c_at_a_breakpoint_is_the_debuggers(terminal: Session) -> None:
    url = terminal.wait_for(r"Ready on (http://\S+)")[1]
    responses: list[str] = []
    thread = get(url, "/stop", responses)
    terminal.wait_for(r"\(Pdb\) ")
    terminal.type("while True: pass")
    time.sleep(0.3)
    os.write(terminal._writer, b"\x03")
    terminal.wait_for(r"KeyboardInterrupt")
    terminal.wait_for(r"\(Pdb\) ")
    terminal.type("continue")
    thread.join(20)
    assert responses == ["42"]
