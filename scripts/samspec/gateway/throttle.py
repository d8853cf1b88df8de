"""Throttling by the stage's MethodSettings: one token bucket per method."""

import threading
import time
from typing import Any

from samspec.gateway.errors import GatewayError
from samspec.gateway.routes import Route
from samspec.sam.once import once


class Throttle:
    """`enabled` is for tools that measure or flood."""

    def __init__(self, settings: list[dict[str, Any]]):
        self.enabled = True
        self._settings = {}
        for setting in settings:
            if "ThrottlingRateLimit" in setting:
                path = str(setting.get("ResourcePath", "/*")).replace("~1", "/").lstrip("/")
                self._settings[f"/{path}", str(setting.get("HttpMethod", "*"))] = setting
        self._bucket = once(self._new_bucket)

    def take(self, route: Route, method: str) -> None:
        """Take a token for the method, or raise the 429."""
        bucket = self._bucket(route.resource, method)
        if self.enabled and bucket and not bucket.take():
            limit = f"{bucket.rate:g} requests per second, burst of {bucket.size:g}"
            reason = f"beyond {limit} (MethodSettings)"
            raise GatewayError("THROTTLED", "Too Many Requests", reason=reason)

    def _new_bucket(self, resource: str, method: str) -> "Bucket | None":
        for key in ((resource, method), (resource, "*"), ("/*", method), ("/*", "*")):
            if key in self._settings:
                rate = float(self._settings[key]["ThrottlingRateLimit"])
                return Bucket(rate, float(self._settings[key].get("ThrottlingBurstLimit", rate)))
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
