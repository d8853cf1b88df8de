"""A server killed at any moment, over the real DynamoDB Local: nothing that was acknowledged is
lost, no address is left without its user.
"""

import random
import threading
import time
import uuid
from typing import Any

import pytest
import requests
from samspec.aws import tables
from samspec.sam.account import REGION
from samspec.sam_local import processes
from samspec.testing.client import Response, over_http

from tests.client import Api
from tests.conftest import SPEC
from tests.robustness.conftest import TIMES, server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KILLS, CLIENTS = 8 * TIMES, 6


class Client:
    """Does one thing after another to users of its own; what got no response is done again until it
    gets one.
    """

    def __init__(self, url: str, seed: int) -> None:
        self.api = Api(over_http(url), SPEC)
        self.random = random.Random(seed)  # noqa: S311
        self.users: dict[str, tuple[str, str]] = {}  # as acknowledged
        self.pending: tuple[str, str, str, str] | None = None
        self.acknowledged = self.repeated = self.refusals = 0

    def run(self) -> None:
        try:
            while True:
                self.step()
        except requests.RequestException:
            return

    def step(self) -> None:
        again = bool(self.pending)
        self.repeated += again
        action, id, email, name = self.pending or self._next()
        self.pending = action, id, email, name
        response = self._send(action, id, email, name)
        if response.status in (
            429,
            503,
        ):  # not now: the server throttles, or a busy machine's DynamoDB does not respond
            self.refusals += 1
            assert self.refusals < 100, response
            time.sleep(0.1)
            return
        gone = again and action == "delete" and response.status == 404  # by the first try
        assert gone or response.status == {"create": 201, "update": 200, "delete": 204}[action], (
            response
        )
        if action == "delete":
            del self.users[id]
        else:
            self.users[response.json["id"]] = (email, name)
        self.pending, self.refusals = None, 0
        self.acknowledged += 1

    def _next(self) -> tuple[str, str, str, str]:
        action = (
            self.random.choice(["create", "update", "update", "delete"]) if self.users else "create"
        )
        id = (
            self.random.choice([*self.users]) if action != "create" else str(uuid.uuid4())
        )  # or its key
        same = action == "update" and self.random.random() < 0.3
        email = self.users[id][0] if same else f"{uuid.uuid4().hex}@example.com"
        return action, id, email, self.random.choice(["Ada", "Eve"])

    def _send(self, action: str, id: str, email: str, name: str) -> Response:
        if action == "create":
            return self.api.create(email, name, key=id)
        return self.api.update(id, email, name) if action == "update" else self.api.delete(id)


def stored(client: Any) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """The table's users and markers, which belong together."""
    items: list[dict[str, Any]] = []
    for page in client.get_paginator("scan").paginate(TableName="UsersTable"):
        items += page["Items"]
    plain = [{name: value["S"] for name, value in item.items()} for item in items]
    users = {item["id"]: (item["email"], item["name"]) for item in plain if "email" in item}
    markers = {item["id"]: item["owner"] for item in plain if "email" not in item}
    assert markers == {f"email#{email}": id for id, (email, _) in users.items()}
    return users, markers


def acknowledged(clients: list[Client]) -> int:
    return sum(client.acknowledged for client in clients)


def kill_under_load(database: str, port: int, clients: list[Client]) -> None:
    """Kills the server while each client has a request under way, some writes after its start."""
    enough = acknowledged(clients) + random.randint(0, 40)  # noqa: S311
    threads = [threading.Thread(target=client.run) for client in clients]
    with server(database, port) as process:
        for thread in threads:
            thread.start()
        while acknowledged(clients) < enough and all(thread.is_alive() for thread in threads):
            time.sleep(0.001)
        time.sleep(random.uniform(0, 0.05))  # noqa: S311 (somewhere in a request, not at its end)
        process.kill()
    for thread in threads:
        thread.join()


def test_a_server_that_is_killed_loses_nothing(
    database: str, capfd: pytest.CaptureFixture[str]
) -> None:
    port, table = processes.free_port(), tables.client(REGION, database)
    clients = [Client(f"http://127.0.0.1:{port}", seed) for seed in range(CLIENTS)]
    for _ in range(KILLS):
        kill_under_load(database, port, clients)
        users, _ = stored(table)
        unsettled = {client.pending[1] for client in clients if client.pending}
        for client in clients:
            assert all(
                users.get(id) == user for id, user in client.users.items() if id not in unsettled
            )

    with server(database, port):
        for client in clients:
            while client.pending:
                client.step()
        users, _ = stored(table)
    expected: dict[str, tuple[str, str]] = {}
    for client in clients:
        expected |= client.users
    assert users == expected
    repeated = sum(client.repeated for client in clients)
    assert repeated > 0
    with capfd.disabled():
        print(
            f"{KILLS} kills, {acknowledged(clients)} acknowledged writes, {repeated} cut off and "
            "repeated; none lost"
        )
