"""Thousands of mixed requests by several clients against `scripts/start`: no error, no growth, an orderly end.

Over DynamoDB Local: moto in the server's own process keeps some 5 kB of each write, deleted or not.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sam_local import processes

from tests.client import Api, over_http
from tests.conftest import ROOT, SPEC
from tests.robustness.conftest import answers

pytestmark = pytest.mark.slow

CLIENTS, ROUNDS = 4, 120  # of a life of ten requests
GROWTH = 8_000  # kB that the second half may add


@pytest.fixture
def port() -> int:
    return processes.free_port()


@pytest.fixture
def server(database: str, port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "gateway", "--quiet", f"--port={port}", f"--dynamodb={database}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            while not answers(port):
                assert process.poll() is None
                time.sleep(0.05)
            yield process
        finally:
            process.kill()


def life(api: Api, statuses: Counter[int]) -> None:
    """A user from creation to deletion, with what goes wrong on the way."""
    created = api.create(name="Ada" * random.randint(1, 30))  # noqa: S311
    id, email = created.json["id"], created.json["email"]
    for answer in (
        created,
        api.create(email),
        api.get(id, If_None_Match=created.etag),
        api.list(limit=random.randint(1, 100)),  # noqa: S311
        api.list(email=email.upper()),
        api.update(id, email, "Eve", If_Match=created.etag),
        api.update(id, email, "Bob", If_Match=created.etag),
        api.update(id, "not an address"),
        api.delete(id),
        api.get(id),
    ):
        statuses[answer.status] += 1


def resident(process: subprocess.Popen[str]) -> int:
    """kB"""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def test_a_server_takes_thousands_of_requests_without_an_error_or_growth(
    server: subprocess.Popen[str], port: int
) -> None:
    api, statuses = Api(over_http(f"http://127.0.0.1:{port}"), SPEC), Counter[int]()

    def client() -> None:
        for _ in range(ROUNDS // 2):
            life(api, statuses)

    sizes = []
    for _ in range(2):
        threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sizes.append(resident(server))
    lives = CLIENTS * ROUNDS
    assert statuses == {
        201: lives,
        409: lives,
        304: lives,
        200: 3 * lives,
        412: lives,
        400: lives,
        204: lives,
        404: lives,
    }
    assert sizes[1] - sizes[0] < GROWTH

    server.send_signal(signal.SIGINT)
    said, _ = server.communicate(timeout=30)
    assert server.returncode == 0
    assert "Traceback" not in said
    print(f"{statuses.total()} requests; {sizes[0]} kB after half of them, {sizes[1]} kB after all")
