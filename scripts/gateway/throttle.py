"""Throttling by the stage's MethodSettings: one token bucket a method."""

import threading
import time
from typing import Any

from gateway.errors import GatewayResponse
from gateway.routes import Route


class Throttle:
    """Buckets by route; `enabled` is for tools that measure or flood."""

    def __init__(self, settings: list[dict[str, Any]]):
        self._settings = settings
        self._buckets: dict[tuple[str, str], Bucket | None] = {}
        self.enabled = True

    def take(self, route: Route, method: str) -> None:
        """Take a token for the method, or raise the 429."""
        key = (route.resource, method)
        if key not in self._buckets:
            self._buckets[key] = self._bucket(*key)
        bucket = self._buckets[key]
        if self.enabled and bucket and not bucket.take():
            reason = f"beyond {bucket.rate:g} requests a second with a burst of {bucket.size:g} (MethodSettings)"
            raise GatewayResponse("THROTTLED", "Too Many Requests", reason=reason)

    def _bucket(self, resource: str, method: str) -> "Bucket | None":
        for path, verb in ((resource, method), (resource, "*"), ("/*", method), ("/*", "*")):
            for setting in self._settings:
                stated = str(setting.get("ResourcePath", "/*"))
                stated = "/" + stated.lstrip("/").replace("~1", "/").lstrip("/")
                if stated == path and str(setting.get("HttpMethod", "*")).upper() == verb:
                    rate, burst = setting.get("ThrottlingRateLimit"), setting.get("ThrottlingBurstLimit")
                    if rate is not None or burst is not None:
                        return Bucket(float(rate if rate is not None else 10_000), float(burst or rate or 0))
        return None


class Bucket:
    def __init__(self, rate: float, size: float):
        self.rate, self.size = rate, size
        self._tokens, self._filled = size, time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self.size, self._tokens + (now - self._filled) * self.rate)
            self._filled = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
