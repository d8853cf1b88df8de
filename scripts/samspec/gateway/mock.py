"""MOCK integrations: a request template chooses the status, an integration response makes the answer."""

import json
import re
from typing import Any

from samspec.gateway import variables, velocity
from samspec.gateway.errors import GatewayResponse
from samspec.gateway.responses import Response
from samspec.gateway.routes import Route


def answer(route: Route, known: variables.Known) -> Response:
    try:
        selected = str(json.loads(_request_body(route.integration, known))["statusCode"])
    except (ValueError, TypeError, KeyError):
        raise _misconfigured(
            f"{route}: the MOCK's request template gives no JSON with a statusCode"
        ) from None
    patterns: dict[str, Any] = route.integration.get("responses") or {}
    matching = [
        r
        for pattern, r in patterns.items()
        if pattern != "default" and re.fullmatch(str(pattern), selected)
    ]
    if not (matching or "default" in patterns):
        raise _misconfigured(
            f"{route}: no integration response for status {selected}, and no default"
        )
    response = matching[0] if matching else patterns["default"]
    status = str(response.get("statusCode", selected))
    if status not in map(str, route.operation.get("responses") or {}):
        raise _misconfigured(
            f"{route}: its integration answers {status}, which its responses do not declare"
        )
    body, media_type = _body(response, known)
    answered = Response(int(status), [("Content-Type", media_type)], body)
    for name, expression in (response.get("responseParameters") or {}).items():
        answered.set(
            name.removeprefix("method.response.header."), variables.evaluated(expression, known)
        )
    return answered


def _misconfigured(reason: str) -> GatewayResponse:
    return GatewayResponse("API_CONFIGURATION_ERROR", "Internal server error", reason=reason)


def _request_body(integration: dict[str, Any], known: variables.Known) -> str:
    templates = integration.get("requestTemplates") or {}
    if (
        template := templates.get(known.request.media_type) or templates.get("$default")
    ) is not None:
        return velocity.rendered(template, known)
    behaviour = str(integration.get("passthroughBehavior", "when_no_match")).lower()
    if behaviour == "never" or (behaviour == "when_no_templates" and templates):
        raise GatewayResponse("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type")
    return known.request.body.decode("utf-8", "replace")


def _body(response: dict[str, Any], known: variables.Known) -> tuple[bytes, str]:
    templates = response.get("responseTemplates") or {}
    accepted = (known.request.header("Accept") or "").split(",")[0].split(";")[0].strip()
    for media_type in (accepted, "application/json", *templates):
        if media_type in templates:
            return velocity.rendered(templates[media_type] or "", known).encode(), media_type
    return b"", "application/json"
