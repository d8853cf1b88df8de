import pytest
from samspec.gateway.errors import GatewayError
from samspec.gateway.routes import Route
from samspec.gateway.throttle import Bucket, Throttle

ROUTE = Route("GET", "/books/{isbn}", {}, {})


def test_a_bucket_lets_its_burst_through_and_fills_at_its_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    bucket = Bucket(rate=2, size=3)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now += 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now += 60
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize("path", ["/*", "/books/{isbn}", "/~1books~1{isbn}"])
@pytest.mark.parametrize("method", ["*", "GET"])
def test_beyond_the_rate_of_method_settings_is_a_429(path: str, method: str) -> None:
    limits = {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 1}
    throttle = Throttle([{"ResourcePath": path, "HttpMethod": method, **limits}])
    throttle.take(ROUTE, "GET")
    with pytest.raises(GatewayError, match="Too Many Requests"):
        throttle.take(ROUTE, "GET")


def test_the_most_specific_setting_wins() -> None:
    tight = {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 1}
    wide = {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 9}
    throttle = Throttle(
        [
            {"ResourcePath": "/*", "HttpMethod": "*", **tight},
            {"ResourcePath": ROUTE.resource, "HttpMethod": "GET", **wide},
        ]
    )
    for _ in range(9):
        throttle.take(ROUTE, "GET")
    throttle.take(ROUTE, "PUT")
    with pytest.raises(GatewayError):
        throttle.take(ROUTE, "PUT")


def test_nothing_is_throttled_without_settings_or_when_it_is_off() -> None:
    free, off = (
        Throttle([{"MetricsEnabled": True}]),
        Throttle([{"ThrottlingRateLimit": 0, "ThrottlingBurstLimit": 0}]),
    )
    off.enabled = False
    for _ in range(50):
        free.take(ROUTE, "GET")
        off.take(ROUTE, "GET")
