"""Plausible resources, made through the API itself: whatever its first POST operation takes."""

import itertools
import json
from typing import Any

from gateway.application import Gateway
from gateway.errors import ProjectError
from gateway.events import Request
from gateway.routes import Route
from gateway.validators import resolved

FIRST = ("Ada", "Alan", "Barbara", "Claude", "Dorothy", "Edsger", "Frances", "Grace", "Hedy", "John", "Radia")
LAST = ("Allen", "Dijkstra", "Hamilton", "Hopper", "Johnson", "Knuth", "Liskov", "Lovelace", "Shannon", "Turing")


def plant(gateway: Gateway, count: int) -> str:
    """Create `count` resources; how many came to be, in words."""
    route = next(
        (r for r in gateway.routes if r.method == "POST" and r.kind == "aws_proxy" and "{" not in r.resource), None
    )
    if not route:
        raise ProjectError("--seed: the API has no POST operation to create resources with")
    schema = _schema(gateway.spec, route)
    gateway.project.throttle.enabled = False
    for number, person in zip(range(count), people(), strict=False):
        response = gateway.answer(_request(route, value(gateway.spec, schema, "", person, number))).response
        if response.status >= 300:
            raise ProjectError(
                f"--seed: {route} answered {response.status}: {response.body.decode('utf-8', 'replace')}"
            )
    gateway.project.throttle.enabled = True
    return f"{count} created by {route}"


def _schema(spec: dict[str, Any], route: Route) -> dict[str, Any]:
    content = resolved(spec, route.operation.get("requestBody") or {}).get("content") or {}
    return (content.get("application/json") or {}).get("schema") or {}


def people() -> itertools.chain[str]:
    names = [f"{first} {last}" for last in LAST for first in FIRST]
    return itertools.chain(names, (f"{name} {n}" for n in itertools.count(2) for name in names))


def value(spec: dict[str, Any], schema: dict[str, Any], name: str, person: str, number: int) -> Any:
    """A value for the schema; a string called or formatted e-mail is an address, one called name a name."""
    schema = resolved(spec, schema)
    if "properties" in schema:
        return {key: value(spec, item, key, person, number) for key, item in schema["properties"].items()}
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "string")
    if kind in ("integer", "number"):
        return schema.get("minimum", 0) + number
    if kind == "string":
        address = person.lower().replace(" ", ".") + "@example.com"
        text = address if "mail" in name.lower() or schema.get("format") == "email" else person
        return text if "name" in name.lower() or text == address else schema.get("example", text)
    return {"boolean": True, "array": []}.get(kind, {})


def _request(route: Route, body: Any) -> Request:
    return Request(
        method="POST",
        path=route.resource,
        url=route.resource,
        query=[],
        headers=[("Content-Type", "application/json"), ("Host", "localhost")],
        body=json.dumps(body).encode(),
        source_ip="127.0.0.1",
        protocol="HTTP/1.1",
    )
