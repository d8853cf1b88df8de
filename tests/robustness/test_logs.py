"""What Lambda's own runtime writes, in its JSON format: one line a request, and nothing of a caller
in it.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pytest
from samspec.sam_local import processes

from tests.bench.builds import lambda_
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

SECRETS = (
    "confidential@example.com",
    "Confidential Name",
    "confidential-key",
    "confidential-cursor",
    "confidential-tag",
)
EMAIL, NAME, KEY, CURSOR, TAG = SECRETS
INJECTION = 'x\r\n{"level": "ERROR", "message": "injected"}\n\x1b[31m\u2028injected'
JSON = {"Content-Type": "application/json"}
Invoke = Callable[..., tuple[int, str]]


class Database(BaseHTTPRequestHandler):
    """A DynamoDB that takes everything, or repeats what it was sent in an error, or hangs up."""

    does = "take"

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.does == "hang up":
            return
        error = {
            "__type": "com.amazon.coral.validate#ValidationException",
            "message": f"Bad: {sent}",
        }
        body = json.dumps(error if self.does == "refuse" else {"Items": []}).encode()
        self.send_response(400 if self.does == "refuse" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Database) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def function(request: pytest.FixtureRequest, database: str, log: Path) -> Iterator[Invoke]:
    """The function that the test is parametrized with, in the emulator.

    Returns the status of the response and the gateway's request id.
    """
    port = processes.free_port()
    url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"

    def invoke(does: str = "take", **changes: Any) -> tuple[int, str]:
        Database.does = does
        event = json.loads((ROOT / f"events/{request.param}.json").read_bytes())
        event["requestContext"]["requestId"] = str(uuid.uuid4())
        event |= changes
        with urllib.request.urlopen(url, json.dumps(event).encode(), timeout=30) as response:
            return json.load(response)["statusCode"], event["requestContext"]["requestId"]

    with (
        log.open("wb") as file,
        _emulator(f"{request.param}.handler", port, database, file) as process,
    ):
        try:
            while not _listens(port):
                assert process.poll() is None
                time.sleep(0.02)
            yield invoke
        finally:
            process.terminate()


def _emulator(handler: str, port: int, database: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
    on = lambda_()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'handlers'}:{on.packages}",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "DEBUG",
        "LOG_LEVEL": "DEBUG",
        "USERS_TABLE": "UsersTable",
        "AWS_ENDPOINT_URL": database,
        **dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), "us-east-1"),
        **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "local"),
    }
    command = [str(on.emulator), "--log-level", "error"]
    command += ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    command += ["--runtime-api-address", f"127.0.0.1:{processes.free_port()}"]
    command += [sys.executable, "-m", "awslambdaric", handler]
    return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def lines(log: Path, many: int) -> list[dict[str, Any]]:
    """The runtime's lines, once there are so many; the emulator's own START, END and REPORT are no
    JSON. At DEBUG, HTTP has lines as well.
    """
    for _ in range(600):  # a response may arrive before its line does
        complete = []
        for line in log.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                complete.append(line)
        written = [json.loads(line) for line in complete if line.startswith("{")]
        written = [line for line in written if not line["logger"].startswith("urllib3")]
        if len(written) >= many:
            break
        time.sleep(0.05)
    return written


def body(**fields: Any) -> str:
    return json.dumps({"email": EMAIL, "name": NAME, **fields})


@pytest.mark.parametrize("function", ["create_user"], indirect=True)
def test_each_request_leaves_one_line_without_the_caller_in_it(function: Invoke, log: Path) -> None:
    headers = {**JSON, "Idempotency-Key": KEY, "User-Agent": INJECTION}
    multi = {name: [value] for name, value in headers.items()}
    responses = [
        function(body=body(), multiValueHeaders=multi),
        function(body=body(name=""), multiValueHeaders=multi),
        function(body=body(**{NAME: EMAIL}), multiValueHeaders=multi),
        function(body=body()[:-1], multiValueHeaders=multi),
        function(body=body(email=INJECTION, name=INJECTION), multiValueHeaders=multi),
        function(body=body(), multiValueHeaders={**multi, "Content-Type": [f"text/{NAME}"]}),
        function(body=body(), multiValueHeaders=multi, isBase64Encoded=True),
        function("refuse", body=body(), multiValueHeaders=multi),
        function("hang up", body=body(), multiValueHeaders=multi),
        function(body=[EMAIL], multiValueHeaders=multi),
        function(body=body(), multiValueHeaders=EMAIL),
    ]

    assert [status for status, _ in responses] == [
        201,
        400,
        400,
        400,
        400,
        415,
        400,
        500,
        503,
        500,
        500,
    ]
    written = lines(log, len(responses))
    assert [(line["status"], line["gateway_request_id"]) for line in written] == responses
    assert {line["level"] for line in written if line["status"] >= 500} == {"ERROR"}
    assert {line["operation"] for line in written} == {"createUser"}
    assert all(
        line["timestamp"] and line["requestId"] and line["duration_ms"] > 0 for line in written
    )
    assert_nothing_of_the_caller(log)


@pytest.mark.parametrize(
    "function", ["list_users", "get_user", "update_user", "delete_user"], indirect=True
)
def test_paths_queries_and_conditions_are_not_logged(function: Invoke, log: Path) -> None:
    multi = {
        **{name: [value] for name, value in JSON.items()},
        "If-Match": [f'"{TAG}"'],
        "If-None-Match": [f'"{TAG}"'],
    }
    query = {"cursor": CURSOR, "email": EMAIL, "limit": INJECTION}
    responses = [
        function(
            queryStringParameters=query,
            multiValueQueryStringParameters={name: [value] for name, value in query.items()},
            pathParameters={"id": INJECTION},
            multiValueHeaders=multi,
            body=body(),
        ),
        function(
            "refuse", queryStringParameters={"email": EMAIL}, multiValueHeaders=multi, body=body()
        ),
        function(
            "hang up", queryStringParameters={"email": EMAIL}, multiValueHeaders=multi, body=body()
        ),
    ]

    assert [status for status, _ in responses] == [400, 500, 503]
    assert [
        (line["status"], line["gateway_request_id"]) for line in lines(log, len(responses))
    ] == responses
    assert_nothing_of_the_caller(log)


def assert_nothing_of_the_caller(log: Path) -> None:
    text = log.read_text()
    assert not [secret for secret in (*SECRETS, "injected", "\x1b") if secret in text]
