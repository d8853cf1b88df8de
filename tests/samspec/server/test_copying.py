"""Copied commands are run: what arrives must be what was copied."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from samspec.gateway.events import Request
from samspec.server import copying

Arrived = tuple[str, str, dict[str, list[str]], bytes]
JSON = ("Content-Type", "application/json")


class Listener(BaseHTTPRequestHandler):
    arrived: list[Arrived] = []

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        self.arrived.append((self.command, self.path, headers, body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"ok")
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the tests' output is theirs."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def run(text: str, folder: Path, *command: str) -> None:
    """Run a script whose interpreter is `command`; what is installed with this Python is on its
    path.
    """
    script = folder / "script"
    script.write_text(text)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        [*command, str(script)], env=environment, capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


INTERPRETERS = {"curl": "bash", "python": sys.executable, "httpie": "bash"}

CASES: dict[str, Request] = {
    "a plain GET": Request("GET", "", [], [("Accept", "*/*")], b"", url="/users?limit=1"),
    "a GET with a body": Request("GET", "", [], [JSON], b'{"a": 1}', url="/users"),
    "a POST with quotes": Request(
        "POST", "", [], [JSON], b'{"name": "O\'Hara $HOME `x` !"}', url="/"
    ),
    "a POST without a body": Request("POST", "", [], [], b"", url="/users"),
    "a body that is not UTF-8": Request("PUT", "", [], [JSON], b"\xff\xfe\0", url="/users/1"),
    "a body with an escape sequence": Request("PUT", "", [], [JSON], b"\x1b]0;x\x07", url="/"),
    "a body beyond the command line": Request("POST", "", [], [JSON], b"x" * 300_000, url="/"),
    "a body that looks like a file": Request("POST", "", [], [JSON], b"@/etc/hostname", url="/"),
    "a body without media type": Request("POST", "", [], [], b"a=b\r\nc", url="/"),
    "unicode": Request("POST", "", [], [JSON], "Zoë \u202e \U0001f600".encode(), url="/"),
    "HEAD": Request("HEAD", "", [], [], b"", url="/users"),
    "brackets and dots": Request("GET", "", [], [], b"", url="/a/../b[1-3]{x,y}?q=[1]&r=%20'"),
    "an own method": Request("PURGE", "", [], [], b"", url="/cache"),
    "an empty header": Request("GET", "", [], [("X-Empty", ""), ("X-At", "@x")], b"", url="/"),
    "a repeated header": Request("GET", "", [], [("X-Twice", "a"), ("X-Twice", "b")], b"", url="/"),
    "a header in latin-1": Request("GET", "", [], [("X-Name", "Zoë;=")], b"", url="/"),
}  # fmt: skip


# HTTPie percent-encodes brackets whatever it is told, and sends headers as UTF-8 only.
BEYOND_HTTPIE = {"brackets and dots", "a header in latin-1"}
COPIES = [
    (form, case)
    for form in copying.FORMATS
    for case in CASES
    if form != "httpie" or case not in BEYOND_HTTPIE
]


@pytest.mark.parametrize(("form", "case"), COPIES)
def test_a_copied_request_is_the_same_request(
    form: str, case: str, origin: str, tmp_path: Path
) -> None:
    request = CASES[case]
    Listener.arrived.clear()
    run(copying.FORMATS[form](request, origin), tmp_path, INTERPRETERS[form])
    [(method, path, headers, body)] = Listener.arrived
    assert (method, path, body) == (request.method, request.url, request.body)
    sent: dict[str, list[str]] = {}
    for name, value in request.headers:
        sent.setdefault(name.lower(), []).append(value)
    for name in copying.TRANSPORT | {"accept-encoding"}:
        headers.pop(name, None)
    assert headers == sent


def test_a_head_request_with_a_body_is_sent_by_curl(origin: str, tmp_path: Path) -> None:
    Listener.arrived.clear()
    run(copying.as_curl(Request("HEAD", "", [], [JSON], b"{}", url="/"), origin), tmp_path, "bash")
    assert [(method, body) for method, _, _, body in Listener.arrived] == [("HEAD", b"{}")]


def test_no_control_character_is_pasted_into_a_terminal() -> None:
    hostile = Request("POST", "", [], [("X-A", "\x9b31m")], b"\x1b[2J\x7f", url="/\x1b[0m")
    copied = copying.as_curl(hostile, "http://127.0.0.1:3000")
    assert all(char.isprintable() or char == "\n" for char in copied)
