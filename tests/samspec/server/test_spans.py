"""How long each stage of an exchange takes."""

import pytest
from samspec.gateway import Gateway
from samspec.gateway.application import Exchange
from samspec.gateway.events import Request


def request(path: str) -> Request:
    return Request("GET", path, [], [], b"", url=path)


def test_an_exchange_knows_its_stages_in_order(library: Gateway) -> None:
    exchange = library.handle(request("/covers/echo"))
    assert [span.name for span in exchange.spans] == ["authorizer", "validation", "function"]
    times = [time for span in exchange.spans for time in (span.start, span.end)]
    assert times == sorted(times)
    assert times[-1] <= exchange.milliseconds


def test_a_stage_that_fails_has_its_time_too() -> None:
    exchange = Exchange(request("/"))
    with pytest.raises(ValueError, match="broken"), exchange.span("function"):
        raise ValueError("broken")
    assert [span.name for span in exchange.spans] == ["function"]
