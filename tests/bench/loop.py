"""The local loop: how soon `scripts/start` responds, and how long its requests take next to `sam
local`'s.
"""

import http.client
import json
import os
import subprocess
import time
import uuid
from collections import defaultdict
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from samspec.aws import tables
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template
from samspec.sam_local import api, dynamodb, processes

from tests.bench import builds
from tests.bench.starts import progress, spread

STARTS = 5
PAGE = 20  # users that are there all the while: a page
Times = dict[str, list[float]]


def measure() -> dict[str, Any]:
    """Seconds from the command to the first response, and milliseconds of each operation."""
    ready: list[float] = []
    times: Times = defaultdict(list)
    for number in range(1, STARTS + 1):
        progress(f"scripts/start, run {number} of {STARTS}")
        port = processes.free_port()
        command = [
            str(builds.ROOT / "scripts/start"),
            "--port",
            str(port),
            "--quiet",
            "--no-throttle",
        ]
        took, milliseconds = _timed(
            processes.running(command, port, stdout=subprocess.DEVNULL), port, 60
        )
        ready.append(took)
        for name, sample in milliseconds.items():
            times[name] += sample
    progress("")
    return {"scripts/start": _figures(ready, times)}


def require_sam_local() -> None:
    """To be known before minutes of measuring, not after."""
    processes.require("docker", "the comparison with sam local needs it; leave --sam-local out")
    processes.run(
        ["docker", "info"], "Docker does not respond: start its daemon, or leave --sam-local out"
    )
    os.environ["PATH"] = f"{builds.sam()}{os.pathsep}{os.environ['PATH']}"


def measure_sam_local(template: Template, jar: Path | None) -> dict[str, Any]:
    """The same of `sam local start-api`, its containers warm, and one for each request."""
    with dynamodb.endpoint(None, jar) as endpoint:
        tables.connect(template, endpoint)
        built = api.build(template.path)
        figures = {}
        for name, warm, rounds in (
            ("sam local, warm containers", True, 20),
            ("sam local", False, 4),
        ):
            port = processes.free_port()
            took, times = _timed(api.running(built, endpoint, port, warm), port, rounds)
            figures[name] = _figures([took] * 2, times)
    return figures


def _figures(ready: list[float], times: Times) -> dict[str, Any]:
    times = {"request": [ms for sample in times.values() for ms in sample], **times}
    return {
        "ready_s": spread(ready, 2),
        "ms": {name: spread(sample, 2) for name, sample in times.items()},
    }


def _timed(running: AbstractContextManager[Any], port: int, rounds: int) -> tuple[float, Times]:
    """Seconds until it responds; milliseconds of each operation, in `rounds` lives of a user after
    the first ones.
    """
    began = time.perf_counter()
    with running:
        ready = time.perf_counter() - began
        client = _Client(port)
        for _ in range(PAGE):
            client.create()
        client.times.clear()
        for _ in range(rounds):
            client.one_life()
        client.close()
    return ready, {name: some[rounds // 8 :] for name, some in client.times.items()}


class _Client(http.client.HTTPConnection):
    """One client, on one connection where the server keeps it, as browsers and SDKs have it."""

    def __init__(self, port: int):
        super().__init__("127.0.0.1", port, timeout=60)
        self.times: Times = defaultdict(list)

    def one_life(self) -> None:
        user = self.create()
        place = f"/users/{user['id']}"
        self.call("get", "GET", place, 200)
        self.call("list", "GET", f"/users?limit={PAGE}", 200)
        self.call("update", "PUT", place, 200, {"email": user["email"], "name": "Grace"})
        self.call("delete", "DELETE", place, 204)

    def create(self) -> Any:
        return self.call(
            "create", "POST", "/users", 201, {"email": f"{uuid.uuid4()}@example.com", "name": "Ada"}
        )

    def call(self, name: str, method: str, path: str, expected: int, value: Any = None) -> Any:
        body = None if value is None else json.dumps(value)
        began = time.perf_counter()
        self.request(method, path, body, {"Content-Type": "application/json"})
        response = self.getresponse()
        content = response.read()
        self.times[name].append((time.perf_counter() - began) * 1000)
        if response.status != expected:
            raise ProjectError(
                f"{method} {path} on port {self.port} responded with {response.status}: "
                f"{content.decode()}"
            )
        return json.loads(content) if content else None
