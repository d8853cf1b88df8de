"""Which operations, parameters and statuses of the spec have been seen since the start."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from samspec.gateway.application import Exchange
from samspec.gateway.deployment import Deployment
from samspec.gateway.project import RunningProject
from samspec.gateway.routes import Route
from samspec.sam.references import resolve
from samspec.server.operations import prefix


@dataclass
class Seen:
    """How often an operation was called, and with what."""

    calls: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    parameters: Counter[tuple[str, str]] = field(default_factory=Counter)
    media_types: Counter[str] = field(default_factory=Counter)
    mismatches: int = 0


class Coverage:
    """Counts what exchanges show of the spec; nothing is forgotten when requests are."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Seen] = {}
        self._unknown = 0
        self._lock = threading.Lock()

    def add(self, exchange: Exchange) -> None:
        """Count an exchange that has its response."""
        with self._lock:
            if exchange.route is None:
                self._unknown += 1
                return
            seen = self._seen.setdefault(_place(exchange.deployment, exchange.route), Seen())
            seen.calls += 1
            seen.statuses[str(exchange.response.status)] += 1
            seen.parameters.update(_present(exchange))
            seen.mismatches += 1 if exchange.mismatches else 0
            if exchange.request.body:
                seen.media_types[exchange.request.media_type] += 1

    def report(self, project: RunningProject) -> dict[str, Any]:
        """`operations`, in the order of the specs, each with what was seen of it and what not.

        `unknown` counts the requests that no operation takes.
        """
        with self._lock:
            operations = []
            for deployment in project.deployments.values():
                before = prefix(project, deployment)
                operations += [self._operation(deployment, r, before) for r in deployment.routes]
            return {"operations": operations, "unknown": self._unknown}

    def _operation(self, deployment: Deployment, route: Route, prefix: str) -> dict[str, Any]:
        spec = deployment.spec
        seen = self._seen.get(_place(deployment, route), Seen())
        body = resolve(spec, route.operation.get("requestBody") or {})
        declared = [str(status) for status in route.operation.get("responses") or {}]
        parameters = []
        for node in route.operation.get("parameters", []):
            parameter = resolve(spec, node)
            place, name = parameter["in"], parameter["name"]
            calls = seen.parameters[place, _key(place, name)]
            parameters.append({"name": name, "in": place, "calls": calls})
        return {
            "operation": route.operation.get("operationId") or str(route),
            "method": route.method,
            "path": prefix + route.resource,
            "calls": seen.calls,
            "mismatches": seen.mismatches,
            "statuses": _counts(declared, seen.statuses),
            "parameters": parameters,
            "media_types": _counts(list(body.get("content") or {}), seen.media_types),
        }


def _counts(declared: list[str], seen: Counter[str]) -> list[dict[str, Any]]:
    """What the spec declares, then what was seen beyond it."""
    calls: Counter[str] = Counter(dict.fromkeys(declared, 0))
    for name, count in seen.items():
        calls[_declaration(name, declared)] += count
    beyond = sorted(set(calls) - set(declared))
    return [
        {"name": name, "calls": calls[name], "declared": name in declared}
        for name in [*declared, *beyond]
    ]


def _declaration(status: str, declared: list[str]) -> str:
    """The entry of the spec that covers a status: itself, its range, the default; or the status."""
    for name in (status, f"{status[0]}XX", f"{status[0]}xx", "default"):
        if name in declared:
            return name
    return status


def _present(exchange: Exchange) -> set[tuple[str, str]]:
    """The parameters that a request has, as (place, name)."""
    request, scope = exchange.request, exchange.scope
    present = {("query", name) for name, _ in request.query}
    present |= {("header", name.lower()) for name, _ in request.headers}
    present |= {("path", name) for name in (scope.parameters if scope else ())}
    cookies = (request.header("Cookie") or "").split(";")
    return present | {("cookie", cookie.partition("=")[0].strip()) for cookie in cookies}


def _key(place: str, name: str) -> str:
    return name.lower() if place == "header" else name


def _place(deployment: Deployment | None, route: Route) -> tuple[str, str]:
    return (deployment.name if deployment else "", str(route))
