"""Mapping templates and parameter mappings, from the request to the integration and back.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from samspec.gateway import jsonpath, variables, velocity
from samspec.gateway.errors import GatewayError
from samspec.gateway.events import matches_media_type
from samspec.gateway.responses import Response
from samspec.gateway.routes import Route
from samspec.gateway.variables import Scope

PLACES = {"path": "path", "query": "querystring", "header": "header"}


@dataclass
class Mapped:
    """What the integration is called with."""

    body: str
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    selected: str = ""  # the status that a template chose for the response


@dataclass(frozen=True)
class Outcome:
    """What an integration gives back: `selector` is what selection patterns are tried on."""

    selector: str
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def request(route: Route, scope: Scope, binary: list[str]) -> Mapped:
    """The request to the integration: its body by a template, its parameters by their mappings."""
    integration = route.integration
    overrides = velocity.Map(header={}, querystring={}, path={})
    body = _request_body(integration, scope, overrides, binary)
    mapped = Mapped(body)
    places = {"header": mapped.headers, "querystring": mapped.query, "path": mapped.path}
    for target, expression in (integration.get("requestParameters") or {}).items():
        place, _, name = target.removeprefix("integration.request.").partition(".")
        value = _value(str(expression), scope, scope.request.body, "method.request.body")
        if value is not None and place in places:
            places[place][name] = value
    for place, values in places.items():
        values |= {name: str(value) for name, value in (overrides.get(place) or {}).items()}
    return mapped


def response(route: Route, scope: Scope, outcome: Outcome) -> Response:
    """The method's response to what the integration gave back."""
    status, chosen = _chosen(route, outcome.selector)
    overrides = velocity.Map(header={})
    body, media_type = _response_body(chosen, scope, outcome, overrides)
    if str(chosen.get("contentHandling")).upper() == "CONVERT_TO_BINARY":
        body = base64.b64decode(body)
    result = Response(status, [("Content-Type", media_type)], body)
    for target, expression in (chosen.get("responseParameters") or {}).items():
        value = _response_value(str(expression), scope, outcome)
        if value is not None:
            result.set(target.removeprefix("method.response.header."), value)
    for name, value in (overrides.get("header") or {}).items():
        result.set(str(name), str(value))
    result.status = int(overrides.get("status") or result.status)
    return result


def misconfigured(reason: str) -> GatewayError:
    """API Gateway's own 500, when an integration cannot be used as it is configured."""
    return GatewayError("API_CONFIGURATION_ERROR", "Internal server error", reason=reason)


def _chosen(route: Route, selector: str) -> tuple[int, dict[str, Any]]:
    """The status and the integration response that the selector is for."""
    patterns = {
        str(pattern): node or {}
        for pattern, node in (route.integration.get("responses") or {}).items()
    }
    for pattern, node in patterns.items():
        if pattern != "default" and re.fullmatch(pattern, selector):
            return _declared(route, node, selector)
    if "default" in patterns:
        return _declared(route, patterns["default"], selector)
    raise misconfigured(f"{route}: no integration response for {selector!r}, and no default")


def _declared(route: Route, node: dict[str, Any], selector: str) -> tuple[int, dict[str, Any]]:
    status = str(node.get("statusCode", selector))
    if status not in map(str, route.operation.get("responses") or {}):
        raise misconfigured(
            f"{route}: its integration response has the status {status}, "
            "which the operation's responses do not declare"
        )
    return int(status), node


def _request_body(
    integration: Mapping[str, Any], scope: Scope, overrides: velocity.Map, binary: list[str]
) -> str:
    templates = integration.get("requestTemplates") or {}
    template = templates.get(scope.request.media_type, templates.get("$default"))
    text = _text(integration, scope, binary)
    if template is not None:
        names = partial(_names, scope, text, requestOverride=overrides)
        return _rendered(str(template), names)
    behaviour = str(integration.get("passthroughBehavior", "when_no_match")).lower()
    if behaviour == "never" or (behaviour == "when_no_templates" and templates):
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type")
    return text


def _text(integration: Mapping[str, Any], scope: Scope, binary: list[str]) -> str:
    """The request's body as text: base64 of a binary one that is to be converted."""
    converts = str(integration.get("contentHandling")).upper() == "CONVERT_TO_TEXT"
    if converts and matches_media_type(scope.request.header("Content-Type"), binary):
        return base64.b64encode(scope.request.body).decode()
    return scope.request.body.decode("utf-8", "replace")


def _response_body(
    chosen: Mapping[str, Any], scope: Scope, outcome: Outcome, overrides: velocity.Map
) -> tuple[bytes, str]:
    templates = chosen.get("responseTemplates") or {}
    accepted = (scope.request.header("Accept") or "").split(",")[0].split(";")[0].strip()
    for media_type in (accepted, "application/json", *templates):
        if media_type in templates:
            names = partial(_names, scope, outcome.body, responseOverride=overrides)
            body = _rendered(str(templates[media_type] or ""), names)
            return body.encode(), media_type
    return outcome.body.encode(), "application/json"


def _rendered(template: str, names: Callable[[], dict[str, Any]]) -> str:
    try:
        return velocity.rendered(template, names)
    except velocity.TemplateFailed as error:
        raise misconfigured(str(error)) from error


def _names(scope: Scope, body: str, **overrides: velocity.Map) -> dict[str, Any]:
    """The variables of a template over `body`; it may set `overrides`, which are in $context."""
    values = scope.by_place()
    parameters = {PLACES[place]: values[place] for place in PLACES}
    return {
        "context": velocity.Map({**velocity.wrapped(scope.context), **overrides}),
        "stageVariables": velocity.wrapped(scope.stage),
        "input": velocity.Input(body, parameters),
        "util": velocity.Util(),
    }


def _value(expression: str, scope: Scope, body: bytes, root: str) -> str | None:
    """The value of a parameter mapping; `root` is how it names the body."""
    if expression == root:
        return body.decode("utf-8", "replace")
    if expression.startswith(f"{root}."):
        return in_body(body, expression.removeprefix(root))
    value = variables.evaluated(expression, scope)
    return value or None


def _response_value(expression: str, scope: Scope, outcome: Outcome) -> str | None:
    header = expression.removeprefix("integration.response.header.")
    if header != expression:
        headers = {name.lower(): value for name, value in outcome.headers.items()}
        return headers.get(header.lower())
    return _value(expression, scope, outcome.body.encode(), "integration.response.body")


def in_body(body: bytes, path: str) -> str | None:
    """What a JSONPath without its `$` finds in a body, as text; None if nothing."""
    if not path:
        return body.decode("utf-8", "replace")
    try:
        value = jsonpath.find(json.loads(body), f"${path}")
    except ValueError:
        return None
    if value is jsonpath.MISSING:
        return None
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
