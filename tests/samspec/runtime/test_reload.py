"""Edits are live at the next request; a broken one says so, and is mended as quickly."""

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samspec.gateway import Gateway
from samspec.gateway.application import Exchange
from werkzeug.test import Client

from tests.conftest import ROOT


@pytest.fixture
def template(altered: Callable[..., Path], dynamodb_client: Any) -> Path:
    return altered()


@pytest.fixture
def copied(template: Path, made: Callable[..., Gateway]) -> Gateway:
    return made(template)


@pytest.fixture
def client(copied: Gateway) -> Client:
    return Client(copied)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    later = file.stat().st_mtime_ns + 10_000_000
    os.utime(file, ns=(later, later))


def test_an_edited_handler_handles_the_next_request(
    client: Client, template: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/covers/log").text == "logged"
    with caplog.at_level(logging.INFO, "gateway"):
        edit(template.parent / "src/covers.py", '"logged"', '"changed"')
        assert client.get("/covers/log").text == "changed"
    assert [r.getMessage() for r in caplog.records if r.name == "gateway"] == [
        "reloaded CoversFunction"
    ]


def test_an_edited_template_applies_to_the_next_request(
    client: Client, template: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/health").text == '{"fine": true, "stage": "v1", "who": ""}'
    with caplog.at_level(logging.INFO, "gateway"):
        edit(template, '{"fine": true', '{"better": true')
        assert client.get("/health").text.startswith('{"better": true')
    assert caplog.messages[0].startswith("reloaded ")
    assert caplog.messages[0].endswith("template.yaml")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("paths:", "paths: [", "template.yaml:"),
        ("openapi: 3.0.1", "openapi: 3.1.0", "must be OpenAPI 3.0.x or Swagger 2.0, not 3.1.0"),
    ],
)
def test_a_broken_template_is_a_502_that_says_what_is_wrong_until_it_is_corrected(
    client: Client, template: Path, old: str, new: str, reason: str
) -> None:
    edit(template, old, new)
    for _ in range(2):
        response = client.get("/covers/log")
        assert (response.status_code, response.content_type) == (502, "application/problem+json")
        assert reason in response.get_json(force=True)["detail"]
    edit(template, new, old)
    assert client.get("/covers/log").text == "logged"


@pytest.mark.parametrize(
    ("old", "new", "line"), [("import json", "import jsom", 3), ("def lazily", "def def", 20)]
)
def test_a_broken_handler_is_a_502_whose_reason_the_developer_sees(
    copied: Gateway, template: Path, old: str, new: str, line: int
) -> None:
    seen: list[Exchange] = []
    copied.on_exchange = seen.append
    client = Client(copied)
    client.get("/covers/log")
    edit(template.parent / "src/covers.py", old, new)
    for _ in range(2):
        assert client.get("/covers/log").get_json() == {"message": "Internal server error"}
    edit(template.parent / "src/covers.py", new, old)
    assert client.get("/covers/log").text == "logged"
    assert [exchange.response.status for exchange in seen] == [200, 502, 502, 200]
    assert f"src/covers.py:{line}: " in seen[1].response.reason


def test_a_data_file_next_to_the_handlers_is_watched_too(client: Client, template: Path) -> None:
    data = template.parent / "src/data.json"
    data.write_text("{}")
    assert client.get("/covers/lazy").get_json()["calls"] == 1
    assert client.get("/covers/lazy").get_json()["calls"] == 2
    edit(data, "{}", "{ }")
    assert client.get("/covers/lazy").get_json()["calls"] == 1


@pytest.mark.usefixtures("application")  # for its tables
def test_an_edited_spec_is_what_this_projects_gateway_and_handlers_go_by(
    tmp_path: Path, made: Callable[..., Gateway]
) -> None:
    for name in ("template.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("specs", "handlers"):
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True)
    client = Client(made(tmp_path / "template.yaml"))
    assert client.get("/users?limit=60").status_code == 200
    edit(tmp_path / "specs/api/users-api.yaml", "maximum: 100", "maximum: 50")
    edit(tmp_path / "specs/api/users-api.yaml", "'600'", "'700'")
    refused = client.get("/users?limit=60")
    assert (refused.status_code, refused.get_json(force=True)["errors"][0]["field"]) == (
        400,
        "limit",
    )
    assert client.options("/users").headers["Access-Control-Max-Age"] == "700"
