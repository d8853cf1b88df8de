"""Thousands of mixed requests by several clients against `scripts/start`: no error, no growth, an
orderly end.

Over DynamoDB Local: moto in the server's own process keeps some 5 kB of each write, deleted or not.
"""

import random
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest
import requests
from samspec.sam_local import processes
from samspec.testing.client import over_http

from tests.client import Api
from tests.conftest import SPEC
from tests.robustness.conftest import TIMES, server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CLIENTS, ROUNDS = 4, 60 * TIMES  # of a life of ten requests
GROWTH = 8_000  # kB that the second half may add


def life(api: Api) -> list[int]:
    """A user from creation to deletion, with what goes wrong on the way: the statuses."""
    created = api.create(name="Ada" * random.randint(1, 30))  # noqa: S311
    id, email = created.json["id"], created.json["email"]
    responses = (
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
    )
    return [response.status for response in responses]


def resident(process: processes.Process) -> int:
    """kB"""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def forget(port: int) -> None:
    """Empty what the console keeps of requests, a hundred megabytes at most: it is no leak."""
    url = f"http://127.0.0.1:{port}/_/api/clear"
    response = requests.post(url, headers={"X-Console": "1"}, timeout=10)
    assert response.status_code == 200, response.text


def test_a_server_takes_thousands_of_requests_without_an_error_or_growth(
    database: str, capfd: pytest.CaptureFixture[str]
) -> None:
    port, lives, statuses, sizes = processes.free_port(), CLIENTS * ROUNDS, Counter[int](), []
    api = Api(over_http(f"http://127.0.0.1:{port}"), SPEC)
    with server(database, port) as process, ThreadPoolExecutor(CLIENTS) as clients:
        for half in (range(lives // 2), range(lives // 2, lives)):
            statuses.update(chain.from_iterable(clients.map(lambda _: life(api), half)))
            sizes.append(resident(process))
            forget(port)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0

    each = dict.fromkeys((201, 204, 304, 400, 404, 409, 412), lives)
    assert statuses == {**each, 200: 3 * lives}
    assert sizes[1] - sizes[0] < GROWTH
    assert "Traceback" not in "".join(capfd.readouterr())
    with capfd.disabled():
        print(
            f"{statuses.total()} requests; {sizes[0]} kB after half of them, {sizes[1]} kB after "
            "all"
        )
