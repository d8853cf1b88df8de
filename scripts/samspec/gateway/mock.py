"""MOCK integrations: a request template chooses the status, an integration response the rest."""

import json

from samspec.gateway import mapping
from samspec.gateway.responses import Response
from samspec.gateway.routes import Route
from samspec.gateway.variables import Scope


def respond(route: Route, scope: Scope, binary: list[str]) -> Response:
    """The response of the gateway itself, by the integration's templates."""
    mapped = mapping.request(route, scope, binary)
    try:
        selected = str(json.loads(mapped.body)["statusCode"])
    except (ValueError, TypeError, KeyError):
        raise mapping.misconfigured(
            f"{route}: the MOCK's request template gives no JSON with a statusCode"
        ) from None
    return mapping.response(route, scope, mapping.Outcome(selected))
