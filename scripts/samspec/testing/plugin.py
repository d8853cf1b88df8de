"""Fixtures for the tests of a project's API: the local API in the tests' process, or a URL.

Options: `--base-url URL`, `--header`, `--sam-local`, `--record`. Markers: `in_process`,
`not_in_sam_local(fact)`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samspec.gateway.authorization.trusted import credentials
from samspec.local import LocalApi, in_process, local_api
from samspec.sam import documents
from samspec.sam.project import Project
from samspec.testing import client
from samspec.testing.dynamodb import DynamoDB

pytest_plugins = ["samspec.testing.recorder"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--base-url", help="run tests against the API at this URL")
    parser.addoption(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="credentials for the API at --base-url",
    )
    parser.addoption(
        "--sam-local", action="store_true", help="the API at --base-url is behind sam local"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        difference = item.get_closest_marker("not_in_sam_local")
        if difference and config.getoption("--sam-local"):
            reason = f"sam local: {difference.args[0]}"
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
        if item.get_closest_marker("in_process") and config.getoption("--base-url"):
            item.add_marker(pytest.mark.skip(reason="needs the gateway in this process"))


@pytest.fixture(scope="session")
def spec(pytestconfig: pytest.Config) -> Any:
    """The project's OpenAPI document, as its file has it."""
    return documents.read(pytestconfig.rootpath / Project(pytestconfig.rootpath).spec.name)


@pytest.fixture(scope="session")
def local(pytestconfig: pytest.Config) -> Iterator[LocalApi]:
    """The project's API with its functions in this process; it does not throttle."""
    with local_api(Path(pytestconfig.rootpath), runner=in_process()) as api:
        yield api


@pytest.fixture(scope="session", autouse=True)
def _issuer_of_the_tests(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """A key of the tests' own for tokens; a running API takes only those of the user's key."""
    with pytest.MonkeyPatch.context() as patch:
        if not pytestconfig.getoption("--base-url"):
            patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def administrator(pytestconfig: pytest.Config) -> dict[str, str]:
    """Headers of a caller who may do everything: those of --header, or of the local issuer.

    None if the API is open.
    """
    headers = pytestconfig.getoption("--header")
    if headers:
        return dict(header.split(": ", 1) for header in headers)
    return credentials(Project(pytestconfig.rootpath).apis)


@pytest.fixture(scope="session")
def dynamodb_client(local: LocalApi) -> Any:
    """A client of the DynamoDB that the functions use."""
    return local.dynamodb


@pytest.fixture
def application(local: LocalApi) -> Any:
    """The WSGI application of the API, with empty tables."""
    local.empty()
    return local.application


@pytest.fixture
def send(request: pytest.FixtureRequest) -> client.Send:
    """How the tests' client sends: to --base-url, or in process to empty tables."""
    if base_url := request.config.getoption("--base-url"):
        return client.over_http(base_url.rstrip("/"))
    return client.in_process(request.getfixturevalue("application"))


@pytest.fixture
def dynamodb(application: Any, local: LocalApi, monkeypatch: pytest.MonkeyPatch) -> DynamoDB:
    """The tables' contents, and faults to inject into the functions' calls."""
    return DynamoDB(local.dynamodb, local.tables, monkeypatch)
