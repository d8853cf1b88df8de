"""The gateway: a WSGI application that answers as API Gateway would with this template and its spec."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from gateway import authorization, environment, events, mock, responses, tables, validators, variables
from gateway.errors import GatewayResponse, ProjectError
from gateway.functions import Invocation
from gateway.project import Project
from gateway.responses import Response
from gateway.routes import Route

log = logging.getLogger("gateway")
HEADERS_LIMIT = 10_240  # bytes [D]


class Gateway:
    """One API of a SAM template.

    `spec` is its OpenAPI document with every intrinsic function resolved; `routes`, `functions` and
    `throttle` are what it was made into. They are read anew when a file behind them changes.
    """

    def __init__(self, project: Project):
        environment.install()
        self.project = project
        self.on_reload: Callable[[Project], object] = lambda project: None
        self.on_answer: Callable[[Answer], None] = lambda answer: None
        self._reloading = threading.Lock()

    @classmethod
    def from_template(
        cls,
        path: str | Path,
        *,
        parameters: dict[str, str] | None = None,
        dynamodb: str = "moto",
        environment: dict[str, str] | None = None,
    ) -> "Gateway":
        """The gateway for the template's API.

        `dynamodb` is an endpoint's URL, or "moto": the caller then starts moto's `mock_aws` and makes the
        tables by `gateway.tables.create`. `environment` holds variables for every function.
        """
        extra = dict(environment or {})
        if dynamodb == "moto":
            tables.serialize_moto()
        else:
            extra["AWS_ENDPOINT_URL_DYNAMODB"] = dynamodb
        return cls(Project(Path(path), parameters or {}, extra))

    @property
    def spec(self) -> dict[str, Any]:
        return self.project.spec

    @property
    def routes(self) -> list[Route]:
        return self.project.routes

    def close(self) -> None:
        """Forget the functions' modules."""
        for function in self.project.functions.values():
            function.unload()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = self.answer(events.Request.from_wsgi(environ))
        response = answer.response
        response.set("Content-Length", str(len(response.body)))
        start_response(f"{response.status} {_phrase(response.status)}", response.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def answer(self, request: events.Request) -> "Answer":
        """Answer a request, and tell `on_answer` about it."""
        started = time.perf_counter()
        answer = Answer(request)
        try:
            self.refresh()
            self._handle(answer)
        except ProjectError as error:
            answer.response = _broken(str(error))
        answer.response.set("x-amzn-RequestId", request.id)
        answer.response.set("x-amz-apigw-id", request.extended_id)
        answer.milliseconds = (time.perf_counter() - started) * 1000
        _conclude(answer)
        self.on_answer(answer)
        return answer

    def refresh(self) -> None:
        """Read template and spec again if they have changed, so that this request already sees it."""
        with self._reloading:
            project = self.project.reread()
            if project is not self.project:
                project.throttle.enabled = self.project.throttle.enabled
                self.project = project
                log.info("reloaded %s", os.path.relpath(project.where))
                self.on_reload(project)

    def _handle(self, answer: "Answer") -> None:
        project, request = self.project, answer.request
        request.path = project.without_stage(request.path)
        route, parameters = project.router.find(request.method, request.path)
        answer.route = route
        resource = route.resource if route else ""
        context = events.request_context(request, resource, project.stage, project.api_id)
        known = variables.Known(request, context, parameters, project.stage_variables)
        answer.known = known
        try:
            if route is None:
                raise GatewayResponse("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
            answer.response = self._answered(route, known, answer)
        except GatewayResponse as error:
            answer.response = responses.from_gateway(error, project.gateway_responses, known)

    def _answered(self, route: Route, known: variables.Known, answer: "Answer") -> Response:
        project, request = self.project, known.request
        _check_size(request)
        if project.authorization(route) == "AWS_IAM":
            known.context["identity"] = events.identity(request, authorization.caller(request))
        project.throttle.take(route, request.method)
        self._validate(route, known, answer)
        if route.kind == "mock":
            return mock.answer(route, known)
        function = project.function_of(route)
        answer.event = events.proxy_event(
            request,
            route,
            known.parameters,
            known.context,
            stage_variables=known.stage,
            binary=project.binary_media_types,
        )
        answer.invocation = Invocation(function, route.qualifier)
        result = function.run(answer.invocation, answer.event)
        return responses.from_proxy(result, request.header("Accept"), project.binary_media_types)

    def _validate(self, route: Route, known: variables.Known, answer: "Answer") -> None:
        spec, validator = self.project.spec, self.project.validator(route)
        try:
            if validator.get("validateRequestParameters"):
                validators.check_parameters(spec, route, known.request, known.parameters)
            if validator.get("validateRequestBody"):
                validators.check_body(spec, route, known.request)
            answer.validation = "passed" if any(validator.values()) else "none"
        except GatewayResponse as error:
            answer.validation = error.message
            raise


@dataclass
class Answer:
    """A request with all that became of it."""

    request: events.Request
    response: Response = field(default_factory=lambda: Response(500))
    route: Route | None = None
    known: variables.Known | None = None
    validation: str = "none"
    event: dict[str, Any] | None = None
    invocation: Invocation | None = None
    milliseconds: float = 0
    number: int = 0


def _conclude(answer: Answer) -> None:
    """Add what an access log may ask for, and the reason of an error that a handler gave."""
    response = answer.response
    if response.status >= 400 and not response.reason:
        response.reason = _said(response.body)
    if answer.known:
        latency = {"latency": int(answer.milliseconds), "status": response.status}
        answer.known.context |= {
            "status": response.status,
            "responseLength": len(response.body),
            "responseLatency": int(answer.milliseconds),
            "integrationLatency": latency["latency"],
            "integration": {**latency, "requestId": answer.invocation and answer.invocation.aws_request_id},
        }


def _said(body: bytes) -> str:
    try:
        problem = json.loads(body)
        errors = problem.get("errors") or []
        details = [f"{e.get('in')} {e.get('field')}: {e.get('detail')}" for e in errors]
        return "; ".join([str(problem.get("detail") or problem.get("message") or ""), *details])
    except (ValueError, AttributeError, TypeError):
        return ""


def _check_size(request: events.Request) -> None:
    if len(request.body) > events.LIMIT:
        raise GatewayResponse("REQUEST_TOO_LARGE", "Request Too Long", reason="a payload is at most 10 MB")
    if sum(len(name) + len(value) for name, value in request.headers) > HEADERS_LIMIT:
        reason = f"all headers together may have {HEADERS_LIMIT:,} bytes"
        raise GatewayResponse("DEFAULT_4XX", "Request Header Fields Too Large", status=431, reason=reason)


def _broken(said: str) -> Response:
    """A 502 for the developer: the project, not the request, is at fault."""
    body = {"type": "about:blank", "title": "Bad Gateway", "status": 502, "detail": said}
    return Response(502, [("Content-Type", "application/problem+json")], json.dumps(body).encode(), said)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
