"""The gateway: a WSGI application that responds as API Gateway would with this template."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import responses as PHRASES  # noqa: N812
from pathlib import Path
from typing import Any

from samspec.aws import clients
from samspec.gateway import events, integrations, responses, validators, variables
from samspec.gateway.authorization import Call, Caller
from samspec.gateway.authorization import FunctionFailed as AuthorizerFailed
from samspec.gateway.deployment import Deployment
from samspec.gateway.errors import GatewayError
from samspec.gateway.processes import worker_processes
from samspec.gateway.project import RunningProject
from samspec.gateway.responses import Response
from samspec.gateway.routes import Route
from samspec.gateway.triggers import Poller
from samspec.runtime.invocation import (
    Failure,
    FunctionFailed,
    IntegrationTimedOut,
    Invocation,
)
from samspec.runtime.runner import Runner
from samspec.sam.errors import ProjectError
from samspec.sam.functions import LambdaFunction
from samspec.sam.template import Settings

log = logging.getLogger("gateway")
START_LIMIT = 300  # seconds for a function's packages and its start, before its Timeout begins


@dataclass(frozen=True)
class Span:
    """One stage of an exchange, in milliseconds since the exchange began."""

    name: str
    start: float
    end: float


@dataclass
class Exchange:
    """A request, its response, and what the gateway did in between."""

    request: events.Request
    response: Response = field(default_factory=lambda: Response(500))
    deployment: Deployment | None = None
    route: Route | None = None
    scope: variables.Scope | None = None
    validation: str = "none"
    event: dict[str, Any] | None = None
    invocation: Invocation | None = None
    caller: Caller | None = None
    authorizer_invocation: Invocation | None = None
    failure: Failure | None = None  # of the function: where and why
    mismatches: list[str] = field(default_factory=list)  # of the response and the definition
    milliseconds: float = 0
    number: int = 0
    spans: list[Span] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Record how long the stage `name` takes, also when it raises."""
        start = self.elapsed()
        try:
            yield
        finally:
            self.spans.append(Span(name, start, self.elapsed()))

    def elapsed(self) -> float:
        """Milliseconds since the exchange began."""
        return (time.perf_counter() - self.began) * 1000

    def access_log(self, template: str) -> str:
        """The line that the stage's access log gets for it."""
        if self.scope is None:
            return ""
        latency, run = int(self.milliseconds), self.invocation and self.invocation.aws_request_id
        seen: dict[str, Any] = {
            "status": self.response.status,
            "responseLatency": latency,
            "integrationLatency": latency,
        }
        seen |= {
            "responseLength": len(self.response.body),
            "integration": {"latency": latency, "requestId": run},
        }
        return variables.substituted(
            template, replace(self.scope, context={**self.scope.context, **seen}), "-"
        )


