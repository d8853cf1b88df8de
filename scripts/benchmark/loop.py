"""The local loop: how soon `scripts/start` answers, and how long its requests take beside `sam local`'s."""

import http.client
import json
import subprocess
import time
import uuid
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from gateway import tables
from gateway.errors import ProjectError
from gateway.template import Template
from sam_local import api, dynamodb, processes

from benchmark.builds import ROOT
from benchmark.starts import progress, spread

STARTS = 5


def measure() -> dict[str, Any]:
    """Seconds from the command to the first answer, and milliseconds of a POST."""
    ready, posts = [], []
    for number in range(1, STARTS + 1):
        progress(f"scripts/start, run {number} of {STARTS}")
        port = processes.free_port()
        command = [str(ROOT / "scripts/start"), "--port", str(port), "--quiet"]
        took, times = _timed(processes.running(command, port, stdout=subprocess.DEVNULL), port, 60)
        ready.append(took)
        posts += times
    progress("")
    return {"scripts/start": {"ready_s": spread(ready, 2), "post_ms": spread(posts)}}


def measure_sam_local(template: Template, jar: Path | None) -> dict[str, Any]:
    """The same of `sam local start-api`, its containers warm, and one for each request."""
    processes.require("docker", "the comparison with sam local needs it; leave --sam-local out")
    processes.run(["docker", "info"], "Docker does not answer: start its daemon, or leave --sam-local out")
    with dynamodb.endpoint(None, jar) as endpoint:
        tables.connect(template, endpoint)
        built = api.build(template.path)
        found = {}
        for name, warm, count in (("sam local, warm containers", True, 40), ("sam local", False, 8)):
            port = processes.free_port()
            took, times = _timed(api.running(built, endpoint, port, warm), port, count)
            found[name] = {"ready_s": spread([took] * 2, 1), "post_ms": spread(times)}
    return found


def _timed(running: AbstractContextManager[Any], port: int, count: int) -> tuple[float, list[float]]:
    began = time.perf_counter()
    with running:
        ready = time.perf_counter() - began
        return ready, [_post(port) for _ in range(count)][count // 8 :]


def _post(port: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"email": f"{uuid.uuid4()}@example.com", "name": "Ada"})
    began = time.perf_counter()
    connection.request("POST", "/users", body, {"Content-Type": "application/json"})
    status = connection.getresponse().status
    took = (time.perf_counter() - began) * 1000
    connection.close()
    if status != 201:
        raise ProjectError(f"POST /users on port {port} answered {status}")
    return took
