"""One API as its stage serves it: routes, validators, throttles and gateway responses."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from samspec.gateway import events, http_api, integrations, responses, routes, validators
from samspec.gateway.authorization import ApiSettings, Authorization
from samspec.gateway.conformance import Conformance
from samspec.gateway.errors import GatewayError
from samspec.gateway.events import Request
from samspec.gateway.responses import Response
from samspec.gateway.routes import Route, Router
from samspec.gateway.throttle import Throttle
from samspec.gateway.variables import Scope
from samspec.sam.definitions import HTTP, Api
from samspec.sam.errors import ProjectError
from samspec.sam.functions import LambdaFunction
from samspec.sam.references import target, unresolved

EXTENSIONS = {
    "x-amazon-apigateway-api-key-source",
    "x-amazon-apigateway-binary-media-types",
    "x-amazon-apigateway-cors",
    "x-amazon-apigateway-gateway-responses",
    "x-amazon-apigateway-policy",
    "x-amazon-apigateway-request-validator",
    "x-amazon-apigateway-request-validators",
}
# What an export from API Gateway carries, or what has no effect on a request.
SILENT = {
    "x-amazon-apigateway-documentation",
    "x-amazon-apigateway-endpoint-configuration",
    "x-amazon-apigateway-importexport-version",
    "x-amazon-apigateway-security-policy",
    "x-amazon-apigateway-tag-value",
}


class Deployment:
    """An API that is served. `route_gaps` says why a route cannot respond as it would on AWS."""

    def __init__(
        self,
        api: Api,
        functions: Mapping[str, LambdaFunction],
        allowed_hosts: Collection[str] = (),
    ):
        self.api = api
        self.name = api.name
        self.api_id = api.id
        self.is_http = api.protocol == HTTP
        self.stage = api.stage
        self.stage_variables = dict(api.variables)
        self.spec = api.document
        self.conformance = Conformance(self.spec)
        self.where = str(api.file)
        self.routes = routes.read(self.spec, self.stage_variables)
        self.router = Router(self.routes, ignores_trailing_slash=not self.is_http)
        self.gateway_responses = api.gateway_responses
        self.binary_media_types = list(api.binary_media_types)
        self.throttle = Throttle([dict(setting) for setting in api.method_settings])
        self.access_log = api.access_log
        self._functions = functions
        self._validators, faults = self._chosen_validators()
        self.access = Authorization(self.spec, ApiSettings.of(api))
        gaps = {str(route): self._gap(route, allowed_hosts) for route in self.routes}
        self.route_gaps = {name: gap for name, gap in gaps.items() if gap} | faults
        self.gaps = list(self._gaps())

    def validator(self, route: Route) -> dict[str, bool]:
        return self._validators[str(route)]

    def function_of(self, route: Route) -> LambdaFunction | None:
        """The function that the route calls, if the template has it."""
        return self.function_named(route.function)

    def function_named(self, name: str | None) -> LambdaFunction | None:
        """The function with this logical id, or this name on Lambda."""
        for function in self._functions.values():
            if name in (function.name, function.physical_name):
                return function
        return None

    def called(self) -> list[LambdaFunction]:
        """The functions that a route or an authorizer calls, and that can run."""
        names = [route.function for route in self.routes]
        names += [target(arn)[0] for arn in self.access.functions]
        functions = [self.function_named(name) for name in dict.fromkeys(names)]
        return [function for function in functions if function and not function.gap]

    def find(self, method: str, path: str) -> tuple[str, Route | None, dict[str, str]]:
        """The path without the stage, its route and its path parameters.

        The stage may be left out. A path whose first segment is both the stage and a resource is
        tried as it is first.
        """
        without = self._without_stage(path)
        if without != path and self._has_resource(path):
            route, parameters = self.router.find(method, path)
            if route:
                return path, route, parameters
        return without, *self.router.find(method, without)

    def variables(self, request: Request, route: Route | None, parameters: dict[str, str]) -> Scope:
        """What templates, mappings and events may name of a request at its route."""
        if self.is_http:
            context = http_api.context(request, route, self.stage, self.api_id)
            parameters = http_api.parameters(parameters)
        else:
            context = events.request_context(request, route, self.stage, self.api_id)
        return Scope(request, context, parameters, self.stage_variables)

    def event(self, scope: Scope, route: Route, version: str = "") -> dict[str, Any]:
        """The event for the function of a proxy integration, or for an authorizer's."""
        version = version or str(route.integration.get("payloadFormatVersion", "1.0"))
        if self.is_http and version == "2.0":
            return http_api.event(scope, route)
        event = events.proxy_event(scope, route, self.binary_media_types)
        if self.is_http:
            return {"version": "1.0", **event, "path": scope.context["path"]}
        return event

    def proxied(self, result: Any, scope: Scope, route: Route) -> Response:
        """The response made of the result of a proxy integration's function."""
        if self.is_http and str(route.integration.get("payloadFormatVersion")) == "2.0":
            return http_api.inferred(result)
        accept = "*/*" if self.is_http else scope.request.header("Accept")
        binary = ["*/*"] if self.is_http else self.binary_media_types
        return responses.from_proxy(result, accept, binary)

    def preflight(self, request: Request) -> Response | None:
        """An HTTP API's own response to a browser that asks before it calls."""
        return http_api.preflight(self.api.cors, request) if self.is_http else None

    def refusal(self, error: GatewayError, scope: Scope) -> Response:
        """The gateway's own response to a request that no integration gets, or that one fails."""
        if self.is_http:
            return http_api.from_gateway(error)
        return responses.from_gateway(error, self.gateway_responses, scope)

    def no_route(self) -> GatewayError:
        """What a path or method that the API does not have ends in."""
        if self.is_http:
            return GatewayError("NOT_FOUND", "Not Found", status=404)
        return GatewayError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")

    def finish(self, response: Response, request: Request) -> None:
        """Add the headers that every response of the API has."""
        if self.is_http:
            if not self.preflight(request):
                http_api.allow_origin(self.api.cors, request, response)
            response.set("apigw-requestid", request.extended_id)
            return
        response.set("x-amzn-RequestId", request.id)
        response.set("x-amz-apigw-id", request.extended_id)

    def _has_resource(self, path: str) -> bool:
        first = path.split("/")[1]
        return any(route.resource.split("/")[1:2] == [first] for route in self.routes)

    def _without_stage(self, path: str) -> str:
        prefix = f"/{self.stage}"
        if path == prefix or path.startswith(f"{prefix}/"):
            return path[len(prefix) :] or "/"
        return path

    def _chosen_validators(self) -> tuple[dict[str, dict[str, bool]], dict[str, str]]:
        chosen, faults = {}, {}
        for route in self.routes:
            try:
                chosen[str(route)] = validators.chosen(self.spec, route, self.where)
            except ProjectError as error:
                chosen[str(route)], faults[str(route)] = {}, str(error)
        return chosen, faults

    def _gaps(self) -> Iterator[str]:
        """What template or definition ask for and is not emulated, each once."""
        yield from self.api.gaps
        extensions = {key for key in self.spec if key.startswith("x-amazon-apigateway-")}
        for extension in sorted(extensions - EXTENSIONS - SILENT):
            yield f"{self.name}: {extension} is not emulated"
        for fault in unresolved(self.spec):
            yield f"{self.name}: {fault}"
        for name, gap in self.route_gaps.items():
            yield f"{name}: {gap}"
        yield from self.access.notes()

    def _gap(self, route: Route, allowed_hosts: Collection[str]) -> str:
        return integrations.gap(route, self, allowed_hosts) or self.access.gap(route)
