"""What responds to a route: a function, the gateway itself, an HTTP server or an AWS service."""

import json
import logging
import re
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from samspec.gateway import backends, mapping, mock, services, velocity
from samspec.gateway.responses import Response
from samspec.gateway.routes import Route
from samspec.gateway.variables import Scope
from samspec.sam.definitions import UNRESOLVED
from samspec.sam.errors import ProjectError

if TYPE_CHECKING:
    from samspec.gateway.deployment import Deployment

log = logging.getLogger("gateway")
NO_FUNCTION = "its integration's uri names no function of the template: "


@dataclass(eq=False)
class FunctionError(Exception):
    """A function raised an exception, ended or took too long: what Lambda gives for that."""

    type: str
    message: str
    trace: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"

    def body(self) -> str:
        """The error as Lambda writes it.

        https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
        """
        content = {"errorMessage": self.message, "errorType": self.type}
        return json.dumps({**content, "requestId": "", "stackTrace": list(self.trace)})


@dataclass(frozen=True)
class Outside:
    """What integrations reach beyond the gateway.

    `invoke` runs the route's function: it takes the event, and returns the result or raises a
    FunctionError.
    """

    invoke: Callable[[Any], Any]
    clients: services.Clients


def gap(route: Route, deployment: "Deployment", allowed_hosts: Collection[str]) -> str:
    """Why the route cannot respond here as on AWS, and what to do; empty when it can."""
    if route.type == UNRESOLVED:
        return str(route.integration["reason"])
    if route.type in ("aws_proxy", "aws") and deployment.function_of(route):
        function = deployment.function_of(route)
        return (function.gap if function else "") or _template_gap(route)
    if route.type == "aws" or "integrationSubtype" in route.integration:
        return services.gap(route) or _template_gap(route)
    if route.type == "aws_proxy":
        return NO_FUNCTION + str(route.integration.get("uri"))
    if route.type in ("http", "http_proxy"):
        return backends.gap(route, allowed_hosts) or _template_gap(route)
    if route.type == "mock":
        return _template_gap(route)
    if route.type == "none":
        return "it has no integration: give it an x-amazon-apigateway-integration"
    return f"integrations of type {route.type} are not emulated"


def respond(route: Route, scope: Scope, binary: list[str], outside: Outside) -> Response:
    """The response of any integration but a function's proxy."""
    if route.type == "mock":
        return mock.respond(route, scope, binary)
    if route.type in ("http", "http_proxy"):
        method = backends.method_of(route, scope.request.method)
        return backends.respond(route, scope, binary, method)
    if route.function:
        return _function(route, scope, binary, outside)
    return services.respond(route, scope, binary, outside.clients)


def _function(route: Route, scope: Scope, binary: list[str], outside: Outside) -> Response:
    """A function behind mapping templates, which make its event and the response."""
    mapped = mapping.request(route, scope, binary)
    try:
        event = json.loads(mapped.body or "{}")
    except ValueError:
        raise mapping.misconfigured(f"{route}: its request template does not give JSON") from None
    if mapped.headers.get("X-Amz-Invocation-Type") == "Event":
        threading.Thread(target=_ignored, args=(outside.invoke, event), daemon=True).start()
        return mapping.response(route, scope, mapping.Outcome(""))
    try:
        result = outside.invoke(event)
    except FunctionError as error:
        return mapping.response(route, scope, mapping.Outcome(error.message, error.body()))
    return mapping.response(route, scope, mapping.Outcome("", json.dumps(result)))


def _ignored(invoke: Callable[[Any], Any], event: Any) -> None:
    """An asynchronous invocation: nobody waits for what becomes of it."""
    try:
        invoke(event)
    except Exception as error:  # also a runner that has just been closed
        log.warning("an asynchronous invocation failed: %s", error)


def _template_gap(route: Route) -> str:
    """Why some template or pattern of the integration cannot be read."""
    responses = (route.integration.get("responses") or {}).items()
    templates = list((route.integration.get("requestTemplates") or {}).values())
    for pattern, node in responses:
        templates += ((node or {}).get("responseTemplates") or {}).values()
        try:
            re.compile(str(pattern))
        except re.error as error:
            return f"its response pattern {pattern!r} cannot be read: {error}"
    for template in templates:
        try:
            velocity.check(str(template or ""))
        except ProjectError as error:
            return str(error)
    return ""
