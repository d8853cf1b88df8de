"""Request validators: parameters first, then the body, with API Gateway's messages [A]."""

import json
from typing import Any

from samspec.gateway import messages
from samspec.gateway.errors import GatewayError
from samspec.gateway.events import Request
from samspec.gateway.routes import Route
from samspec.sam.errors import ProjectError
from samspec.sam.references import resolve

VALIDATOR = "x-amazon-apigateway-request-validator"
IGNORED = {
    "minItems",
    "maxItems",
    "example",
    "discriminator",
    "readOnly",
    "default",
}  # keywords [D]


def chosen(spec: dict[str, Any], route: Route, where: str) -> dict[str, bool]:
    """The validator that the operation, or else the API's root, names."""
    name = route.operation.get(VALIDATOR) or spec.get(VALIDATOR)
    scope = spec.get(f"{VALIDATOR}s") or {}
    if name and name not in scope:
        raise ProjectError(
            f"{where}: {route} names the request validator {name!r}: add it to {VALIDATOR}s"
        )
    return scope.get(name) or {}


def check_parameters(
    spec: dict[str, Any], route: Route, request: Request, path: dict[str, str]
) -> None:
    headers = {name.lower(): value for name, value in request.headers}
    values = {"path": path, "query": dict(request.query), "header": headers}
    required = [
        p for p in (resolve(spec, p) for p in route.operation["parameters"]) if p.get("required")
    ]
    keys = [
        (p["in"], p["name"].lower() if p["in"] == "header" else p["name"], p["name"])
        for p in required
    ]
    if missing := [
        name for place, key, name in keys if place in values and not values[place].get(key)
    ]:
        message = f"Missing required request parameters: [{', '.join(missing)}]"
        raise GatewayError("BAD_REQUEST_PARAMETERS", message)


def check_body(spec: dict[str, Any], route: Route, request: Request) -> None:
    content = resolve(spec, route.operation.get("requestBody") or {}).get("content") or {}
    schema = (content.get(request.media_type) or {}).get("schema")
    if not schema or "allOf" in resolve(
        spec, schema
    ):  # no model for it, or one that is not imported [D]
        return
    from jsonschema import (
        Draft4Validator,  # only specs that let the gateway validate bodies wait for it
    )

    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise GatewayError(
            "BAD_REQUEST_BODY", "Invalid request body", validation="not JSON"
        ) from None
    model = {**_model(schema), "components": _model(spec.get("components") or {})}
    faults: list[Any] = list(Draft4Validator(model).iter_errors(body))
    if faults:
        described = messages.described(faults)
        raise GatewayError(
            "BAD_REQUEST_BODY", "Invalid request body", reason=described, validation=described
        )


def _model(schema: Any) -> Any:
    """The schema as API Gateway's models take it: draft 4, without the keywords that it ignores."""
    if isinstance(schema, list):
        return [_model(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _model(value)
        for key, value in schema.items()
        if key not in IGNORED or isinstance(value, dict)
    }
