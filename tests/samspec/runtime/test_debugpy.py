"""VS Code's debugger, by what the editor speaks: debugpy over the Debug Adapter Protocol.

The launch configuration starts `samspec start` under debugpy, which follows it into its worker
processes: each of them announces itself, and the editor opens a second session with it.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samspec.sam_local.processes import free_port

from tests.conftest import ROOT
from tests.samspec.runtime.test_debugging import SOURCE, TEMPLATE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def debugpy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("debugpy")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--no-deps", "--target", str(folder), "debugpy"], check=True)
    return folder


class Editor:
    """One session of the Debug Adapter Protocol."""

    def __init__(self, port: int):
        self._socket = _connected(port)
        self._file = self._socket.makefile("rb")
        self._sequence = 0
        self.events: list[dict[str, Any]] = []
        self._responses: dict[int, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, name: str, **arguments: Any) -> int:
        self._sequence += 1
        message = {"seq": self._sequence, "type": "request", "command": name}
        body = json.dumps({**message, "arguments": arguments}).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self._sequence

    def ask(self, name: str, **arguments: Any) -> Any:
        number = self.send(name, **arguments)
        with self._changed:
            assert self._changed.wait_for(lambda: number in self._responses, timeout=60)
        response = self._responses[number]
        assert response["success"], response
        return response.get("body")

    def wait_for(self, name: str) -> Any:
        def condition() -> Any:
            return next((event for event in self.events if event["event"] == name), None)

        with self._changed:
            assert self._changed.wait_for(condition, timeout=60), [e["event"] for e in self.events]
            event = condition()
            self.events.remove(event)
        return event.get("body")

    def start(self, attach: dict[str, Any], file: Path, line: int) -> None:
        """What an editor sends first, with one breakpoint."""
        self.ask("initialize", adapterID="debugpy", pathFormat="path", linesStartAt1=True)
        attached = self.send("attach", **attach)
        self.wait_for("initialized")
        self.ask("setBreakpoints", source={"path": str(file)}, breakpoints=[{"line": line}])
        self.ask("configurationDone")
        with self._changed:
            assert self._changed.wait_for(lambda: attached in self._responses, timeout=60)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the debugger may have ended the connection
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(10)
        self._socket.close()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the connection ends within a message
            self._read_all()

    def _read_all(self) -> None:
        while head := self._file.readline():
            length = int(head.split(b":")[1])
            self._file.readline()
            message = json.loads(self._file.read(length))
            with self._changed:
                if message["type"] == "event":
                    self.events.append(message)
                elif message["type"] == "response":
                    self._responses[message["request_seq"]] = message
                self._changed.notify_all()


def _connected(port: int) -> socket.socket:
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=120)
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "code").mkdir()
    (tmp_path / "code/app.py").write_text(SOURCE.replace("breakpoint()", "pass"))
    return tmp_path


@pytest.fixture
def start(debugpy: Path, project: Path) -> Iterator[tuple[int, int]]:
    """`samspec start` under debugpy: the ports of the debugger and of the API."""
    debugger, api = free_port(), free_port()
    environment = {**os.environ, "PYTHONPATH": f"{debugpy}:{ROOT / 'scripts'}"}
    listen = ["-m", "debugpy", "--listen", f"127.0.0.1:{debugger}", "--wait-for-client"]
    arguments = ["-m", "samspec", "start", "--port", str(api), "--template", "template.yaml"]
    process = subprocess.Popen([sys.executable, *listen, *arguments], cwd=project, env=environment)
    yield debugger, api
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_the_launch_configuration_is_the_one_that_is_tested() -> None:
    [launch] = json.loads((ROOT / ".vscode/launch.json").read_text())["configurations"]
    assert (launch["type"], launch["request"], launch["module"]) == (
        "debugpy",
        "launch",
        "samspec",
    )
    assert launch["args"][0] == "start"
    assert launch["subProcess"] is True


def test_a_breakpoint_in_a_handler_stops_and_no_time_out_ends_it(
    start: tuple[int, int], project: Path
) -> None:
    debugger, api = start
    file = project / "code/app.py"
    editor = Editor(debugger)
    editor.start({"subProcess": True, "justMyCode": False}, file, 5)
    child = editor.wait_for("debugpyAttach")
    worker = Editor(child["connect"]["port"])
    worker.start({key: value for key, value in child.items() if key != "name"}, file, 5)
    bodies: list[str] = []

    def get() -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{api}/stop", timeout=60) as response:
            bodies.append(response.read().decode())

    request = threading.Thread(target=get)
    request.start()
    stopped = worker.wait_for("stopped")
    assert stopped["reason"] == "breakpoint"
    time.sleep(1.5)  # longer than the function's time-out
    [frame, *_] = worker.ask("stackTrace", threadId=stopped["threadId"])["stackFrames"]
    value = worker.ask("evaluate", expression="secret", frameId=frame["id"], context="repl")
    assert value["result"] == "41"
    worker.ask("continue", threadId=stopped["threadId"])
    request.join(30)
    assert bodies == ["42"]
    worker.close()
    editor.close()
