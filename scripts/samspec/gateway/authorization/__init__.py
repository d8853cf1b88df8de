"""Who may call: authorizers, API keys, signatures and the resource policy of one API.

`Authorization.authorize` is the one entry. It judges a request at its route, as API Gateway does:
the resource policy first, then the authorizer or the signature, then the API key. What it learns of
the caller goes into `$context`, which the function gets as requestContext.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samspec.gateway.authorization import policy, requirements, signature, tokens
from samspec.gateway.authorization.call import Call, FunctionFailed, Invoke
from samspec.gateway.authorization.functions import LambdaAuthorizer, access
from samspec.gateway.authorization.keys import UsagePlans
from samspec.gateway.authorization.requirements import Requirement
from samspec.gateway.errors import GatewayError
from samspec.gateway.events import identity
from samspec.gateway.routes import Route
from samspec.sam.account import ACCOUNT
from samspec.sam.definitions import HTTP, Api
from samspec.sam.template import Template

__all__ = ["ApiSettings", "Authorization", "Call", "Caller", "FunctionFailed", "Invoke"]

KEY_SOURCE, POLICY = "x-amazon-apigateway-api-key-source", "x-amazon-apigateway-policy"


@dataclass(frozen=True)
class ApiSettings:
    """What the template says of an API next to its definition.

    `id` is what Ref gives, which usage plans name. `policy` is the resource policy of the API's own
    properties; `template` has the API keys and usage plans.
    """

    id: str
    stage: str
    template: Template
    http_api: bool = False
    key_source: str = "HEADER"
    policy: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, api: Api) -> "ApiSettings":
        """The settings of an API of a project."""
        return cls(
            id=api.id,
            stage=api.stage,
            template=api.template,
            http_api=api.protocol == HTTP,
            key_source=str(api.properties.get("ApiKeySourceType") or "HEADER"),
            policy=api.properties.get("Policy"),
        )


@dataclass(frozen=True)
class Caller:
    """Who called, for the console, the terminal and the access log: `name` as people know it."""

    how: str  # "token", "authorizer", "signature", "api key"
    name: str
    scopes: tuple[str, ...] = ()

    def __str__(self) -> str:
        scopes = f" [{' '.join(self.scopes)}]" if self.scopes else ""
        return f"{self.name} ({self.how}){scopes}"


class Authorization:
    """Who may call the operations of one API, by its definition and the template's resources."""

    def __init__(self, definition: Mapping[str, Any], settings: ApiSettings) -> None:
        self._definition = definition
        self._settings = settings
        self._plans = UsagePlans(settings.template, settings.id, settings.stage)
        self._policy = definition.get(POLICY) or settings.policy
        self._key_source = str(definition.get(KEY_SOURCE) or settings.key_source).upper()
        self._lambdas = {}
        for authorizer in requirements.authorizers(definition):
            if authorizer.type in ("token", "request"):
                self._lambdas[authorizer.name] = LambdaAuthorizer(authorizer, settings.http_api)
        self._requirements: dict[str, Requirement] = {}

    def requirement(self, route: Route) -> Requirement:
        """What the route asks of its callers."""
        name = str(route)
        if name not in self._requirements:
            self._requirements[name] = requirements.read(self._definition, route.operation)
        return self._requirements[name]

    def gap(self, route: Route) -> str:
        """Why the route's callers cannot be judged here; empty if they can."""
        requirement = self.requirement(route)
        if requirement.problem:
            return requirement.problem
        if self._policy:
            try:
                policy.statements(self._policy)
            except policy.InvalidPolicy as error:
                return f"the API's resource policy cannot be read: {error}"
        authorizer = requirement.authorizer
        if authorizer is None:
            return ""
        if authorizer.name in self._lambdas:
            if self._lambdas[authorizer.name].function:
                return ""
            return f"the authorizer {authorizer.name} has no authorizerUri that names a function"
        fault = tokens.problem(authorizer)
        return f"the authorizer {authorizer.name} cannot be used: {fault}" if fault else ""

    def notes(self) -> list[str]:
        """What is judged differently here than on AWS, to be said once at start."""
        if not self._policy:
            return []
        try:
            unknown = sorted(set(policy.unknown_conditions(self._policy)))
        except policy.InvalidPolicy:
            return []
        lines = []
        for operator in unknown:
            lines.append(
                f"the resource policy's condition {operator} is not evaluated: its Allow does not "
                "hold here, its Deny does"
            )
        return lines

    @property
    def functions(self) -> list[str]:
        """The ARNs of the functions that authorizers call."""
        return [authorizer.function for authorizer in self._lambdas.values() if authorizer.function]

    @property
    def issuers(self) -> list[str]:
        """Whose tokens some authorizer of the API accepts, in the definition's order."""
        trusted: list[str] = []
        for authorizer in requirements.authorizers(self._definition):
            if not tokens.problem(authorizer) or authorizer.type in ("token", "request"):
                trusted += tokens.issuers_of(authorizer)
        return trusted

    @property
    def key_values(self) -> dict[str, str]:
        """The API keys that open this stage, by name."""
        return {key.name: key.value for key in self._plans.usable}

    def limit(self, enabled: bool) -> None:
        """Enforce the rates and quotas of usage plans, or none."""
        self._plans.limited = enabled

    def authorize(self, call: Call) -> Caller | None:
        """Let the call pass, or raise the gateway response that API Gateway would send.

        Returns who called; None for an open operation. `call.context` is extended by what a
        function gets as requestContext.authorizer and requestContext.identity.
        """
        requirement = self.requirement(call.route)
        fault = self.gap(call.route)
        if fault:
            raise GatewayError("DEFAULT_5XX", fault, status=501, reason=fault)
        if self._policy:
            self._judge_by_policy(call, requirement)
        caller, usage_key = self._authenticate(call, requirement)
        if requirement.key:
            value = call.request.header(requirements.API_KEY_HEADER)
            if self._key_source == "AUTHORIZER":
                value = usage_key
            key = self._plans.take(value, call.route, call.request.method)
            call.context["identity"] |= {"apiKey": key.value, "apiKeyId": key.id}
            caller = caller or Caller("api key", key.name)
        return caller

    def _authenticate(
        self, call: Call, requirement: Requirement
    ) -> tuple[Caller | None, str | None]:
        """The caller, and the usageIdentifierKey that a Lambda authorizer gave."""
        if requirement.iam:
            return self._signed(call), None
        authorizer = requirement.authorizer
        if authorizer is None:
            return None, None
        if authorizer.name in self._lambdas:
            key = self._lambdas[authorizer.name].authorize(call)
            principal = call.context["authorizer"].get("principalId") or authorizer.name
            return Caller("authorizer", str(principal)), key
        if authorizer.type == "jwt":
            call.context["authorizer"] = tokens.jwt(authorizer, requirement.scopes, call)
            claims = call.context["authorizer"]["jwt"]["claims"]
        else:
            call.context["authorizer"] = tokens.cognito(authorizer, requirement.scopes, call)
            claims = call.context["authorizer"]["claims"]
        scopes = tuple(str(claims.get("scope", "")).split())
        return Caller("token", str(claims.get("sub")), scopes), None

    def _signed(self, call: Call) -> Caller:
        key = signature.caller(call.request)
        call.context["identity"] = identity(call.request, key)
        if self._settings.http_api:
            arn = call.context["identity"]["userArn"]
            call.context["authorizer"] = {
                "iam": {
                    "accessKey": key,
                    "accountId": ACCOUNT,
                    "callerId": key,
                    "cognitoIdentity": None,
                    "principalOrgId": None,
                    "userArn": arn,
                    "userId": key,
                }
            }
        return Caller("signature", key)

    def _judge_by_policy(self, call: Call, requirement: Requirement) -> None:
        """The resource policy before anything else.

        Without an Allow, it closes open and Cognito operations; a signature or a Lambda authorizer
        may still allow what it does not mention. https://docs.aws.amazon.com/apigateway/latest/
        developerguide/apigateway-authorization-flow.html
        """
        decision = policy.decide(self._policy, access(call))
        asks_again = requirement.iam or (
            requirement.authorizer and requirement.authorizer.name in self._lambdas
        )
        if decision is policy.Decision.ALLOW:
            return
        if decision is policy.Decision.NEITHER and asks_again:
            return
        shown = call.arn.replace(ACCOUNT, "********" + ACCOUNT[-4:])
        message = (
            f"User: anonymous is not authorized to perform: {policy.INVOKE} on resource: {shown}"
        )
        if decision is policy.Decision.DENY:
            message += " with an explicit deny"
        reason = f"the resource policy: {decision.value} for {call.arn}"
        raise GatewayError("ACCESS_DENIED", message, reason=reason)
