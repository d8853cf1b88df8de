"""What runs for these tests: `sam build`, DynamoDB Local, and the two ways to run the API over
it.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from samspec.aws import tables
from samspec.sam import documents
from samspec.sam.template import Template
from samspec.sam_local import api, dynamodb, processes

ROOT = Path(__file__).parent.parent.parent
Start = Callable[..., str]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--dynamodb-jar", type=Path, help="DynamoDBLocal.jar (default: its Docker image)"
    )


@pytest.fixture(scope="session")
def built() -> Path:
    """The template that `sam build` leaves next to its artifacts, where another Python has run the
    handlers before.
    """
    other = ROOT / "handlers/users/__pycache__/user.cpython-399.pyc"
    other.parent.mkdir(exist_ok=True)
    other.touch()
    try:
        return api.build(ROOT / "template.yaml")
    finally:
        other.unlink()


@pytest.fixture(scope="session")
def quiet(built: Path) -> Path:
    """The built template without log lines: they make `sam local` wait a second for the end of its
    own.
    """
    document = documents.read(built)
    document["Globals"]["Function"]["Environment"]["Variables"]["LOG_LEVEL"] = "ERROR"
    return _written(document, built.with_name("quiet.yaml"))


@pytest.fixture(scope="session")
def echo(quiet: Path) -> Path:
    """The built template, each function replaced by one that returns its event."""
    document = documents.read(quiet)
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            code = str(Path(__file__).parent / "echo")
            resource["Properties"] |= {"CodeUri": code, "Handler": "echo.handler"}
    return _written(document, quiet.with_name("echo.yaml"))


def _written(document: dict[str, Any], path: Path) -> Path:
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


@pytest.fixture(scope="session")
def start_database(pytestconfig: pytest.Config) -> Iterator[Start]:
    """Starts a DynamoDB Local with the template's tables, empty; its URL."""
    with ExitStack() as started:

        def start() -> str:
            endpoint = started.enter_context(
                dynamodb.endpoint(None, pytestconfig.getoption("--dynamodb-jar"))
            )
            tables.connect(Template(ROOT / "template.yaml"), endpoint)
            return endpoint

        yield start


@pytest.fixture(scope="session")
def start_gateway() -> Iterator[Start]:
    """Starts `scripts/start` as a process of its own; its URL."""
    yield from _starter(_gateway)


@pytest.fixture(scope="session")
def start_sam_local() -> Iterator[Start]:
    """Starts `sam local start-api`; its URL."""
    yield from _starter(api.running)


def _starter(
    running: Callable[[Path, str, int], AbstractContextManager[object]],
) -> Iterator[Start]:
    with ExitStack() as started:

        def start(template: Path, endpoint: str) -> str:
            port = processes.free_port()
            started.enter_context(running(template, endpoint, port))
            return f"http://127.0.0.1:{port}"

        yield start


@contextmanager
def _gateway(template: Path, endpoint: str, port: int) -> Iterator[None]:
    command = [
        sys.executable,
        "-m",
        "samspec",
        "start",
        "--template",
        str(template),
        "--dynamodb",
        endpoint,
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    with processes.running([*command, "--port", str(port), "--quiet"], port, env=environment):
        yield
