"""What the template and the spec say together, and when they have to be read again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samspec.gateway import routes, validators, velocity
from samspec.gateway.authorization import ApiSettings, Authorization
from samspec.gateway.errors import GatewayResponse
from samspec.gateway.routes import Route, Router
from samspec.gateway.throttle import Throttle
from samspec.runtime.functions import Function, signature
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template

NO_FUNCTION = "its integration's uri names no function of the template: "
# Properties of the Api that SAM would work into the definition.
IGNORED = {
    "Auth",
    "CacheClusterEnabled",
    "CanarySetting",
    "Cors",
    "GatewayResponses",
    "Models",
}
EXTENSIONS = {
    "x-amazon-apigateway-api-key-source",
    "x-amazon-apigateway-binary-media-types",
    "x-amazon-apigateway-gateway-responses",
    "x-amazon-apigateway-policy",
    "x-amazon-apigateway-request-validator",
    "x-amazon-apigateway-request-validators",
}


class Project:
    """A SAM project on disk: its one API with an OpenAPI definition, and that API's functions."""

    def __init__(self, path: Path, parameters: dict[str, str], environment: dict[str, str]):
        self._arguments = (path, parameters, environment)
        template = Template(path, parameters)
        self.template = template
        self.region = template.region
        name, api = _api(template)
        self.api_id = "".join(c for c in name.lower() if c.isalnum())[:10]
        self.stage = str(api.get("StageName", "Prod"))
        self.stage_variables = {k: str(v) for k, v in (api.get("Variables") or {}).items()}
        self.spec = _definition(template, name, api)
        self.where = str(max(template.files - {template.path}, default=template.path))
        self.routes = routes.read(self.spec, self.where)
        self.router = Router(self.routes)
        self.gateway_responses = self.spec.get("x-amazon-apigateway-gateway-responses") or {}
        binary = (
            self.spec.get("x-amazon-apigateway-binary-media-types")
            or api.get("BinaryMediaTypes")
            or []
        )
        self.binary_media_types = [str(b).replace("~1", "/") for b in binary]
        self.throttle = Throttle(api.get("MethodSettings") or [])
        self.access_log = (api.get("AccessLogSetting") or {}).get("Format")
        self.functions = {
            name: Function(name, properties, template.path.parent, self.region, environment)
            for name, properties in template.of_type("AWS::Serverless::Function").items()
        }
        self._validators = {
            str(r): validators.chosen(self.spec, r, self.where) for r in self.routes
        }
        self.access = Authorization(self.spec, self._api_settings(name, api))
        self.gaps = list(self._gaps(name, api))
        self._signature = signature(template.files)

    def validator(self, route: Route) -> dict[str, bool]:
        return self._validators[str(route)]

    def _api_settings(self, name: str, api: dict[str, Any]) -> ApiSettings:
        """What usage plans and policies need to know of the API."""
        return ApiSettings(
            id=self.template.resource(name).ref,
            stage=self.stage,
            template=self.template,
            key_source=str(api.get("ApiKeySourceType") or "HEADER"),
        )

    def function_of(self, route: Route) -> Function:
        if found := self._find(route):
            return found
        raise GatewayResponse(
            "API_CONFIGURATION_ERROR", "Internal server error", reason=self._route_gap(route)
        )

    def called_functions(self) -> list[Function]:
        """The functions that some route calls."""
        found = {
            f.name: f
            for route in self.routes
            if route.kind == "aws_proxy" and (f := self._find(route))
        }
        for arn in self.access.functions:
            function = self._named_by(arn)
            if function and not function.gap:
                found[function.name] = function
        return list(found.values())

    def function_by_arn(self, arn: str) -> Function:
        """The function that an authorizer calls; without it, the gateway's configuration error."""
        function = self._named_by(arn)
        if function and not function.gap:
            return function
        reason = function.gap if function else f"no function of the template has the ARN {arn}"
        raise GatewayResponse("AUTHORIZER_CONFIGURATION_ERROR", None, reason=reason)

    def _named_by(self, arn: str) -> Function | None:
        parts = arn.split(":function:")[-1].split(":")
        for function in self.functions.values():
            if parts[0] in (function.name, function.physical_name):
                return function
        return None

    def _find(self, route: Route) -> Function | None:
        named = (f for f in self.functions.values() if route.function in (f.name, f.physical_name))
        return next((f for f in named if not f.gap), None)

    def _route_gap(self, route: Route) -> str:
        """Why the route does not work here as it would on AWS; empty when it does."""
        if route.kind == "mock":
            for template in (route.integration.get("requestTemplates") or {}).values():
                velocity.check(template, f"{self.where}: {route}")
        elif route.kind != "aws_proxy":
            return f"{route}: integrations of type {route.kind} are not emulated"
        elif not self._find(route):
            named = self.functions.get(str(route.function))
            return f"{route}: {named.gap if named else NO_FUNCTION + str(route.integration.get('uri'))}"
        fault = self.access.gap(route)
        return f"{route}: {fault}" if fault else ""

    def _gaps(self, name: str, api: dict[str, Any]) -> Iterator[str]:
        """What the template or the spec ask for and this gateway does not do."""
        others = [
            n
            for kind in ("Api", "HttpApi")
            for n in self.template.of_type(f"AWS::Serverless::{kind}")
        ]
        yield from (f"{other}: one API is served, {name}" for other in others if other != name)
        yield from (
            f"{name}.{key}: not emulated, say it in the spec" for key in sorted(IGNORED & set(api))
        )
        unknown = {key for key in self.spec if key.startswith("x-amazon-apigateway-")} - EXTENSIONS
        yield from (f"{key} is not emulated" for key in sorted(unknown))
        yield from filter(None, map(self._route_gap, self.routes))
        yield from self.access.notes()

    def without_stage(self, path: str) -> str:
        prefix = f"/{self.stage}"
        return (
            path[len(prefix) :] or "/" if path == prefix or path.startswith(prefix + "/") else path
        )

    def reread(self) -> "Project":
        """This project, or what has become of it when the template or the spec has changed on disk."""
        if signature(self.template.files) == self._signature:
            return self
        return Project(*self._arguments)


def _api(template: Template) -> tuple[str, dict[str, Any]]:
    apis = template.of_type("AWS::Serverless::Api")
    defined = {n: a for n, a in apis.items() if a.get("DefinitionBody") or a.get("DefinitionUri")}
    if not defined:
        raise ProjectError(
            f"{template.path}: no AWS::Serverless::Api with a DefinitionBody: give one to the API"
        )
    return next(iter(defined.items()))


def _definition(template: Template, name: str, api: dict[str, Any]) -> dict[str, Any]:
    body = api.get("DefinitionBody") or template.include(str(api["DefinitionUri"]))
    version = str(body.get("openapi") or body.get("swagger"))
    if not version.startswith("3.0"):
        raise ProjectError(
            f"{template.path}: {name}'s definition must be OpenAPI 3.0.x, not {version}"
        )
    return dict(body)
