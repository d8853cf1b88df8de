"""AWS's own client works against the Runtime API: so the interface is the real one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from samspec.runtime.api import RuntimeApi, Task
from samspec.runtime.invocation import Invocation
from samspec.runtime.logs import Frames, Line
from samspec.sam.functions import LambdaFunction
from samspec.serving.http import HttpServer

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

SOURCE = """
import logging
def handler(event, context):
    logging.getLogger().error("seen %s", event["number"], extra={"shelf": "north"})
    if event["number"] == 0:
        return 1 / 0
    return {"number": event["number"], "id": context.aws_request_id}
"""


@pytest.fixture(scope="module")
def awslambdaric(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with awslambdaric and nothing else."""
    folder = tmp_path_factory.mktemp("lambda")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin/python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    requirements = ROOT / ".ci/requirements-lambda.txt"
    subprocess.run([*install, "--no-deps", "--require-hashes", "-r", str(requirements)], check=True)
    return python


class Ric:
    def __init__(self, python: Path, function: LambdaFunction):
        self.function = function
        self.lines: list[Line] = []
        self.init_errors: list[Any] = []
        self.api = RuntimeApi(lambda: None, self.init_errors.append)
        server = HttpServer.on_loopback(self.api)
        self.server: HttpServer | None = server
        reader, writer = os.pipe()
        host, port = server.address
        environment = {
            "AWS_LAMBDA_RUNTIME_API": f"{host}:{port}",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "_LAMBDA_TELEMETRY_LOG_FD": str(writer),
            "PYTHONPATH": str(function.code),
        }
        self.process = subprocess.Popen(
            [python, "-m", "awslambdaric", function.handler],
            cwd=function.code,
            env=environment,
            pass_fds=[writer],
        )
        os.close(writer)
        self._reader = reader

    def call(self, event: Any) -> Task:
        task = Task(Invocation(self.function), json.dumps(event).encode())
        self.api.give(task)
        assert task.settled.wait(30)
        return task

    def close(self) -> None:
        if self.server is None:
            return
        self.process.kill()
        self.process.wait()
        frames = Frames(self.lines.append)
        while data := os.read(self._reader, 65536):
            frames.feed(data)
        os.close(self._reader)
        self.server.close()
        self.server = None


@pytest.fixture
def ric(awslambdaric: Path, function: Callable[..., LambdaFunction]) -> Iterator[Ric]:
    ric = Ric(awslambdaric, function(SOURCE))
    yield ric
    ric.close()


def test_it_serves_one_event_after_another(ric: Ric) -> None:
    for number in (1, 2):
        task = ric.call({"number": number})
        request_id = task.invocation.aws_request_id
        assert json.loads(task.result or b"") == {"number": number, "id": request_id}


def test_its_errors_and_its_log_frames_are_read(ric: Ric) -> None:
    task = ric.call({"number": 0})
    assert task.report
    assert task.report["errorType"] == "ZeroDivisionError"
    ric.close()
    assert [(line["level"], line["message"]) for line in ric.lines] == [
        ("ERROR", "seen 0"),
        ("ERROR", "ZeroDivisionError: division by zero"),
    ]
    assert ric.lines[0]["extra"] == {"shelf": "north"}
    assert "1 / 0" in ric.lines[1]["trace"]


def test_it_reports_what_it_cannot_import(
    awslambdaric: Path, function: Callable[..., LambdaFunction]
) -> None:
    ric = Ric(awslambdaric, function("import nowhere"))
    assert ric.process.wait(30) == 1
    ric.close()
    assert ric.init_errors[0]["errorType"] == "Runtime.ImportModuleError"
