"""What an exchange knows of its invocation."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from samspec.aws import tables
from samspec.gateway import Gateway
from samspec.gateway.application import Exchange
from samspec.gateway.deployment import Deployment
from werkzeug.test import Client

from tests.samspec.gateway.conftest import LIBRARY


@pytest.fixture
def shown() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def recorded(
    made: Callable[..., Gateway], dynamodb_client: Any, shown: list[dict[str, Any]]
) -> tuple[Client, list[Exchange]]:
    """The library as the development server runs it, and its exchanges."""
    gateway = made(LIBRARY)
    tables.create(gateway.project.template, dynamodb_client)
    processes: Any = gateway.runner
    processes.on_line = lambda function, line: shown.append(line)
    exchanges: list[Exchange] = []
    gateway.on_exchange = exchanges.append
    return Client(gateway), exchanges


def test_log_lines_belong_to_their_invocation(recorded: Any, shown: list[dict[str, Any]]) -> None:
    client, exchanges = recorded
    client.get("/covers/log")
    lines = exchanges[0].invocation.lines
    assert [(line["level"], line["message"]) for line in lines] == [
        ("INFO", "a cover was asked for"),
        ("DEBUG", "its frame is gilded"),
        ("ERROR", "it went wrong"),
    ]
    assert lines[0]["extra"] == {"shelf": "north"}
    assert lines[2]["trace"].endswith("ValueError: no such cover")
    assert shown == lines


def test_dynamodb_calls_have_their_capacity_and_time(recorded: Any) -> None:
    client, exchanges = recorded
    client.get("/books/9780131103627")
    [call] = exchanges[0].invocation.calls
    assert (call["name"], call["units"], call["error"]) == ("GetItem", 0.5, "")
    assert call["ms"] > 0
    assert call["began"] > exchanges[0].began
    assert json.loads(call["request"])["Key"] == {"isbn": {"S": "9780131103627"}}


def test_a_failed_dynamodb_call_names_its_error(recorded: Any, dynamodb_client: Any) -> None:
    client, exchanges = recorded
    dynamodb_client.delete_table(TableName="Books")
    assert client.get("/books/9780131103627").status_code == 502
    assert exchanges[0].invocation.calls[0]["error"] == "ResourceNotFoundException"


def test_prints_are_log_lines(recorded: Any, shown: list[dict[str, Any]]) -> None:
    client, exchanges = recorded
    client.get("/covers/print")
    [line] = exchanges[0].invocation.lines
    assert (line["level"], line["message"]) == ("PRINT", "printed")
    assert shown == [line]


def test_an_exchange_ends_also_where_the_gateway_itself_fails(
    recorded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, exchanges = recorded

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Deployment, "finish", fail)
    with pytest.raises(ZeroDivisionError):
        client.get("/covers/log")
    assert [exchange.request.path for exchange in exchanges] == ["/covers/log"]
    assert exchanges[0].milliseconds > 0
