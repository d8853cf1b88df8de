import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from samspec.gateway import Gateway
from samspec.server.console import Console
from samspec.server.recording import Recorder
from werkzeug.test import Client

ALLOWED = {"X-Console": "1"}


@pytest.fixture
def console(altered: Callable[..., Path], dynamodb_client: Any) -> Client:
    gateway, recorder = Gateway.from_template(altered()), Recorder(size=3)
    gateway.on_exchange = recorder.add
    return Client(Console(gateway, recorder))


def streamed(console: Client, last: str = "") -> list[dict[str, Any]]:
    """What the page gets to know until it would have to wait."""
    response = console.get("/_/stream", headers={"Last-Event-ID": last}, buffered=False)
    parts: Iterator[Any] = iter(response.response)
    assert next(parts) == b"retry: 500\n\n"
    answers: list[dict[str, Any]] = []
    while not answers or answers[-1]["url"] != "/last":
        answers.append(json.loads(next(parts).partition(b"data: ")[2]))
    return answers


def test_the_page_learns_everything_about_a_request(console: Client) -> None:
    console.post("/books?dry=1", json={"isbn": "1"}, headers={"X-Reader": "me"})
    console.get("/covers/log?a=b")
    console.get("/last")
    refused, logged, last = streamed(console)
    assert (refused["status"], refused["validation"], refused["event"]) == (
        400,
        "Invalid request body",
        None,
    )
    assert 'object has missing required properties (["title"])' in refused["reason"]
    assert (logged["operation"], logged["target"]) == ("ANY /covers/{proxy+}", "CoversFunction")
    assert (logged["response"]["body"], logged["url"]) == ("logged", "/covers/log?a=b")
    assert logged["event"]["queryStringParameters"] == {"a": "b"}
    assert (last["operation"], last["status"]) == (None, 403)


def test_a_page_that_reconnects_gets_what_it_missed(console: Client) -> None:
    console.get("/one")
    console.get("/last")
    assert [answer["url"] for answer in streamed(console, last="1")] == ["/last"]
    assert [answer["url"] for answer in streamed(console, last="99")] == ["/one", "/last"]


def test_only_the_last_requests_are_kept(console: Client) -> None:
    for path in ("/one", "/two", "/three", "/last"):
        console.get(path)
    assert [answer["url"] for answer in streamed(console)] == ["/two", "/three", "/last"]


def test_bodies_that_are_not_text_are_told_by_their_size(console: Client) -> None:
    console.post("/covers/echo", data=b"\xff\xfe", content_type="image/png")
    console.get("/last")
    assert streamed(console)[0]["body"] == "(2 bytes, not UTF-8)"


def test_a_request_can_be_replayed(console: Client) -> None:
    console.put("/books?dry=1", json={"isbn": "9780131103627", "title": "C"})
    response = console.post("/_/requests/1/replay", headers=ALLOWED)
    assert response.json == {"status": 200}
    console.get("/last")
    first, again, _ = streamed(console)
    assert first["id"] != again["id"]
    assert all(first[key] == again[key] for key in ("method", "url", "headers", "body", "status"))


def test_an_event_can_be_saved(console: Client, tmp_path: Path) -> None:
    console.get("/covers/echo")
    for number in (1, 2):
        assert console.post("/_/requests/1/save", headers=ALLOWED).json == {
            "file": f"events/event_{number}.json"
        }
    saved = json.loads((tmp_path / "events/event_1.json").read_text())
    assert saved["path"] == "/covers/echo"


@pytest.mark.parametrize("action", ["replay", "save"])
def test_other_sites_cannot_act(console: Client, action: str) -> None:
    console.get("/covers/echo")
    assert console.post(f"/_/requests/1/{action}").status_code == 403


@pytest.mark.parametrize("action", ["replay", "save"])
def test_a_request_that_is_gone_is_a_404(console: Client, action: str) -> None:
    assert console.post(f"/_/requests/9/{action}", headers=ALLOWED).status_code == 404


@pytest.mark.parametrize(
    ("path", "kind", "content"),
    [
        ("/_/requests", "text/html; charset=utf-8", "requests.js"),
        ("/_/requests.js", "text/javascript; charset=utf-8", "EventSource"),
        ("/_/requests.css", "text/css; charset=utf-8", "color-scheme"),
        ("/_/docs", "text/html; charset=utf-8", "openapi.json"),
        ("/_/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8", "SwaggerUIBundle"),
    ],
)
def test_pages_are_served_from_disk(console: Client, path: str, kind: str, content: str) -> None:
    response = console.get(path)
    assert (response.status_code, response.headers["Content-Type"]) == (200, kind)
    assert content in response.text


def test_the_docs_are_of_the_running_spec(console: Client) -> None:
    document = console.get("/_/openapi.json").get_json()
    assert document["servers"] == [{"url": "/"}]
    assert document["paths"]["/health"]["get"]["x-amazon-apigateway-integration"]["type"] == "mock"


@pytest.mark.parametrize("path", ["/_/nothing", "/_/docs/nothing.js", "/_/docs/..%2f__init__.py"])
def test_unknown_pages_are_a_404(console: Client, path: str) -> None:
    assert console.get(path).status_code == 404


def test_the_root_leads_to_the_requests(console: Client) -> None:
    assert console.get("/_/").headers["Location"] == "/_/requests"
