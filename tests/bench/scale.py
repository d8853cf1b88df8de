"""What the operations cost as the table grows, on DynamoDB Local: capacity units and
milliseconds.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from samspec.aws import tables
from samspec.sam.account import KEY_ID, SECRET
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template
from samspec.sam_local import dynamodb

from tests.bench.builds import ROOT
from tests.bench.starts import progress, spread

SIZES = (100, 1_000, 10_000, 200_000)
TIMES = 30
PAGE = 20
BATCH = 12  # users a call, each with its marker: BatchWriteItem takes 25
READS = ("GetItem", "Query", "Scan")
HEADERS = {
    "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem",
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 "
    f"Credential={KEY_ID}/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, "
    "Signature=none",
}


def measure(template: Template, jar: Path | None, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """By operation, one entry a size: {"users": 100, "read": 0, "write": 6, "ms": [median,
    quartiles]}; the units are DynamoDB's own account of each call.
    """
    with dynamodb.endpoint(None, jar) as endpoint:
        client = tables.client(template.region, endpoint)
        name = tables.create(template, client)[0]
        environment = {
            "USERS_TABLE": name,
            "AWS_DEFAULT_REGION": template.region,
            "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        }
        environment |= {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
        http = HTTPConnection(endpoint.removeprefix("http://"))
        with patch.dict(os.environ, environment), closing(http) as connection:
            return _grow(connection, sizes)


def _grow(connection: HTTPConnection, sizes: tuple[int, ...]) -> dict[str, Any]:
    sys.path.insert(0, str(ROOT / "handlers"))
    from api import dynamodb
    from api import repository as storage
    from users import repository
    from users.user import User

    new = (User.create(_body(f"user{number}@example.com")) for number in count())
    table, users, costs = _Metered(repository.Users()), list[User](), dict[str, list[Any]]()
    for size in sizes:
        while len(users) < size:
            if len(users) % 100 < BATCH:
                progress(f"scale: {len(users):,} of {size:,} users")
            batch = list(islice(new, min(BATCH, size - len(users))))
            writes = []
            for user in batch:
                writes.append(dynamodb.put(storage._item(user), dynamodb.NEW))
                writes.append(table.users._take("email", user.email, user.id))
            _load(connection, [write["Put"]["Item"] for write in writes])
            users += batch
        for name, call in _operations(table.users, users, new).items():
            costs.setdefault(name, []).append({"users": size, **table.cost(call)})
    progress("")
    return costs


def _operations(table: Any, users: list[Any], new: Iterator[Any]) -> dict[str, Callable[[], Any]]:
    from users.user import User

    first, middle = users[0], users[len(users) // 2]
    return {
        "create": lambda: users.append(table.add(next(new))),
        "get": lambda: table.get(first.id),
        "find by address": lambda: table.find_by_email(middle.email),
        "first page": lambda: table.page(PAGE, None),
        "page in the middle": lambda: table.page(PAGE, (middle.id, middle.email)),
        "update, same address": lambda: table.replace(
            first.id, User.change(_body(first.email)), None
        ),
        "update, new address": lambda: table.replace(
            users[-1].id, User.change(_body(next(new).email)), None
        ),
        "delete": lambda: table.remove(users.pop().id, None),
    }


def _body(email: str) -> dict[str, str]:
    return {"email": email, "name": "Ada Lovelace"}


class _Metered:
    """A repository whose calls ask DynamoDB what they consume."""

    def __init__(self, users: Any) -> None:
        self.users = users
        self._units: dict[str, float] = {}
        events = users._table._client.meta.events
        metered = {"ReturnConsumedCapacity": "TOTAL"}
        events.register("provide-client-params.dynamodb", lambda params, **_: params | metered)
        events.register("after-call.dynamodb", self._count)

    def cost(self, call: Callable[[], Any]) -> dict[str, Any]:
        took, read, write = [], [], []
        for _ in range(TIMES):
            self._units = {"read": 0.0, "write": 0.0}
            began = time.perf_counter()
            call()
            took.append((time.perf_counter() - began) * 1000)
            read.append(self._units["read"])
            write.append(self._units["write"])
        return {"read": median(read), "write": median(write), "ms": spread(took, 2)}

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity") or []
        each = consumed if isinstance(consumed, list) else [consumed]
        # DynamoDB Local counts four units for an item of under 1 KB in a transaction; on AWS it is
        # two.
        share = 0.5 if model.name == "TransactWriteItems" else 1
        self._units["read" if model.name in READS else "write"] += share * sum(
            entry["CapacityUnits"] for entry in each
        )


def _load(connection: HTTPConnection, items: list[Any]) -> None:
    """Without botocore, which would take most of the time, nor a signature, for which DynamoDB
    Local does not look.
    """
    puts = [{"PutRequest": {"Item": item}} for item in items]
    connection.request(
        "POST", "/", json.dumps({"RequestItems": {os.environ["USERS_TABLE"]: puts}}), HEADERS
    )
    response = json.load(connection.getresponse())
    if response.get("UnprocessedItems") != {}:
        raise ProjectError(f"DynamoDB Local did not take the users: {response}")
