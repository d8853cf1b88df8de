"""A SAM project as it runs here: its functions, its APIs, and when to read them again."""

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from samspec.gateway import triggers
from samspec.gateway.authorization import Authorization
from samspec.gateway.authorization.trusted import with_issuer_keys
from samspec.gateway.deployment import Deployment
from samspec.gateway.errors import GatewayError
from samspec.gateway.routes import Route, Router
from samspec.gateway.throttle import Throttle
from samspec.sam.errors import ProjectError
from samspec.sam.functions import LambdaFunction
from samspec.sam.project import Project
from samspec.sam.references import target
from samspec.sam.template import Settings

NESTED = ("AWS::Serverless::Application", "AWS::CloudFormation::Stack")


class RunningProject:
    """The functions and the APIs of one template. What is asked without an API is the first's."""

    def __init__(self, path: Path, settings: Settings):
        self._arguments = (path, settings)
        source = Project(path, settings)
        self.source = source
        self.template = source.resolved
        self.template.check_stated()
        self.region = self.template.region
        self.functions = {}
        for name, function in source.lambdas.items():
            self.functions[name] = with_issuer_keys(function)
        self.deployments = {}
        for api in source.apis:
            self.deployments[api.name] = Deployment(api, self.functions, settings.allowed_hosts)
        if not self.deployments:
            raise ProjectError(f"{source.path}: {_no_api(source.api_gaps)}")
        self.main = next(iter(self.deployments.values()))
        self.triggers = triggers.read(self.template)
        self._signature = signature(self.template.files)

    @property
    def api_id(self) -> str:
        return self.main.api_id

    @property
    def stage(self) -> str:
        return self.main.stage

    @property
    def spec(self) -> dict[str, Any]:
        return self.main.spec

    @property
    def where(self) -> str:
        return self.main.where

    @property
    def routes(self) -> list[Route]:
        return self.main.routes

    @property
    def access(self) -> Authorization:
        return self.main.access

    @property
    def router(self) -> Router:
        return self.main.router

    @property
    def throttle(self) -> Throttle:
        return self.main.throttle

    @property
    def access_log(self) -> str | None:
        return self.main.access_log

    def deployment(self, method: str, path: str) -> tuple[Deployment, str]:
        """The API that a request is for, and the path in it.

        If there are several, each has the paths under its name, and any other path is for the first
        that has a route for it.
        """
        if len(self.deployments) == 1:
            return self.main, path
        first = path.split("/")[1] if path.startswith("/") else ""
        if first in self.deployments:
            return self.deployments[first], path[len(first) + 1 :] or "/"
        for deployment in self.deployments.values():
            if deployment.find(method, path)[1]:
                return deployment, path
        return self.main, path

    def limit_throttling(self, enabled: bool) -> None:
        """Enforce the throttles of all APIs, or none."""
        for deployment in self.deployments.values():
            deployment.throttle.enabled = enabled
            deployment.access.limit(enabled)

    def function_of(self, deployment: Deployment, route: Route) -> LambdaFunction:
        """The function that a route calls, or the response of a gateway that has none."""
        function = deployment.function_of(route)
        if function is None or function.gap:
            reason = deployment.route_gaps.get(str(route), "")
            raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error", reason=reason)
        return self.functions[function.name]

    def function_by_arn(self, arn: str) -> LambdaFunction:
        """The function that an authorizer calls; without it, the gateway's configuration error."""
        name, _ = target(arn)
        function = self.main.function_named(name)
        if function and not function.gap:
            return self.functions[function.name]
        reason = function.gap if function else f"no function of the template has the ARN {arn}"
        raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", None, reason=reason)

    def called_functions(self) -> list[LambdaFunction]:
        """The functions that some API calls and that can run."""
        names = set()
        for deployment in self.deployments.values():
            names |= {function.name for function in deployment.called()}
        return [function for name, function in self.functions.items() if name in names]

    def reread(self) -> "RunningProject":
        """This project, or what it is now if a file that it was read from has changed."""
        if signature(self.template.files) == self._signature:
            return self
        return RunningProject(*self._arguments)

    def _function_gaps(self) -> list[str]:
        return [function.gap for function in self.functions.values() if function.gap]

    @property
    def gaps(self) -> list[str]:
        """What is not as on AWS, each once: said at start."""
        gaps = list(self.source.api_gaps)
        for deployment in self.deployments.values():
            gaps += deployment.gaps
        for gap in self._function_gaps():
            if not any(gap in other for other in gaps):
                gaps.append(gap)
        gaps += self.triggers.gaps
        gaps += [f"the transform {name} is not applied here" for name in self.template.macros]
        for name in self.template.names(*NESTED):
            type_name = self.template.type_of(name)
            gaps.append(
                f"{name} ({type_name}) is a stack of its own, which does not run here: "
                "start its template next to this one"
            )
        gaps += self.template.unknown.values()
        return list(dict.fromkeys(gaps))


def signature(files: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Times and sizes of those files that exist: another signature means that one was edited."""
    states = {}
    for file in files:
        with contextlib.suppress(OSError):
            stat = file.stat()
            states[file] = (stat.st_mtime_ns, stat.st_size)
    return states


def _no_api(gaps: list[str]) -> str:
    if gaps:
        return "no API that can be served here: " + "; ".join(gaps)
    return (
        "no API in it: add a function with an Api event, or an AWS::Serverless::Api "
        "with a DefinitionBody; a function without an API runs with samspec invoke FUNCTION"
    )
