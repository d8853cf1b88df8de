"""Edits are live at the next request; a broken one says so, and is mended as quickly."""

import gc
import logging
import os
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samspec.gateway import Gateway
from werkzeug.test import Client

from tests.conftest import ROOT


@pytest.fixture
def template(altered: Callable[..., Path], dynamodb_client: Any) -> Path:
    return altered()


@pytest.fixture
def client(template: Path) -> Client:
    return Client(Gateway.from_template(template))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    later = file.stat().st_mtime_ns + 10_000_000
    os.utime(file, ns=(later, later))


def test_an_edited_handler_answers_the_next_request(
    client: Client, template: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/covers/log").text == "logged"
    with caplog.at_level(logging.INFO, "gateway"):
        edit(template.parent / "src/covers.py", '"logged"', '"changed"')
        assert client.get("/covers/log").text == "changed"
    assert [r.getMessage() for r in caplog.records if r.name == "gateway"] == [
        "reloaded CoversFunction"
    ]


def test_an_edited_handlers_former_modules_leave_memory(client: Client, template: Path) -> None:
    client.get("/covers/context")
    function = client.application.project.functions["CoversFunction"]  # type: ignore[attr-defined]
    former = weakref.ref(function.space.modules["covers"])
    gc.freeze()  # as functions do at the end of their start
    edit(template.parent / "src/covers.py", '"logged"', '"changed"')
    client.get("/covers/context")
    gc.collect()
    assert former() is None


def test_an_edited_template_answers_the_next_request(
    client: Client, template: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/health").text == '{"fine": true, "stage": "v1", "who": ""}'
    with caplog.at_level(logging.INFO, "gateway"):
        edit(template, '{"fine": true', '{"better": true')
        assert client.get("/health").text.startswith('{"better": true')
    assert caplog.messages[0].startswith("reloaded ")
    assert caplog.messages[0].endswith("template.yaml")


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("template.yaml", "paths:", "paths: [", "template.yaml:"),
        (
            "template.yaml",
            "openapi: 3.0.1",
            "openapi: 3.1.0",
            "must be OpenAPI 3.0.x or Swagger 2.0, not 3.1.0",
        ),
        ("src/covers.py", "import json", "import jsom", "src/covers.py:3: ModuleNotFoundError"),
        ("src/covers.py", "def lazily", "def def", "src/covers.py:"),
    ],
)
def test_a_broken_edit_is_a_502_that_says_what_is_wrong_until_it_is_mended(
    client: Client, template: Path, name: str, old: str, new: str, said: str
) -> None:
    assert client.get("/covers/log").status_code == 200
    edit(template.parent / name, old, new)
    for _ in range(2):
        response = client.get("/covers/log")
        assert (response.status_code, response.content_type) == (502, "application/problem+json")
        assert said in response.get_json(force=True)["detail"]
    edit(template.parent / name, new, old)
    assert client.get("/covers/log").text == "logged"


def test_what_did_not_change_keeps_its_state(client: Client, template: Path) -> None:
    first = client.get("/covers/lazy").get_json()["calls"]
    edit(template.parent / "src/books.py", "import os", "import os  # again")
    assert client.get("/covers/lazy").get_json()["calls"] == first + 1


def test_a_data_file_beside_the_handlers_is_watched_too(client: Client, template: Path) -> None:
    data = template.parent / "src/data.json"
    data.write_text("{}")
    assert client.get("/covers/lazy").get_json()["calls"] == 1
    assert client.get("/covers/lazy").get_json()["calls"] == 2
    edit(data, "{}", "{ }")
    assert client.get("/covers/lazy").get_json()["calls"] == 1


@pytest.mark.usefixtures("application")  # for its tables
def test_an_edited_spec_is_what_this_projects_gateway_and_handlers_go_by(tmp_path: Path) -> None:
    shutil.copy(ROOT / "template.yaml", tmp_path)
    for name in ("specs", "handlers"):
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True)
    client = Client(Gateway.from_template(tmp_path / "template.yaml"))
    assert client.get("/users?limit=60").status_code == 200
    edit(tmp_path / "specs/api/users-api.yaml", "maximum: 100", "maximum: 50")
    edit(tmp_path / "specs/api/users-api.yaml", "'600'", "'700'")
    refused = client.get("/users?limit=60")
    assert (refused.status_code, refused.get_json(force=True)["errors"][0]["field"]) == (
        400,
        "limit",
    )
    assert client.options("/users").headers["Access-Control-Max-Age"] == "700"
