"""The routes that an OpenAPI definition makes, and API Gateway's rules for choosing among them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from samspec.sam.operations import ANY, INTEGRATION, METHODS
from samspec.sam.references import resolve, target

INTEGRATION_LIMIT = 29_000  # milliseconds [D]
DEFAULT = "$default"  # the route of an HTTP API for what no other takes
STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


@dataclass(frozen=True)
class Route:
    method: str  # upper case, or ANY
    resource: str  # the path as the spec writes it: /users/{id}
    operation: dict[str, Any] = field(repr=False)  # with the path item's parameters merged in
    integration: dict[str, Any] = field(repr=False)

    @property
    def type(self) -> str:
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

    def without_templates(self) -> "Route":
        """The same route, whose integration hands bodies on as they are."""
        integration = {**self.integration, "requestTemplates": {}, "passthroughBehavior": ""}
        return replace(self, integration=integration)

    @cached_property
    def _target(self) -> tuple[str | None, str | None]:
        return target(self.integration.get("uri", ""))

    def __str__(self) -> str:
        return f"{self.method} {self.resource}"


class Router:
    """Static segments win over parameters, and those over a greedy `{proxy+}`; `$default` is last.

    A named method wins over ANY.
    """

    def __init__(self, routes: list[Route], *, ignores_trailing_slash: bool = True):
        self._ignores_trailing_slash = ignores_trailing_slash
        self._by_resource: dict[str, dict[str, Route]] = {}
        for route in routes:
            self._by_resource.setdefault(route.resource, {})[route.method] = route
        resources = [resource for resource in self._by_resource if resource != DEFAULT]
        self._patterns = [(_pattern(r), r) for r in sorted(resources, key=_specificity)]
        self._default = self._by_resource.get(DEFAULT, {}).get("ANY")

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        """The route for a raw (still percent-encoded) path, and its parameters, not decoded."""
        if self._ignores_trailing_slash and path.endswith("/") and path != "/":
            path = path[:-1]
        for pattern, resource in self._patterns:
            match = pattern.fullmatch(path)
            if match:
                methods = self._by_resource[resource]
                route = methods.get(method) or methods.get("ANY")
                if route:
                    return route, dict(zip(_names(resource), match.groups(), strict=True))
        return self._default, {}


def read(spec: dict[str, Any], variables: Mapping[str, str]) -> list[Route]:
    """The routes of a definition; `variables` are the stage's, which uris may name."""
    routes = []
    for path, node in spec["paths"].items():
        item = resolve(spec, node or {})
        keys = [key for key in item if key.lower() in METHODS or key == ANY]
        routes += [_route(path, key, item, variables) for key in keys]
    return routes


def _route(path: str, key: str, item: dict[str, Any], variables: Mapping[str, str]) -> Route:
    own = item[key] or {}
    shared = item.get("parameters") or []
    operation = {**own, "parameters": [*shared, *(own.get("parameters") or [])]}
    method = "ANY" if key == ANY else key.upper()
    integration = dict(own.get(INTEGRATION) or {})
    if isinstance(integration.get("uri"), str):
        integration["uri"] = _with_variables(integration["uri"], variables)
    return Route(method, path, operation, integration)


def _with_variables(uri: str, variables: Mapping[str, str]) -> str:
    """The uri with the stage's variables in it: `...function:${stageVariables.name}/...`."""
    return STAGE_VARIABLE.sub(lambda match: variables.get(match[1], ""), uri)


def _segments(resource: str) -> list[str]:
    return resource.strip("/").split("/")


def _names(resource: str) -> list[str]:
    return [segment.strip("{+}") for segment in _segments(resource) if segment.startswith("{")]


def _specificity(resource: str) -> list[tuple[int, str]]:
    """Static segments come before parameters, and those before greedy ones."""
    weights = []
    for segment in _segments(resource):
        weight = 0
        if segment.startswith("{"):
            weight = 2 if segment.endswith("+}") else 1
        weights.append((weight, segment))
    return weights


def _pattern(resource: str) -> re.Pattern[str]:
    parts = []
    for segment in _segments(resource):
        if not segment.startswith("{"):
            parts.append(re.escape(segment))
        else:
            parts.append("(.+)" if segment.endswith("+}") else "([^/]+)")
    return re.compile("/" + "/".join(parts), re.DOTALL)
