"""The routes that an OpenAPI definition makes, and API Gateway's rules for choosing among them."""

import re
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import ProjectError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY = "x-amazon-apigateway-any-method"
FUNCTION = re.compile(r":function:([\w-]+)(?::([\w$-]+))?(?:/invocations)?$")


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
        found = FUNCTION.search(str(self.integration.get("uri", "")))
        return found and found[1]

    @property
    def qualifier(self) -> str | None:
        found = FUNCTION.search(str(self.integration.get("uri", "")))
        return found and found[2]

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
    return [
        _route(resource, key, item)
        for resource, item in paths.items()
        for key in item
        if key.lower() in METHODS or key == ANY
    ]


def _route(resource: str, key: str, item: dict[str, Any]) -> Route:
    own = item[key] or {}
    parameters = [*item.get("parameters", []), *own.get("parameters", [])]
    return Route(
        "ANY" if key == ANY else key.upper(),
        resource,
        {**own, "parameters": parameters},
        own.get("x-amazon-apigateway-integration") or {},
    )


def _segments(resource: str) -> list[str]:
    return resource.strip("/").split("/")


def _names(resource: str) -> list[str]:
    return [segment[1:-1].rstrip("+") for segment in _segments(resource) if segment.startswith("{")]


def _specificity(resource: str) -> list[tuple[int, str]]:
    return [(2 if s.endswith("+}") else 1 if s.startswith("{") else 0, s) for s in _segments(resource)]


def _pattern(resource: str) -> re.Pattern[str]:
    def part(segment: str) -> str:
        if segment.endswith("+}"):
            return "(.+)"
        return "([^/]+)" if segment.startswith("{") else re.escape(segment)

    return re.compile("/" + "/".join(map(part, _segments(resource))), re.DOTALL)
