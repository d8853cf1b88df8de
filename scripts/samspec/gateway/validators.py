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
    missing = []
    for node in route.operation["parameters"]:
        parameter = resolve(spec, node)
        place, name = parameter["in"], parameter["name"]
        key = name.lower() if place == "header" else name
        if parameter.get("required") and place in values and not values[place].get(key):
            missing.append(name)
    if missing:
        message = f"Missing required request parameters: [{', '.join(missing)}]"
        raise GatewayError("BAD_REQUEST_PARAMETERS", message)


def check_body(spec: dict[str, Any], route: Route, request: Request) -> None:
    content = resolve(spec, route.operation.get("requestBody") or {}).get("content") or {}
    schema = (content.get(request.media_type) or {}).get("schema")
    if not schema or "allOf" in resolve(spec, schema):
        return  # no model for it, or one that API Gateway does not import [D]
    from jsonschema import Draft4Validator  # slow; most specs leave bodies to the functions

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
    model = {}
    for key, value in schema.items():
        if key not in IGNORED or isinstance(value, dict):
            model[key] = _model(value)
    return model
