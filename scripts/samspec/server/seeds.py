"""Plausible resources, made through the API itself: whatever its first POST operation takes."""

import itertools
import json
from typing import Any

from samspec.gateway.application import Gateway
from samspec.gateway.events import Request
from samspec.gateway.validators import resolved
from samspec.sam.errors import ProjectError

FIRST = (
    "Ada",
    "Alan",
    "Barbara",
    "Claude",
    "Dorothy",
    "Edsger",
    "Frances",
    "Grace",
    "Hedy",
    "John",
    "Radia",
)
LAST = (
    "Allen",
    "Dijkstra",
    "Hamilton",
    "Hopper",
    "Johnson",
    "Knuth",
    "Liskov",
    "Lovelace",
    "Shannon",
    "Turing",
)


def plant(gateway: Gateway, count: int) -> str:
    """Create `count` resources; how many came to be, in words."""
    routes = [
        r
        for r in gateway.routes
        if r.method == "POST" and r.kind == "aws_proxy" and "{" not in r.resource
    ]
    if not routes:
        raise ProjectError("--seed: the API has no POST operation to create resources with")
    body = resolved(gateway.spec, routes[0].operation.get("requestBody") or {})
    schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    for number, person in zip(range(count), people(), strict=False):
        data = json.dumps(value(gateway.spec, schema, "", person, number)).encode()
        answer = gateway.handle(
            Request(
                "POST",
                routes[0].resource,
                [],
                [("Content-Type", "application/json")],
                data,
                url=routes[0].resource,
            )
        )
        if answer.response.status >= 300:
            raise ProjectError(
                f"--seed: {routes[0]} answered {answer.response.status}: {answer.response.reason}"
            )
    return f"{count} created by {routes[0]}"


def people() -> itertools.chain[str]:
    names = [f"{first} {last}" for last in LAST for first in FIRST]
    return itertools.chain(names, (f"{name} {n}" for n in itertools.count(2) for name in names))


def value(spec: dict[str, Any], schema: dict[str, Any], name: str, person: str, number: int) -> Any:
    """A value for the schema; a string called or formatted e-mail is an address, one called name a name."""
    schema = resolved(spec, schema)
    if "properties" in schema:
        return {
            key: value(spec, item, key, person, number)
            for key, item in schema["properties"].items()
        }
    if "mail" in name.lower() or schema.get("format") == "email":
        return person.lower().replace(" ", ".") + "@example.com"
    if "name" in name.lower():
        return person
    number += schema.get("minimum", 0)
    plain = {"integer": number, "number": number, "boolean": True, "array": [], "object": {}}
    return schema.get("enum", [schema.get("example", plain.get(schema.get("type", ""), person))])[0]
