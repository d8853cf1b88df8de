"""`scripts/start` as a process of its own."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from samspec.cli import main

from tests.conftest import ROOT
from tests.samspec.gateway.conftest import LIBRARY

Start = Callable[..., "Server"]


class Server:
    """`headers` come with each request that is sent as JSON."""

    def __init__(
        self, *arguments: str, folder: Path = ROOT, headers: Mapping[str, str] | None = None
    ) -> None:
        self.headers = {"Content-Type": "application/json", **(headers or {})}
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "samspec", "start", "--port", "0", *arguments],
            cwd=folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self.wait_for(r"Ready on (http://\S+)")[1]

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def wait_for(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if match := re.search(pattern, "".join(self.lines)):
                return match
            assert self.process.poll() is None, "".join(self.lines)
            time.sleep(0.01)
        raise AssertionError(f"no {pattern!r} in:\n{''.join(self.lines)}")

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, self.headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def status(self, method: str, path: str) -> int:
        """Of a response whose body may be anything."""
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        status = self.process.wait(30)
        self._reader.join(10)
        assert self.process.stdout
        self.process.stdout.close()
        return status


@pytest.fixture(scope="module")
def users(administrator: dict[str, str]) -> Iterator[Server]:
    server = Server("--seed", "3", headers=administrator)
    yield server
    server.stop()


def test_it_prints_the_routes_the_url_and_a_line_a_request(users: Server) -> None:
    users.wait_for(r"POST +/users +CreateUserFunction")
    users.wait_for(r"tables +UsersTable")
    users.send("GET", "/nowhere")
    users.wait_for(r"404 GET +/nowhere +[\d.]+ ms +Missing Authentication Token")


def test_it_serves_the_api_over_http(users: Server) -> None:
    status, user = users.send("POST", "/users", {"email": "ada@example.com", "name": "Ada"})
    assert status == 201
    assert users.send("GET", f"/users/{user['id']}") == (200, user)
    users.wait_for(r"201 POST +/users")


def test_seeds_are_there_from_the_start(users: Server) -> None:
    users.wait_for(r"3 created by POST /users")
    assert {"ada.allen@example.com", "alan.allen@example.com"} <= {
        user["email"] for user in users.send("GET", "/users")[1]["users"]
    }


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ["--template", str(LIBRARY), "--parameter-overrides", "Stage=tight", "--no-throttle"]
    server = Server(*options, folder=tmp_path_factory.mktemp("elsewhere"))
    yield server
    server.stop()


def test_no_throttle_lets_pass_what_method_settings_would_not(library: Server) -> None:
    assert {library.send("GET", "/books")[0] for _ in range(4)} == {200}


def test_slow_handlers_do_not_block_others(library: Server, tmp_path: Path) -> None:
    naps: list[int] = []
    nap = f"/covers/nap?until={tmp_path / 'alarm'}"
    napping = threading.Thread(target=lambda: naps.append(library.status("GET", nap)))
    napping.start()
    assert library.status("GET", "/covers/print") == 200
    (tmp_path / "alarm").touch()
    napping.join()
    assert naps == [200]


def test_a_connection_carries_one_request_after_another(library: Server) -> None:
    connection = http.client.HTTPConnection(library.url.removeprefix("http://"), timeout=30)
    sockets = set()
    for method, path, body in [
        ("POST", "/covers/echo", "first"),
        ("GET", "/covers/crash", None),
        ("GET", "/_/requests", None),
        ("HEAD", "/covers/echo", None),
        ("POST", "/covers/echo", "last"),
    ]:
        connection.request(method, path, body, {"Content-Type": "text/plain"})
        response = connection.getresponse().read()
        sockets.add(connection.sock)
    connection.close()
    assert json.loads(response)["body"] == "last"
    assert len(sockets) == 1


@pytest.mark.parametrize("length", ["3\r\nContent-Length: 30", "3, 3", "-1", "x", "9999999999"])
def test_what_follows_a_body_of_no_plain_length_is_not_read_as_a_request(
    library: Server, length: str
) -> None:
    host, _, port = library.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"POST /covers/echo HTTP/1.1\r\nContent-Length: {length}\r\n\n".encode())
        connection.sendall(b"abcGET /books HTTP/1.1\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        response = b"".join(iter(lambda: connection.recv(65536), b""))
    assert response.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in response


def test_headers_keep_their_case_and_chunked_bodies_are_read(library: Server) -> None:
    host, _, port = library.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /covers/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            b"x-lower: 1\r\nX-Twice: a\r\nX-Twice: b\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        )
        response = b"".join(iter(lambda: connection.recv(65536), b""))
    event = json.loads(response.partition(b"\r\n\r\n")[2])
    assert event["body"] == "abc"
    assert event["headers"]["x-lower"] == "1"
    assert event["multiValueHeaders"]["X-Twice"] == ["a", "b"]


def test_what_is_not_http_gets_a_json_error(users: Server) -> None:
    host, _, port = users.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n")
        response = b"".join(iter(lambda: connection.recv(65536), b""))
    assert response.startswith(b"HTTP/1.1 431")
    assert b"Content-Type: application/json" in response


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_it_cleanly(tmp_path: Path, number: int) -> None:
    server = Server("--template", str(LIBRARY), "--no-throttle", folder=tmp_path)
    server.send("GET", "/covers/echo")
    assert server.stop(number) == 0
    assert server.lines[-1] == "Stopped.\n"
    assert "Traceback" not in "".join(server.lines)


def test_a_signal_that_does_not_interrupt_accept_ends_it_too(tmp_path: Path) -> None:
    server = Server("--template", str(LIBRARY), "--no-throttle", folder=tmp_path)
    server.send("GET", "/covers/echo")
    main = server.process.pid
    threads = {int(thread.name) for thread in Path(f"/proc/{main}/task").iterdir()}

    os.kill(min(threads - {main}), signal.SIGTERM)  # Linux lets the thread with this number take it

    assert server.process.wait(30) == 0
    server.stop()


def test_quiet_prints_what_is_not_as_on_aws_and_the_ready_line_only(tmp_path: Path) -> None:
    server = Server("--template", str(LIBRARY), "--quiet", folder=tmp_path)
    server.send("GET", "/covers/echo")
    server.stop()
    others = []
    for line in server.lines[:-1]:
        if "not emulated" not in line and "is not installed: it runs on" not in line:
            others.append(line)
    assert others == []
    assert server.lines[-1].startswith("Ready on ")


def test_a_function_that_cannot_start_is_named_and_the_others_run(
    altered: Callable[..., Path],
) -> None:
    template = altered()
    (template.parent / "src/covers.py").write_text("import nowhere")
    server = Server("--template", str(template), "--no-throttle")
    server.wait_for(r"CoversFunction cannot start: \S+src/covers.py:1: .*No module named 'nowhere'")
    assert server.status("GET", "/covers/echo") == 502
    assert server.status("GET", "/books") == 200
    server.stop()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def _command(*arguments: str) -> tuple[int, str]:
    """Status and standard error of a start in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "samspec", "start", "--port", "0", *arguments],
        cwd=ROOT, env=environment, text=True, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a start which cannot be gives, with its status not 0."""
    try:
        status = main(["start", *arguments])
    except SystemExit as ended:
        status = int(ended.code or 0)
    error = capsys.readouterr().err
    assert status != 0
    assert "Traceback" not in error
    return error.strip().splitlines()[-1]


def test_a_port_in_use_is_one_clear_line(capsys: pytest.CaptureFixture[str], taken: int) -> None:
    message = refused(capsys, "--port", str(taken))
    assert (
        message
        == f"samspec start: cannot listen on 127.0.0.1:{taken}: Address already in use: choose "
        "another with --port or --host"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--template", "none.yaml"), "none.yaml: No such file or directory"),
        (("--dynamodb", "moto5"), "'moto5' is neither moto nor a URL"),
        (("--parameter-overrides", "Environment"), "is not of the form KEY=VALUE"),
        (("--parameter-overrides", "Environment=test"), "is not one of dev, prod"),
        (("--port", "70000"), "cannot listen on 127.0.0.1:70000"),
        (("--port", "http"), "'http' is not a number such as 3000"),
        (("--seed", "many"), "'many' is not a number"),
        (("--nope",), "unrecognized arguments: --nope"),
    ],
)
def test_a_start_that_cannot_be_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(capsys, "--port", "0", *arguments)


@pytest.mark.parametrize(
    ("covers", "arguments", "message"),
    [
        ("def lambda_handler(): pass", ("--seed", "1"), "--seed: POST /books responded with 400"),
        (
            "",
            ("--dynamodb", "http://127.0.0.1:9"),
            "start DynamoDB there, or leave --dynamodb out to use moto",
        ),
    ],
)
def test_what_fails_later_is_one_clear_line_as_well(
    altered: Callable[..., Path], covers: str, arguments: tuple[str, ...], message: str
) -> None:
    template = altered()
    (template.parent / "src/covers.py").write_text(covers)
    status, error = _command("--template", str(template), *arguments)
    assert (status, error.count("\n")) == (2, 1)
    assert error.startswith("samspec start: ")
    assert message in error
