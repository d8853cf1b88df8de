"""Plausible resources, made through the API itself: whatever its POST operations create."""

import json
import re
from typing import Any

from samspec.gateway.application import Gateway
from samspec.gateway.authorization.trusted import credentials
from samspec.gateway.events import Request
from samspec.gateway.routes import Route
from samspec.sam.errors import ProjectError
from samspec.sam.references import resolve
from samspec.sam.values import NoValue, value

PARAMETER = re.compile(r"\{[^}]+\}")


def plant(gateway: Gateway, count: int) -> str:
    """Create `count` resources by each operation that creates; how many came to be, in words.

    What belongs to another resource (POST /users/{id}/orders) is spread over those just created.
    """
    planted: dict[str, list[str]] = {}  # the ids, by the path of their collection
    report = []
    for route in _creating(gateway):
        paths = _paths(route.resource, planted)
        if paths:
            ids = [_create(gateway, route, paths[n % len(paths)], n) for n in range(count)]
            planted[route.resource] = [id for id in ids if id]
            report.append(f"{count} created by {route}")
    if not report:
        raise ProjectError("--seed: the API has no POST operation to create resources with")
    return ", ".join(report)


def _creating(gateway: Gateway) -> list[Route]:
    """The operations that document a 201, or every POST if none does; parents first."""
    posts = [route for route in gateway.routes if route.method == "POST" and route.function]
    documented = [r for r in posts if "201" in map(str, r.operation.get("responses", {}))]
    return sorted(documented or posts[:1], key=lambda route: route.resource.count("/"))


def _paths(resource: str, planted: dict[str, list[str]]) -> list[str]:
    """The paths to create at: one per parent, none if the parents are not known."""
    parent, separator, rest = resource.partition("/{")
    if not separator:
        return [resource]
    rest = rest.partition("}")[2]
    paths = [f"{parent}/{id}{rest}" for id in planted.get(parent, [])]
    return [path for path in paths if not PARAMETER.search(path)]


def _create(gateway: Gateway, route: Route, path: str, number: int) -> str:
    """The id of the new resource; empty if its representation has none."""
    data = json.dumps(_body(gateway, route, number)).encode()
    headers = [("Content-Type", "application/json")]
    headers += credentials(gateway.project.source.apis).items()
    exchange = gateway.handle(Request("POST", path, [], headers, data, url=path))
    response = exchange.response
    if response.status >= 300:
        raise ProjectError(f"--seed: {route} responded with {response.status}: {response.reason}")
    try:
        created = json.loads(response.body or b"null")
    except ValueError:
        return ""
    return str(created.get("id", "")) if isinstance(created, dict) else ""


def _body(gateway: Gateway, route: Route, number: int) -> Any:
    def resolved(node: Any) -> Any:
        return resolve(gateway.spec, node)

    content = resolved(route.operation.get("requestBody") or {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    try:
        return value(schema, number, resolved)
    except NoValue as error:
        raise ProjectError(f"--seed: {route}: {error}") from None
