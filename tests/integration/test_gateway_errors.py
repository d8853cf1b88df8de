"""The errors that the gateway returns before it invokes a function."""

from typing import Any

import pytest

from tests.client import Api
from tests.conftest import SPEC

pytestmark = pytest.mark.in_process
OPERATIONS = [
    pytest.param(method.upper(), path, id=operation["operationId"])
    for path, item in SPEC["paths"].items()
    for method, operation in item.items()
    if "operationId" in operation
]


@pytest.fixture
def exhausted(application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway throttles, and no method has a token left."""
    monkeypatch.setattr(application.project.throttle, "enabled", True)
    monkeypatch.setattr("samspec.gateway.throttle.Bucket.take", lambda bucket: False)


@pytest.mark.criterion("create-user/13")
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_throttling_returns_an_error_of_the_usual_form(
    exhausted: None, api: Api, method: str, path: str
) -> None:
    response = api.request(method, path)

    assert response.problem() == (429, "Too many requests")
    assert response.headers["Retry-After"] == "1"


def test_a_payload_over_10_mb_is_too_large(api: Api) -> None:
    response = api.request("POST", "/users", data=b" " * (10 * 1024 * 1024 + 1))

    assert response.status == 413  # API Gateway's own body: it lets no API change this one response