class Gateway:
    """One API of a SAM template.

    `spec` is its OpenAPI document with every intrinsic function resolved; `project` holds all else
    that the files say, and is another one after a change of template or spec.
    """

    def __init__(self, project: RunningProject, runner: Runner):
        self.project = project
        self.runner = runner
        runner.functions = project.functions
        self.on_reload: Callable[[RunningProject], object] = lambda project: None
        self.on_start: Callable[[Exchange], object] = lambda exchange: None
        self.on_exchange: Callable[[Exchange], object] = lambda exchange: None
        self._reloading = threading.Lock()
        self.endpoints: dict[str, str] = {}  # of services that are not in this process
        self._clients: dict[str, Any] = {}

    @classmethod
    def from_template(
        cls,
        path: str | Path,
        *,
        parameters: dict[str, str] | None = None,
        settings: Settings | None = None,
        dynamodb: str = "moto",
        environment: dict[str, str] | None = None,
        runner: Runner | None = None,
    ) -> "Gateway":
        """The gateway for the template's API.

        Its functions run in processes of their own, which call the AWS services embedded here;
        `dynamodb` is another DynamoDB's URL, or "moto". `environment` holds variables for every
        function. With a `runner` none of this counts: functions are then its affair.
        """
        settings = settings or Settings(parameters or {})
        project = RunningProject(Path(path), settings)
        if runner is None:
            runner = worker_processes(path, dynamodb=dynamodb, environment=environment)
        gateway = cls(project, runner)
        if dynamodb != "moto":
            gateway.endpoints["dynamodb"] = dynamodb
        return gateway

    @property
    def spec(self) -> dict[str, Any]:
        return self.project.spec

    @property
    def routes(self) -> list[Route]:
        return self.project.routes

    def poller(self) -> Poller | None:
        """What delivers messages of queues and changes of tables; None if nothing asks for it."""
        project = self.project
        if not project.triggers.polled:
            return None

        def invoke(function: LambdaFunction, event: dict[str, Any]) -> Any:
            return self.runner.invoke(Invocation(function), event, function.timeout + START_LIMIT)

        return Poller(project.triggers.polled, project.functions, project.region, invoke)

    def close(self) -> None:
        """End what runs the functions."""
        self.runner.close()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        response = self.handle(events.Request.from_wsgi(environ)).response
        response.set("Content-Length", str(len(response.body)))
        start_response(
            f"{response.status} {PHRASES.get(response.status, 'Unknown')}", response.headers
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def handle(self, request: events.Request) -> Exchange:
        """Respond to a request; `on_start` hears of it before, `on_exchange` after."""
        exchange = Exchange(request)
        self.on_start(exchange)
        try:
            self._respond(exchange)
        finally:  # also after a bug of the gateway: the exchange has ended
            exchange.milliseconds = exchange.elapsed()
            self.on_exchange(exchange)
        return exchange

    def _respond(self, exchange: Exchange) -> None:
        try:
            with self._reloading:
                self._reread()
            self._dispatch(exchange)
        except ProjectError as error:  # the project is at fault: that is the developer's to know
            exchange.response = responses.problem(502, "Bad Gateway", str(error))
        deployment = exchange.deployment or self.project.main
        deployment.finish(exchange.response, exchange.request)

    def _reread(self) -> None:
        """Read the project again if a file has changed: this request already sees it."""
        project = self.project.reread()
        if project is not self.project:
            project.limit_throttling(self.project.throttle.enabled)
            self.project = project
            self.runner.keep(project.functions.values())
            self.runner.functions = project.functions
            log.info("reloaded %s", os.path.relpath(project.where))
            self.on_reload(project)

    def _dispatch(self, exchange: Exchange) -> None:
        request = exchange.request
        sent = request.path
        deployment, request.path = self.project.deployment(request.method, sent)
        request.path, route, parameters = deployment.find(request.method, request.path)
        scope = deployment.variables(request, route, parameters)
        if not deployment.is_http:  # with the stage and the API's name, if the caller sent them
            scope.context["path"] = sent
        exchange.deployment, exchange.route, exchange.scope = deployment, route, scope
        try:
            exchange.response = self._response(exchange, deployment, route, scope)
        except GatewayError as error:
            exchange.response = deployment.refusal(error, scope)

    def _response(
        self,
        exchange: Exchange,
        deployment: Deployment,
        route: Route | None,
        scope: variables.Scope,
    ) -> Response:
        request = scope.request
        preflight = deployment.preflight(request)
        if preflight:
            return preflight
        if route is None:
            raise deployment.no_route()
        request.check_size()
        gap = deployment.route_gaps.get(str(route))
        if gap:
            return responses.not_emulated(f"{route}: {gap}")
        with exchange.span("authorizer"):
            self._authorize(exchange, deployment, route, scope)
        deployment.throttle.take(route, request.method)
        with exchange.span("validation"):
            self._validate(exchange, deployment, route, scope)
        if route.type == "aws_proxy" and route.function:
            exchange.event = deployment.event(scope, route)
            result = self._invoke_as_proxy(exchange, deployment, route)
            return self._checked(
                exchange, deployment, route, deployment.proxied(result, scope, route)
            )

        def invoke(event: Any) -> Any:
            exchange.event = event
            return self._invoke_directly(exchange, deployment, route)

        outside = integrations.Outside(invoke, self._client)
        response = integrations.respond(route, scope, deployment.binary_media_types, outside)
        return self._checked(exchange, deployment, route, response)

    def _checked(
        self, exchange: Exchange, deployment: Deployment, route: Route, response: Response
    ) -> Response:
        """The response, noting what its operation does not document; AWS does not look."""
        exchange.mismatches = deployment.conformance.mismatches(
            route.operation, response.status, response.headers, response.body
        )
        return response

    def _invoke(self, exchange: Exchange, deployment: Deployment, route: Route) -> Any:
        """The result of the route's function for the exchange's event."""
        function = self.project.function_of(deployment, route)
        exchange.invocation = Invocation(function, route.qualifier)
        with exchange.span("function"):
            try:
                return self.runner.invoke(exchange.invocation, exchange.event or {}, route.timeout)
            except IntegrationTimedOut as error:
                raise GatewayError(
                    "INTEGRATION_TIMEOUT", "Endpoint request timed out", reason=str(error)
                ) from error

    def _invoke_as_proxy(self, exchange: Exchange, deployment: Deployment, route: Route) -> Any:
        """The same for a proxy integration: what fails is the gateway's own response."""
        try:
            return self._invoke(exchange, deployment, route)
        except FunctionFailed as error:
            exchange.failure = error.failure
            raise GatewayError(
                "DEFAULT_5XX", "Internal server error", status=502, reason=str(error)
            ) from error

    def _invoke_directly(self, exchange: Exchange, deployment: Deployment, route: Route) -> Any:
        """The same for an integration that is not a proxy: it maps failures itself."""
        try:
            return self._invoke(exchange, deployment, route)
        except FunctionFailed as error:
            failure = exchange.failure = error.failure
            raise integrations.FunctionError(
                failure.type, failure.message, failure.trace
            ) from error

    def _client(self, service: str) -> Any:
        """A client of an emulated AWS service."""
        if service not in self._clients:
            endpoint = self.endpoints.get(service)
            self._clients[service] = clients.client(service, self.project.region, endpoint)
        return self._clients[service]

    def _authorize(
        self, exchange: Exchange, deployment: Deployment, route: Route, scope: variables.Scope
    ) -> None:
        project = self.project

        def invoke(arn: str, event: dict[str, Any], limit: float) -> Any:
            function = project.function_by_arn(arn)
            exchange.authorizer_invocation = invocation = Invocation(function, None)
            try:
                return self.runner.invoke(invocation, event, limit)
            except FunctionFailed as error:
                exchange.failure = error.failure
                raise AuthorizerFailed(error.failure.message, str(error)) from None
            except IntegrationTimedOut as error:
                raise AuthorizerFailed("", str(error)) from None

        call = Call(
            request=scope.request,
            route=route,
            context=scope.context,
            stage_variables=deployment.stage_variables,
            region=project.region,
            invoke=invoke,
            event=lambda version: deployment.event(scope, route, version),
        )
        exchange.caller = deployment.access.authorize(call)

    def _validate(
        self, exchange: Exchange, deployment: Deployment, route: Route, scope: variables.Scope
    ) -> None:
        spec, validator = deployment.spec, deployment.validator(route)
        try:
            if validator.get("validateRequestParameters"):
                validators.check_parameters(spec, route, scope.request, scope.parameters)
            if validator.get("validateRequestBody"):
                validators.check_body(spec, route, scope.request)
            exchange.validation = "passed" if any(validator.values()) else "none"
        except GatewayError as error:
            exchange.validation = error.message or error.response_type
            raise
