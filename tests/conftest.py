"""One client for every test: the API in process (the default), or at --base-url."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto import mock_aws
from samspec.aws import embedded, tables
from samspec.gateway import Gateway
from samspec.gateway.authorization.trusted import credentials
from samspec.runtime.in_process import InProcess
from samspec.sam.project import Project

from tests.client import Api, in_process, over_http
from tests.dynamodb import REGION, DynamoDB

pytest_plugins = ["tests.recorder"]

ROOT = Path(__file__).parent.parent
SPEC = yaml.safe_load((ROOT / "specs/api/users-api.yaml").read_text())


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--base-url", help="run tests/integration against the API at this URL")
    parser.addoption(
        "--sam-local",
        action="store_true",
        help="the API at --base-url is behind `sam local start-api`",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        difference = item.get_closest_marker("not_in_sam_local")
        if difference and config.getoption("--sam-local"):
            item.add_marker(
                pytest.mark.xfail(reason=f"sam local: {difference.args[0]}", strict=True)
            )
        if item.get_closest_marker("in_process") and config.getoption("--base-url"):
            item.add_marker(pytest.mark.skip(reason="needs the gateway in this process"))


@pytest.fixture(scope="session")
def dynamodb_client() -> Iterator[Any]:
    """A client of moto's DynamoDB; every function's calls go to moto as well."""
    embedded.prepare()
    with mock_aws():
        yield tables.client(REGION)


@pytest.fixture(scope="session")
def gateway(dynamodb_client: Any) -> Iterator[Gateway]:
    """The local gateway over this project's template; it does not throttle."""
    found = Gateway.from_template(ROOT / "template.yaml", runner=InProcess())
    found.project.limit_throttling(enabled=False)
    yield found
    found.close()


@pytest.fixture
def application(gateway: Gateway, dynamodb_client: Any) -> Iterator[Gateway]:
    """The gateway with empty tables."""
    names = tables.create(gateway.project.template, dynamodb_client)
    yield gateway
    for name in names:
        dynamodb_client.delete_table(TableName=name)


@pytest.fixture(scope="session")
def administrator() -> dict[str, str]:
    """Headers of a caller who may do everything; none if the API is open."""
    return credentials(Project(ROOT).apis)


@pytest.fixture
def api(request: pytest.FixtureRequest, administrator: dict[str, str]) -> Api:
    """The API as an administrator has it; anyone, if it is open."""
    if base_url := request.config.getoption("--base-url"):
        return Api(over_http(base_url.rstrip("/")), SPEC, administrator)
    return Api(in_process(request.getfixturevalue("application")), SPEC, administrator)


@pytest.fixture
def dynamodb(application: Any, dynamodb_client: Any, monkeypatch: pytest.MonkeyPatch) -> DynamoDB:
    return DynamoDB(dynamodb_client, monkeypatch)
