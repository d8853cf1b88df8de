"""Small SAM projects of every kind: what AWS does with each, and that the local gateway does it
too.

Each file in cases/ is a project: its files, requests with the responses of AWS, what is named at
start, and where AWS says so. specs/local-gateway.md has the table that is made of them.
"""

import json
import threading
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from samspec.gateway import Gateway
from samspec.local import local_api
from samspec.sam.errors import ProjectError
from samspec.sam.template import Settings
from samspec.server.invoke import main as invoke
from werkzeug import Request, Response
from werkzeug.serving import make_server
from werkzeug.test import Client, TestResponse

from tests.samspec.projects import table

CASES = sorted(Path(__file__).parent.glob("cases/*.yaml"))


@pytest.fixture(params=CASES, ids=lambda path: path.stem)
def case(request: pytest.FixtureRequest) -> Any:
    return yaml.safe_load(request.param.read_text())


@pytest.fixture
def template(case: Any, tmp_path: Path) -> Path:
    return written(case, tmp_path)


def written(case: Any, folder: Path) -> Path:
    """The path of the template of the case, whose files are in the folder then."""
    for name, text in case["files"].items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, dict):
            pack(file, text)
        else:
            file.write_text(text)
    return folder / str(case.get("template", "template.yaml"))


def pack(file: Path, members: dict[str, str]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)


@pytest.fixture
def backend(case: Any) -> Iterator[str]:
    """The address of a server that says what it was asked; empty if the case needs none."""
    if "backend" not in case:
        yield ""
        return
    server = make_server("127.0.0.1", 0, echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    request = Request(environ)
    path = request.full_path.rstrip("?")
    asked = {"path": path, "method": request.method, "body": request.get_data(as_text=True)}
    response = Response(json.dumps(asked), 203, {"X-Path": path}, mimetype="application/json")
    return response(environ, start_response)


@pytest.fixture
def gateway(case: Any, template: Path, backend: str) -> Iterator[Gateway]:
    with local_api(template, settings=settings(case, backend)) as api:
        yield api.application
        for name in api.tables:
            api.dynamodb.delete_table(TableName=name)


def settings(case: Any, backend: str) -> Settings:
    settings = case.get("settings") or {}
    if backend:
        settings = {"parameters": {"Backend": backend}}
    parameters = {name: str(value) for name, value in (settings.get("parameters") or {}).items()}
    region = settings.get("region", "us-east-1")
    return Settings(parameters, settings.get("values") or {}, region)


def test_a_project_runs_as_on_aws(case: Any, request: pytest.FixtureRequest) -> None:
    if "refused" in case:
        with pytest.raises(ProjectError) as refused:
            request.getfixturevalue("gateway")
        assert all(words in str(refused.value) for words in case["refused"])
        return
    gateway = request.getfixturevalue("gateway")
    for words in case.get("named", []):
        assert [gap for gap in gateway.project.gaps if words in gap], gateway.project.gaps
    if "named" not in case:
        assert gateway.project.gaps == []
    for exchange in case["requests"]:
        if "deliver" in exchange:
            poller = gateway.poller()
            assert poller
            assert poller.poll() > 0
        else:
            check(exchange, send(gateway, exchange))


def test_a_function_is_invoked_with_an_event_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = yaml.safe_load((CASES[0].parent / "sam-init-hello-world.yaml").read_text())
    template = written(case, tmp_path)
    event = str(tmp_path / "events/event.json")

    assert invoke(["HelloWorldFunction", "--template", str(template), "--event", event]) == 0

    assert json.loads(capsys.readouterr().out)["statusCode"] == 200


def send(gateway: Gateway, exchange: Any) -> TestResponse:
    method, path = exchange["send"].split(" ", 1)
    body = exchange.get("body", "")
    headers = dict(exchange.get("headers") or {})
    if not isinstance(body, str):
        headers.setdefault("Content-Type", "application/json")
        body = json.dumps(body)
    return Client(gateway, use_cookies=False).open(path, method=method, headers=headers, data=body)


def check(exchange: Any, response: TestResponse) -> None:
    shown = f"{exchange['send']}: {response.status_code} {response.text}"
    assert response.status_code == exchange.get("status", 200), shown
    if "json" in exchange:
        holds(exchange["json"], json.loads(response.text), shown)
    if "text" in exchange:
        assert response.text == exchange["text"], shown
    for name, value in (exchange.get("response_headers") or {}).items():
        assert response.headers.get(name) == value, (name, dict(response.headers))


def holds(expected: Any, value: Any, shown: str) -> None:
    """Whether the value has all that is expected of it; an object may have more."""
    if isinstance(expected, dict):
        assert isinstance(value, dict), shown
        for name, inner in expected.items():
            assert name in value, f"no {name} in {shown}"
            holds(inner, value[name], shown)
    else:
        assert value == expected, shown


def test_each_case_says_what_aws_does_with_its_source() -> None:
    assert len(CASES) >= 30
    for path in CASES:
        case = yaml.safe_load(path.read_text())
        assert case["what"], path.name
        assert case["aws"], path.name
        assert case["source"].startswith(("https://", "observed")), path.name


def test_the_document_has_the_table_of_these_cases() -> None:
    document = table.DOCUMENT.read_text()
    assert document == table.written(document), "run python -m tests.samspec.projects.table"
