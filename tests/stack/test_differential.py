"""The local gateway and `sam local` get the same requests: whatever differs is named in
differences.py.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.stack import generated
from tests.stack.conftest import ROOT, Start
from tests.stack.differences import EVENTS, RESPONSES, Difference, Document, Exchange
from tests.stack.generated import Sent

# What is another at every run, as text and as places; and the headers that belong to the two HTTP
# servers.
TEXTS = {
    "<id>": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "<host>": r"127\.0\.0\.1:\d+",
}
PLACES = {
    "headers.etag",
    "body.next_cursor",
    "headers.X-Forwarded-Port",
    "multiValueHeaders.X-Forwarded-Port",
}
SERVERS = {"server", "date", "connection", "content-length"}


@pytest.fixture(scope="module")
def responses(
    quiet: Path, start_database: Start, start_gateway: Start, start_sam_local: Start
) -> list[Exchange]:
    """What the API's functions return, from a database for each gateway."""
    local = start_gateway(ROOT / "template.yaml", start_database())
    sam = start_sam_local(quiet, start_database())
    created = [(user.to(local), user.to(sam)) for user in generated.users()]
    ids = [json.loads(body)["id"] for (_, _, body), _ in created]
    assert ids == [json.loads(body)["id"] for _, (_, _, body) in created]
    exchange = partial(_exchange, local=local, sam=sam, read=_response)
    requests = [*generated.by_hand(ids[0]), *generated.from_spec(ids)]
    exchanges: list[Exchange] = []
    for reading, group in groupby(requests, lambda request: request.method == "GET"):
        some = list(group)
        exchanges += _at_once(exchange, some) if reading else map(exchange, some)
    return exchanges


@pytest.fixture(scope="module")
def events(
    responses: list[Exchange],
    echo: Path,
    start_database: Start,
    start_gateway: Start,
    start_sam_local: Start,
) -> list[Exchange]:
    """The events that functions get for these requests, where both gateways ask a function."""
    database = start_database()
    local, sam = start_gateway(echo, database), start_sam_local(echo, database)
    echoed = _at_once(
        partial(_exchange, local=local, sam=sam, read=_event), [e.sent for e in responses]
    )
    return [exchange for exchange in echoed if exchange.local and exchange.sam]


def test_both_gateways_give_the_same_responses(responses: list[Exchange]) -> None:
    assert len(responses) > 300
    assert _unexplained(responses, RESPONSES) == []


def test_both_gateways_give_functions_the_same_events(
    responses: list[Exchange], events: list[Exchange]
) -> None:
    assert len(events) > len(responses) - 40  # some of each kind end at one gateway
    assert _unexplained(events, EVENTS) == []


def test_every_named_difference_is_still_there(
    responses: list[Exchange], events: list[Exchange]
) -> None:
    assert _unseen(RESPONSES, responses) == []
    assert _unseen(EVENTS, events) == []


def _unexplained(exchanges: list[Exchange], differences: list[Difference]) -> list[str]:
    lines: list[str] = []
    for exchange in exchanges:
        lines += exchange.unexplained(differences)
    return lines


def _unseen(differences: list[Difference], exchanges: list[Exchange]) -> list[str]:
    """The facts behind differences that no exchange showed."""
    facts = []
    for difference in differences:
        if not any(difference.explains_part_of(exchange) for exchange in exchanges):
            facts.append(difference.fact)
    return facts


def _exchange(sent: Sent, local: str, sam: str, read: Callable[..., Document]) -> Exchange:
    return Exchange(sent, read(*sent.to(local)), read(*sent.to(sam)))


def _at_once(exchange: Callable[[Sent], Exchange], requests: Iterable[Sent]) -> list[Exchange]:
    """Where order means nothing: `sam local` is slow, not busy."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(exchange, requests))


def _response(status: int, headers: dict[str, str], body: bytes) -> Document:
    kept = {name.lower(): value for name, value in headers.items() if name.lower() not in SERVERS}
    document = (
        json.loads(body)
        if kept.get("content-type", "").endswith("json") and body
        else body.decode()
    )
    return dict(_flat({"status": status, "headers": kept, "body": document}))


def _event(status: int, headers: dict[str, str], body: bytes) -> Document:
    return dict(_flat(json.loads(body))) if status == 200 else {}


def _flat(document: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """`("body.errors", [...])` of `{"body": {"errors": [...]}}`, without what varies."""
    if isinstance(document, dict) and document:
        for key, value in document.items():
            yield from _flat(value, f"{place}.{key}" if place else key)
    else:
        yield place, "<varies>" if place in PLACES else _fixed(document)


def _fixed(value: Any) -> Any:
    text = json.dumps(value)
    for name, pattern in TEXTS.items():
        text = re.sub(pattern, name, text)
    return json.loads(text)
