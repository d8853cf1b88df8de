"""The console's pages and their data, without a browser."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from samspec.aws import tables as definitions
from samspec.gateway import Gateway
from samspec.server.console import Console
from samspec.server.recorder import Recorder
from samspec.server.tables import Tables
from werkzeug.test import Client, TestResponse

OWN = {"X-Console": "1"}


@pytest.fixture
def gateway(altered: Callable[..., Path], made: Callable[..., Gateway]) -> Gateway:
    return made(altered())


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def console(gateway: Gateway, recorder: Recorder, dynamodb_client: Any) -> Client:
    template = gateway.project.template
    names = definitions.create(template, dynamodb_client)
    console = Console(gateway, recorder, tables=Tables(lambda: dynamodb_client, lambda: names))
    gateway.on_start = recorder.begin
    gateway.on_exchange = console.record
    return Client(console)


def post(console: Client, path: str, data: Any = None) -> TestResponse:
    return console.post(f"/_/api/{path}", json=data or {}, headers=OWN)


def detail(console: Client, number: int) -> dict[str, Any]:
    return dict(console.get(f"/_/api/requests/{number}").get_json())


def streamed(console: Client, last: str = "", query: str = "") -> Iterator[tuple[str, Any, str]]:
    """Name, data and id of each event that the page gets."""
    response = console.get(f"/_/stream{query}", headers={"Last-Event-ID": last}, buffered=False)
    for part in response.response:
        text = part if isinstance(part, str) else part.decode()
        fields = dict(line.split(": ", 1) for line in text.strip().splitlines() if ": " in line)
        if "event" in fields:
            yield fields["event"], json.loads(fields["data"]), fields.get("id", "")


def later(console: Client, query: str) -> Iterator[tuple[str, Any, str]]:
    """The events after the first, of a page that was away."""
    events = streamed(console, query=query)
    next(events)
    return events


def test_the_page_learns_who_serves_and_what_was_asked(console: Client, recorder: Recorder) -> None:
    console.post("/books?dry=1", json={"isbn": "1"}, headers={"X-Reader": "me"})
    console.get("/nowhere")
    events = streamed(console)
    name, hello, _ = next(events)
    assert (name, hello["boot"], hello["title"]) == ("hello", recorder.boot, "Library")
    name, [refused, unknown], id = next(events)
    assert (name, id) == ("exchanges", f"{recorder.boot}-2")
    assert (refused["number"], refused["status"], refused["url"]) == (1, 400, "/books?dry=1")
    assert 'object has missing required properties (["title"])' in refused["reason"]
    assert (unknown["operation"], unknown["status"]) == (None, 403)


def test_a_page_that_reconnects_gets_what_it_missed(console: Client, recorder: Recorder) -> None:
    for path in ("/one", "/two"):
        console.get(path)

    def urls(last: str) -> list[str]:
        events = streamed(console, last)
        next(events)
        return [summary["url"] for summary in next(events)[1]]

    assert urls(f"{recorder.boot}-1") == ["/two"]
    assert urls("another-1") == ["/one", "/two"]
    assert [s["url"] for s in next(later(console, f"?last={recorder.boot}-1"))[1]] == ["/two"]


def test_a_page_hears_that_requests_were_cleared(console: Client) -> None:
    console.get("/one")
    events = streamed(console)
    next(events)
    next(events)
    assert post(console, "clear").status_code == 200
    assert next(events)[:2] == ("cleared", 1)


def test_a_request_without_response_is_shown_with_its_time(
    console: Client, recorder: Recorder
) -> None:
    from samspec.gateway.application import Exchange
    from samspec.gateway.events import Request

    waiting = Exchange(Request("GET", "/slow", [], [], b"", url="/slow"))
    waiting.began -= 2
    recorder.begin(waiting)
    events = streamed(console)
    next(events)
    name, [shown], _ = next(events)
    assert (name, shown["url"], shown["at_breakpoint"]) == ("flight", "/slow", False)
    assert shown["ms"] >= 2000


def test_everything_about_a_request_is_there(console: Client) -> None:
    console.get("/covers/log?a=b")
    shown = detail(console, 1)
    assert (shown["operation"], shown["function"]) == ("ANY /covers/{proxy+}", "CoversFunction")
    assert shown["response"]["text"] == "logged"
    assert shown["event"]["queryStringParameters"] == {"a": "b"}
    names = [span[0] for span in shown["spans"]]
    assert [name for name in names if name != "process start"] == [
        "authorizer",
        "validation",
        "function",
    ]
    assert ("process start" in names) is shown["cold"]
    assert shown["failure"] == []


def test_faults_are_shown_with_their_place_in_the_request(console: Client) -> None:
    console.post("/books?dry=1", json={"isbn": "1"}, headers={"X-Reader": "me"})
    shown = detail(console, 1)
    assert shown["validation"] == "Invalid request body"


def test_a_response_that_breaks_the_spec_is_marked(
    altered: Callable[..., Path], made: Callable[..., Gateway], dynamodb_client: Any
) -> None:
    gateway = made(altered(('"200": { description: Books }', '"418": { description: Tea }')))
    console = Console(gateway, Recorder())
    gateway.on_exchange = console.record
    client = Client(console)
    client.get("/books")
    assert detail(client, 1)["mismatches"] == ["status 200 is not documented"]
    report = client.get("/_/api/coverage").get_json()
    books = next(o for o in report["operations"] if o["operation"] == "GET /books")
    assert books["mismatches"] == 1
    assert {s["name"]: s["declared"] for s in books["statuses"]}["200"] is False


def test_a_crash_names_its_exception_and_its_line(console: Client, gateway: Gateway) -> None:
    console.get("/covers/crash")
    [failure] = detail(console, 1)["failure"]
    assert (failure["type"], failure["message"]) == ("ZeroDivisionError", "division by zero")
    frame = failure["frames"][-1]
    assert frame["file"].endswith("src/covers.py")
    assert [line["text"] for line in frame["source"] if line["failed"]] == [
        '    "crash": lambda event, context: 1 / 0,'
    ]


def test_long_bodies_are_cut_and_can_be_had_whole(console: Client) -> None:
    body = b"x" * 300_000
    console.post("/covers/echo", data=body, content_type="text/plain")
    shown = detail(console, 1)
    assert len(shown["request"]["text"]) == 200_000
    assert (shown["request"]["size"], shown["request"]["whole"]) == (300_000, False)
    assert len(json.dumps(shown)) < 1_000_000
    response = console.get("/_/api/requests/1/request")
    assert response.data == body
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["Content-Type"] == "application/octet-stream"


def test_bodies_that_are_not_text_have_their_size_only(console: Client) -> None:
    console.post("/covers/echo", data=b"\xff\xfe", content_type="image/png")
    shown = detail(console, 1)
    assert (shown["request"]["text"], shown["request"]["size"]) == (None, 2)


def test_a_request_can_be_replayed(console: Client) -> None:
    console.put("/books?dry=1", json={"isbn": "9780131103627", "title": "C"})
    assert post(console, "requests/1/replay").json == {"number": 2, "status": 200}
    first, again = detail(console, 1), detail(console, 2)
    assert first["id"] != again["id"]
    assert all(first[key] == again[key] for key in ("method", "url", "request", "status"))


def test_a_request_can_be_composed(console: Client) -> None:
    sent = {"method": "POST", "url": "/covers/echo?a=1", "headers": [["X-A", "b"]], "body": "é"}
    assert post(console, "send", sent).json == {"number": 1, "status": 200}
    event = json.loads(detail(console, 1)["response"]["text"])
    assert (event["body"], event["headers"]["X-A"]) == ("é", "b")
    assert event["queryStringParameters"] == {"a": "1"}
    binary = {**sent, "body": base64.b64encode(b"\xff").decode(), "base64": True}
    post(console, "send", binary)
    assert console.get("/_/api/requests/2/request").data == b"\xff"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({}, "'url'"),
        ({"method": "GET", "url": "books"}, "must begin with /"),
        ({"method": "G T", "url": "/"}, "must be a word"),
        ({"method": "GET", "url": "/", "headers": [["A b", "c"]]}, "is not a header's name"),
        ({"method": "GET", "url": "/", "headers": [["A", "b\r\nC: d"]]}, "holds a line break"),
        ({"method": "GET", "url": "/", "body": "%", "base64": True}, "base64"),
    ],
)
def test_a_request_that_cannot_be_sent_is_refused(console: Client, sent: Any, reason: str) -> None:
    response = post(console, "send", sent)
    assert response.status_code == 400
    assert reason in response.get_json()["detail"]


def test_what_the_page_sends_must_be_json(console: Client) -> None:
    response = console.post("/_/api/send", data="[1", headers=OWN)
    assert (response.status_code, response.get_json()["detail"]) == (400, "the body is not JSON")
    response = console.post("/_/api/send", data="[1]", headers=OWN)
    assert response.status_code == 400
    too_long = {"CONTENT_LENGTH": "99999999"}
    response = console.post("/_/api/send", headers=OWN, environ_overrides=too_long)
    assert response.status_code == 413


def test_a_request_can_be_copied(console: Client) -> None:
    console.get("/covers/echo")
    copied = console.get("/_/api/requests/1/as/curl").text
    assert copied.startswith("curl -i --globoff --path-as-is 'http://localhost/covers/echo'")
    assert "http.client" in console.get("/_/api/requests/1/as/python").text
    assert console.get("/_/api/requests/1/as/cobol").status_code == 404


def test_an_event_can_be_saved(console: Client, tmp_path: Path) -> None:
    console.get("/covers/echo", headers={"Authorization": "Bearer secret"})
    assert post(console, "requests/1/save").json == {"file": "events/event_1.json"}
    saved = json.loads((tmp_path / "events/event_1.json").read_text())
    assert saved["path"] == "/covers/echo"
    assert saved["headers"]["Authorization"] == "REDACTED"


def test_what_cannot_be_saved_says_why(console: Client, tmp_path: Path) -> None:
    console.get("/nowhere")
    assert "reached no function" in post(console, "requests/1/save").get_json()["detail"]
    (tmp_path / "events").write_text("")
    console.get("/covers/echo")
    response = post(console, "requests/2/save")
    assert response.status_code == 409
    assert "cannot save in" in response.get_json()["detail"]


def test_requests_are_exported_without_secrets(console: Client) -> None:
    headers = {"Authorization": "Bearer secret", "X-Api-Key": "key"}
    console.post("/covers/echo?token=secret&a=1", json={"password": "secret"}, headers=headers)
    console.get("/nowhere")
    response = console.get("/_/api/requests.har")
    archive = response.get_json()["log"]
    assert archive["version"] == "1.2"
    first, second = archive["entries"]
    assert first["request"]["url"] == "http://localhost/covers/echo?token=REDACTED&a=1"
    assert first["request"]["postData"]["text"] == '{"password": "REDACTED"}'
    assert "secret" not in json.dumps(first["request"])
    assert second["response"]["status"] == 403
    chosen = console.get("/_/api/requests.har?numbers=2").get_json()["log"]["entries"]
    assert [entry["request"]["url"] for entry in chosen] == ["http://localhost/nowhere"]


def test_bodies_headers_and_log_are_searched(console: Client) -> None:
    console.post("/covers/echo", json={"colour": "Vermilion"})
    console.get("/covers/echo", headers={"X-Shelf": "vermilion"})
    console.get("/nowhere")
    assert console.get("/_/api/search?q=VERMILION").get_json() == {"numbers": [1, 2]}
    assert console.get("/_/api/search?q=vermilion+colour").get_json() == {"numbers": [1]}


def test_operations_come_with_their_examples(console: Client) -> None:
    operations = console.get("/_/api/operations").get_json()["operations"]
    books = next(o for o in operations if (o["method"], o["path"]) == ("POST", "/books"))
    [example] = books["bodies"]["application/json"]
    assert {"isbn", "title"} <= set(example["value"])
    assert {"name", "in", "required", "example"} <= set(books["parameters"][0])


def test_coverage_tells_what_was_seen_and_what_never(console: Client) -> None:
    for _ in range(2):
        console.post("/books?dry=1", json={"isbn": "1"}, headers={"X-Reader": "me"})
    console.get("/nowhere")
    post(console, "clear")
    report = console.get("/_/api/coverage").get_json()
    assert report["unknown"] == 1
    books = next(o for o in report["operations"] if o["operation"] == "POST /books")
    assert books["calls"] == 2
    counts = {status["name"]: status["calls"] for status in books["statuses"]}
    assert counts["400"] == 2
    assert {p["name"]: p["calls"] for p in books["parameters"]}["X-Reader"] == 2
    assert {m["name"]: m["calls"] for m in books["media_types"]} == {"application/json": 2}


@pytest.mark.parametrize("action", ["requests/1/replay", "requests/1/save", "send", "clear"])
def test_other_sites_cannot_act(console: Client, action: str) -> None:
    console.get("/covers/echo")
    assert console.post(f"/_/api/{action}").status_code == 403


@pytest.mark.parametrize("path", ["/_/", "/_/stream", "/_/api/requests/1", "/_/docs"])
def test_other_names_and_origins_see_nothing(console: Client, path: str) -> None:
    console.get("/covers/echo")
    assert console.get(path, headers={"Host": "evil.test"}).status_code == 403
    assert console.get(path, headers={"Origin": "http://evil.test"}).status_code == 403
    assert console.get("/covers/echo", headers={"Host": "evil.test"}).status_code == 200


@pytest.mark.parametrize("path", ["/_/", "/_/docs", "/_/api/coverage", "/_/nothing"])
def test_every_page_refuses_frames(console: Client, path: str) -> None:
    headers = console.get(path).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers.getlist("Content-Security-Policy")[0].endswith("frame-ancestors 'none'")
    assert len(headers.getlist("Content-Security-Policy")) == 1


@pytest.mark.parametrize("path", ["requests/9", "requests/9/as/curl", "requests/9/request"])
def test_a_request_that_is_gone_is_a_404(console: Client, path: str) -> None:
    response = console.get(f"/_/api/{path}")
    assert response.status_code == 404
    assert response.get_json()["detail"] == "that request is no longer kept"


PAGES = Path(__file__).parents[3] / "scripts/samspec/server/pages"


@pytest.mark.parametrize("name", sorted(p.name for p in PAGES.iterdir() if p.is_file()))
def test_the_pages_files_are_served(console: Client, name: str) -> None:
    pages = {"console.html": "", "docs.html": "docs"}
    response = console.get(f"/_/{pages.get(name, name)}")
    assert response.data == (PAGES / name).read_bytes()
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_is_small() -> None:
    parts = [p for p in PAGES.iterdir() if p.suffix in (".js", ".css") or p.name == "console.html"]
    assert sum(part.stat().st_size for part in parts) < 100_000


def test_the_docs_are_of_the_running_spec(console: Client) -> None:
    document = console.get("/_/openapi.json").get_json()
    assert document["servers"] == [{"url": "/"}]
    assert document["paths"]["/health"]["get"]["x-amazon-apigateway-integration"]["type"] == "mock"
    assert console.get("/_/openapi.json?api=Nothing").status_code == 404


def test_the_renderer_comes_compressed_or_not(console: Client) -> None:
    plain = console.get("/_/docs/swagger-ui.css")
    assert b".swagger-ui" in plain.data
    packed = console.get("/_/docs/swagger-ui.css", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 4


@pytest.mark.parametrize(
    "path", ["/_/nothing", "/_/docs/nothing.js", "/_/docs/..%2fconsole.html", "/_/nothing.js"]
)
def test_unknown_pages_are_a_404(console: Client, path: str) -> None:
    assert console.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/_", "/_/requests"])
def test_earlier_addresses_lead_to_the_console(console: Client, path: str) -> None:
    assert console.get(path).headers["Location"] == "/_/"


def test_a_head_request_has_headers_only(console: Client) -> None:
    response = console.head("/_/")
    assert (response.status_code, response.data) == (200, b"")
    assert int(response.headers["Content-Length"]) > 0
