"""Whatever DynamoDB does, a function responds before Lambda ends it: a 503 of its own, not the
gateway's 500.
"""

import contextlib
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from samspec.gateway import Gateway
from samspec.testing.client import Response, in_process

from tests.client import Api
from tests.conftest import ROOT, SPEC

pytestmark = pytest.mark.slow

ID = str(uuid.uuid4())
OPERATIONS: list[Callable[[Api], Response]] = [
    lambda api: api.create(),
    lambda api: api.get(ID),
    lambda api: api.list(),
    lambda api: api.list(email="ada@example.com"),
    lambda api: api.update(ID, "ada@example.com"),
    lambda api: api.delete(ID),
]


@pytest.fixture
def silent() -> Iterator[int]:
    """A server that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        yield from _serving(listening, lambda connection: None)


@pytest.fixture
def stuck_in_a_word() -> Iterator[int]:
    """A server that begins a response and does not go on."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        yield from _serving(
            listening,
            lambda connection: connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
            ),
        )


@pytest.fixture
def dripping() -> Iterator[int]:
    """A server whose response has a byte now and then, so that no read ever takes too long."""
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the caller is gone
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{")
            while not over.wait(0.1):
                connection.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        yield from _serving(
            listening, lambda connection: threading.Thread(target=drip, args=[connection]).start()
        )
    over.set()


@pytest.fixture
def full() -> Iterator[int]:
    """A server whose queue is full: nobody gets a connection."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listening,
        contextlib.ExitStack() as waiting,
    ):
        for _ in range(4):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def _serving(listening: socket.socket, speak: Callable[[socket.socket], None]) -> Iterator[int]:
    connections = []

    def accept() -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                connection, _ = listening.accept()
                connections.append(connection)
                connection.recv(65536)
                speak(connection)

    threading.Thread(target=accept, daemon=True).start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    for connection in connections:
        connection.close()


def ask(port: int) -> list[Response]:
    """What every operation returns over the DynamoDB on the port."""
    # By this variable functions call it themselves: the gateway would not pass half a response on.
    direct = {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}"}
    gateway = Gateway.from_template(ROOT / "template.yaml", environment=direct)
    api = Api(in_process(gateway), SPEC)
    with contextlib.closing(gateway), ThreadPoolExecutor(len(OPERATIONS)) as pool:
        return list(pool.map(lambda operation: operation(api), OPERATIONS))


@pytest.mark.parametrize("database", ["silent", "stuck_in_a_word", "full"])
def test_a_database_that_does_not_respond_is_a_503(
    database: str, request: pytest.FixtureRequest
) -> None:
    responses = ask(request.getfixturevalue(database))

    assert [response.problem() for response in responses] == [
        (503, "Database temporarily unavailable")
    ] * len(OPERATIONS)


def test_a_database_whose_response_drips_is_ended_by_the_functions_own_time_out(
    dripping: int,
) -> None:
    """The SDK has no time-out for a response as a whole, and DynamoDB's are short: no code watches
    for this.
    """
    responses = ask(dripping)

    assert [response.problem() for response in responses] == [(500, "Internal server error")] * len(
        OPERATIONS
    )
    assert all(
        "x-amzn-ErrorType" in response.headers for response in responses
    )  # the gateway's own responses
