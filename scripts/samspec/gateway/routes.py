"""The routes that an OpenAPI definition makes, and API Gateway's rules for choosing among them."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.sam.operations import ANY, METHODS

FUNCTION = re.compile(r":function:([\w-]+)(?::([\w$-]+))?(?:/invocations)?$")


INTEGRATION_LIMIT = 29_000  # milliseconds [D]


@dataclass(frozen=True)
class Route:
    method: str  # upper case, or ANY
    resource: str  # the path as the spec writes it: /users/{id}
    operation: dict[str, Any] = field(repr=False)  # with the path item's parameters merged in
    integration: dict[str, Any] = field(repr=False)

    @property
    def kind(self) -> str:
        """aws_proxy, mock, or a type that is not emulated."""
        return str(self.integration.get("type", "none")).lower()

    @property
    def function(self) -> str | None:
        """The name of the function that an aws_proxy integration calls."""
        return self._target[0]

    @property
    def qualifier(self) -> str | None:
        """The alias or version of that function."""
        return self._target[1]

    @property
    def timeout(self) -> float:
        """How long the gateway waits for the integration, in seconds."""
        return min(INTEGRATION_LIMIT, int(self.integration.get("timeoutInMillis", 29_000))) / 1000

    @cached_property
    def _target(self) -> tuple[str | None, str | None]:
        found = FUNCTION.search(str(self.integration.get("uri", "")))
        return (found[1], found[2]) if found else (None, None)

    def __str__(self) -> str:
        return f"{self.method} {self.resource}"


class Router:
    """Static segments win over parameters, and those over a greedy `{proxy+}`; a named method over ANY."""

    def __init__(self, routes: list[Route]):
        self._by_resource: dict[str, dict[str, Route]] = {}
        for route in routes:
            self._by_resource.setdefault(route.resource, {})[route.method] = route
        self._patterns = [(_pattern(r), r) for r in sorted(self._by_resource, key=_specificity)]

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        """The route for a raw (still percent-encoded) path, and its path parameters, not decoded either."""
        path = path[:-1] if path.endswith("/") and path != "/" else path
        for pattern, resource in self._patterns:
            if match := pattern.fullmatch(path):
                methods = self._by_resource[resource]
                if route := methods.get(method) or methods.get("ANY"):
                    return route, dict(zip(_names(resource), match.groups(), strict=True))
        return None, {}


def read(spec: dict[str, Any], where: str) -> list[Route]:
    paths = spec.get("paths")
    if not isinstance(paths, dict) or not paths:
        raise ProjectError(f"{where}: no paths in the API definition: is this an OpenAPI document?")
    keys = [
        (path, key)
        for path, item in paths.items()
        for key in item
        if key.lower() in METHODS or key == ANY
    ]
    return [_route(path, key, paths[path]) for path, key in keys]


def _route(path: str, key: str, item: dict[str, Any]) -> Route:
    own = item[key] or {}
    operation = {**own, "parameters": [*item.get("parameters", []), *own.get("parameters", [])]}
    method = "ANY" if key == ANY else key.upper()
    return Route(method, path, operation, own.get("x-amazon-apigateway-integration") or {})


def _segments(resource: str) -> list[str]:
    return resource.strip("/").split("/")


def _names(resource: str) -> list[str]:
    return [segment.strip("{+}") for segment in _segments(resource) if segment.startswith("{")]


def _specificity(resource: str) -> list[tuple[int, str]]:
    return [
        (segment.startswith("{") + segment.endswith("+}"), segment)
        for segment in _segments(resource)
    ]


def _pattern(resource: str) -> re.Pattern[str]:
    parts = [
        ("([^/]+)", "(.+)")[s.endswith("+}")] if s[:1] == "{" else re.escape(s)
        for s in _segments(resource)
    ]
    return re.compile("/" + "/".join(parts), re.DOTALL)
