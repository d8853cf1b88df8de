"""A second SAM project, in the style of AWS's samples, behind the gateway."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from samspec.aws import tables
from samspec.gateway import Gateway
from werkzeug.test import Client, TestResponse

LIBRARY = Path(__file__).parent / "fixtures/library/template.yaml"


@pytest.fixture(scope="session")
def library(dynamodb_client: Any) -> Iterator[Gateway]:
    gateway = Gateway.from_template(LIBRARY)
    tables.create(gateway.project.template, dynamodb_client)
    yield gateway
    gateway.close()


@pytest.fixture
def made(dynamodb_client: Any) -> Iterator[Callable[[Path], Gateway]]:
    """Makes gateways of templates, and closes them at the end."""
    gateways = []

    def make(template: Path, **options: Any) -> Gateway:
        gateways.append(Gateway.from_template(template, **options))
        return gateways[-1]

    yield make
    for gateway in gateways:
        gateway.close()


@pytest.fixture
def client(library: Gateway) -> Client:
    return Client(library)


@pytest.fixture
def event(client: Client) -> Callable[..., dict[str, Any]]:
    """Sends a request, by default a GET, and gives the event that the function got for it."""

    def send(path: str, method: str = "GET", **arguments: Any) -> dict[str, Any]:
        response: TestResponse = client.open(path, method=method, **arguments)
        assert response.status_code == 200, response.text
        body = json.loads(response.text)
        return dict(body.get("event", body))

    return send


@pytest.fixture
def altered(tmp_path: Path) -> Callable[..., Path]:
    """A copy of the library with text replaced in its template; gives the template's path."""

    def copy(*replacements: tuple[str, str], source: Path = LIBRARY) -> Path:
        text = source.read_text()
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "src").mkdir()
        for module in (source.parent / "src").glob("*.py"):
            (tmp_path / "src" / module.name).write_text(module.read_text())
        (tmp_path / "template.yaml").write_text(text)
        return tmp_path / "template.yaml"

    return copy
