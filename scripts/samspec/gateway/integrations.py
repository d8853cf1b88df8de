"""What responds to a route: a function, the gateway itself, an HTTP server or an AWS service."""

from typing import TYPE_CHECKING

from samspec.gateway import velocity
from samspec.gateway.routes import Route
from samspec.sam.errors import ProjectError

if TYPE_CHECKING:
    from samspec.gateway.deployment import Deployment

NO_FUNCTION = "its integration's uri names no function of the template: "


def gap(route: Route, deployment: "Deployment") -> str:
    """Why the route cannot respond here as on AWS, and what to do; empty when it can."""
    if route.kind == "aws_proxy":
        function = deployment.function_of(route)
        if function is None:
            return NO_FUNCTION + str(route.integration.get("uri"))
        return function.gap
    if route.kind == "mock":
        try:
            for template in (route.integration.get("requestTemplates") or {}).values():
                velocity.check(template)
        except ProjectError as error:
            return str(error)
        return ""
    return f"integrations of type {route.kind} are not emulated"
