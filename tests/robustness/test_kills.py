"""A server killed at any moment, over the real DynamoDB Local: nothing that was acknowledged is lost, no address is
left without its user."""

import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from gateway import tables
from sam_local import processes

from tests.client import Answer, Api, over_http
from tests.conftest import ROOT, SPEC
from tests.dynamodb import REGION
from tests.robustness.conftest import answers

pytestmark = pytest.mark.slow

KILLS, CLIENTS = 20, 6


@contextmanager
def server(database: str, port: int) -> Iterator[None]:
    """A local gateway that is killed where the block ends."""
    command = [sys.executable, "-m", "gateway", "--quiet", f"--port={port}", f"--dynamodb={database}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            while not answers(port):
                assert process.poll() is None
                time.sleep(0.05)
            yield
        finally:
            process.kill()


class Client:
    """Does one thing after another to users of its own; what got no answer is done again until it gets one."""

    def __init__(self, url: str, seed: int) -> None:
        self.api = Api(over_http(url), SPEC)
        self.random = random.Random(seed)  # noqa: S311
        self.users: dict[str, tuple[str, str]] = {}  # as acknowledged
        self.unanswered: tuple[str, str, str, str] | None = None
        self.acknowledged = self.repeated = 0

    def run(self) -> None:
        try:
            while True:
                self.step()
        except requests.RequestException:
            return

    def step(self) -> None:
        again = bool(self.unanswered)
        self.repeated += again
        action, id, email, name = self.unanswered or self._next()
        self.unanswered = action, id, email, name
        answer = self._send(action, id, email, name)
        if answer.status == 429:
            time.sleep(0.1)
            return
        gone = again and action == "delete" and answer.status == 404  # by the first try
        assert gone or answer.status == {"create": 201, "update": 200, "delete": 204}[action], answer
        if action == "delete":
            del self.users[id]
        else:
            self.users[answer.json["id"]] = (email, name)
        self.unanswered = None
        self.acknowledged += 1

    def _next(self) -> tuple[str, str, str, str]:
        action = self.random.choice(["create", "update", "update", "delete"]) if self.users else "create"
        id = self.random.choice([*self.users]) if action != "create" else str(uuid.uuid4())  # or its key
        same = action == "update" and self.random.random() < 0.3
        email = self.users[id][0] if same else f"{uuid.uuid4().hex}@example.com"
        return action, id, email, self.random.choice(["Ada", "Eve"])

    def _send(self, action: str, id: str, email: str, name: str) -> Answer:
        if action == "create":
            return self.api.create(email, name, key=id)
        return self.api.update(id, email, name) if action == "update" else self.api.delete(id)


def stored(client: Any) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """The table's users and markers, which belong together."""
    items = [item for page in client.get_paginator("scan").paginate(TableName="UsersTable") for item in page["Items"]]
    plain = [{name: value["S"] for name, value in item.items()} for item in items]
    users = {item["id"]: (item["email"], item["name"]) for item in plain if "email" in item}
    markers = {item["id"]: item["owner"] for item in plain if "email" not in item}
    assert markers == {f"email#{email}": id for id, (email, _) in users.items()}
    return users, markers


def test_a_server_that_is_killed_loses_nothing(database: str) -> None:
    port, table = processes.free_port(), tables.client(REGION, database)
    clients = [Client(f"http://127.0.0.1:{port}", seed) for seed in range(CLIENTS)]
    for _ in range(KILLS):
        with server(database, port):
            threads = [threading.Thread(target=client.run) for client in clients]
            for thread in threads:
                thread.start()
            time.sleep(random.uniform(0.05, 1))  # noqa: S311
        for thread in threads:
            thread.join()
        users, _ = stored(table)
        unsettled = {client.unanswered[1] for client in clients if client.unanswered}
        for client in clients:
            assert all(users.get(id) == user for id, user in client.users.items() if id not in unsettled)

    with server(database, port):
        for client in clients:
            while client.unanswered:
                client.step()
        users, _ = stored(table)
    assert users == {id: user for client in clients for id, user in client.users.items()}
    acknowledged, repeated = sum(c.acknowledged for c in clients), sum(c.repeated for c in clients)
    assert repeated > 0
    print(f"{KILLS} kills, {acknowledged} acknowledged writes, {repeated} cut off and repeated, nothing lost")
