"""Requests to a deployed API that throttles."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from samspec.deploy.caller import Caller
from samspec.testing import client, patience
from werkzeug.wrappers import Response

from tests.samspec.deploy.notes import served


class Throttled:
    """It refuses this many requests with 429."""

    def __init__(self) -> None:
        self.refusals = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.refusals -= 1
        status = 429 if self.refusals >= 0 else 200
        return Response("", status)(environ, start_response)


@pytest.fixture
def throttled(monkeypatch: pytest.MonkeyPatch) -> Throttled:
    monkeypatch.setattr(patience, "PAUSE", 0.01)
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    return Throttled()


@pytest.fixture
def url(throttled: Throttled) -> Iterator[str]:
    with served(throttled) as url:
        yield url


def of_the_tests(url: str) -> int:
    return client.over_http(url)("GET", "/", {}, b"").status


def of_the_smoke_test(url: str) -> int:
    return Caller(url, "us-east-1").call("GET", url).status_code


@pytest.mark.parametrize("status", [of_the_tests, of_the_smoke_test])
def test_what_is_throttled_is_sent_again_for_a_while(
    status: Callable[[str], int], throttled: Throttled, url: str
) -> None:
    throttled.refusals = 2
    assert status(url) == 200

    throttled.refusals = 1000
    assert status(url) == 429
