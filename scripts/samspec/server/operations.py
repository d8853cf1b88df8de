"""The spec's operations with their examples, for the page's form that composes a request."""

from typing import Any

from samspec.gateway.deployment import Deployment
from samspec.gateway.project import RunningProject
from samspec.gateway.routes import Route
from samspec.sam.references import resolve
from samspec.sam.values import NoValue, value

Spec = dict[str, Any]


def described(project: RunningProject) -> list[dict[str, Any]]:
    """Each operation with its parameters and the examples of its bodies; the first API's first."""
    operations = []
    for deployment in project.deployments.values():
        for route in deployment.routes:
            if route.method != "ANY":
                operations.append(_operation(deployment.spec, route, prefix(project, deployment)))
    return operations


def prefix(project: RunningProject, deployment: Deployment) -> str:
    """What comes before the paths of an API: nothing for the first, `/Name` for others."""
    return "" if deployment is project.main else f"/{deployment.name}"


def _operation(spec: Spec, route: Route, prefix: str) -> dict[str, Any]:
    body = resolve(spec, route.operation.get("requestBody") or {})
    bodies = {}
    for media_type, content in (body.get("content") or {}).items():
        bodies[media_type] = _examples(spec, content)
    return {
        "id": route.operation.get("operationId") or str(route),
        "summary": route.operation.get("summary") or "",
        "method": route.method,
        "path": prefix + route.resource,
        "parameters": [_parameter(spec, node) for node in route.operation.get("parameters", [])],
        "bodies": bodies,
    }


def _parameter(spec: Spec, node: dict[str, Any]) -> dict[str, Any]:
    parameter = resolve(spec, node)
    examples = _examples(spec, parameter)
    return {
        "name": parameter["name"],
        "in": parameter["in"],
        "required": bool(parameter.get("required")),
        "example": examples[0]["value"] if examples else None,
    }


def _examples(spec: Spec, node: dict[str, Any]) -> list[dict[str, Any]]:
    """The named examples of a media type or parameter, its one example, or the schema's."""
    if node.get("examples"):
        examples = []
        for name, item in node["examples"].items():
            example = resolve(spec, item)
            if "value" in example:
                examples.append({"name": example.get("summary") or name, "value": example["value"]})
        return examples
    if "example" in node:
        return [{"name": "example", "value": node["example"]}]
    schema = node.get("schema")
    if schema is None:
        return []
    try:
        sample = value(schema, 0, lambda part: resolve(spec, part))
    except NoValue:
        return []
    return [{"name": "from the schema", "value": sample}]
