"""Lambda authorizers, TOKEN and REQUEST: their events, results, policies and cache."""

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samspec.gateway.authorization import policy
from samspec.gateway.authorization.call import Call, FunctionFailed
from samspec.gateway.authorization.requirements import Authorizer
from samspec.gateway.authorization.tokens import unauthorized
from samspec.gateway.errors import GatewayError

FUNCTION_ARN = re.compile(r"(arn:[\w-]+:lambda:[^/\s]+)/invocations$")
REST_TTL = 300  # seconds; the default of REST APIs. HTTP APIs do not cache unless told to [D]
REST_LIMIT, HTTP_LIMIT = 29, 10  # seconds that a function may take [D]
NO_MESSAGE = None  # a REST API's body is then {"message":null}
DENIED, DENIED_EXPLICITLY = (
    "User is not authorized to access this resource",
    "User is not authorized to access this resource with an explicit deny",
)


@dataclass(frozen=True)
class Result:
    """What an authorizer's function decided. `policy` is None for a simple response."""

    context: Mapping[str, Any]
    policy: Any = None
    allowed: bool = False
    principal: str | None = None
    usage_key: str | None = None


class LambdaAuthorizer:
    """One authorizer of an API. Results are cached by the values of its identity sources."""

    def __init__(self, authorizer: Authorizer, http_api: bool) -> None:
        self.authorizer = authorizer
        self._http_api = http_api
        self._settings = authorizer.settings
        self._cached: dict[tuple[str, ...], tuple[float, Result]] = {}
        self._lock = threading.Lock()

    @property
    def function(self) -> str:
        """The ARN of its function; empty if `authorizerUri` names none."""
        match = FUNCTION_ARN.search(str(self._settings.get("authorizerUri", "")))
        return match[1] if match else ""

    def authorize(self, call: Call) -> str | None:
        """Let the call pass and extend its context, or raise the gateway's response.

        Returns the usageIdentifierKey, if the function gave one.
        """
        identity = self._identity(call)
        result = self._result(call, identity)
        self._add_context(call, result)
        self._judge(call, result)
        return result.usage_key

    def _identity(self, call: Call) -> tuple[str, ...]:
        values = []
        for source in self._sources():
            value = call.value(source)
            if value is None:
                raise self._unauthorized(f"its identity source {source} is missing or empty")
            values.append(value)
        self._check_form(values)
        return tuple(values)

    def _check_form(self, values: list[str]) -> None:
        """A TOKEN authorizer's identityValidationExpression saves a call of its function."""
        expression = self._settings.get("identityValidationExpression")
        if self.authorizer.type != "token" or not expression:
            return
        if not re.match(str(expression), values[0]):
            raise self._unauthorized(f"the token does not fit {expression}")

    def _sources(self) -> list[str]:
        if self.authorizer.type == "token":
            return [f"method.request.header.{self.authorizer.header}"]
        stated = self._settings.get("identitySource") or []
        texts = stated if isinstance(stated, list) else str(stated).split(",")
        return [str(text).strip() for text in texts if str(text).strip()]

    def _result(self, call: Call, identity: tuple[str, ...]) -> Result:
        default = 0 if self._http_api else REST_TTL
        ttl = self._settings.get("authorizerResultTtlInSeconds")
        seconds = float(default if ttl is None else ttl)
        if not identity:  # nothing to tell callers apart by: nothing is cached
            seconds = 0
        with self._lock:
            expires, result = self._cached.get(identity, (0.0, None))
        if result and seconds and time.monotonic() < expires:
            return result
        result = self._ask(call, identity)
        if seconds:
            with self._lock:
                self._cached[identity] = (time.monotonic() + seconds, result)
        return result

    def _ask(self, call: Call, identity: tuple[str, ...]) -> Result:
        limit = HTTP_LIMIT if self._http_api else REST_LIMIT
        try:
            result = call.invoke(self.function, self._event(call, identity), limit)
        except FunctionFailed as error:
            if error.message == "Unauthorized":  # the one message with a meaning [D]
                raise self._unauthorized("the authorizer raised 'Unauthorized'") from None
            raise self._failure("AUTHORIZER_FAILURE", str(error)) from None
        return self._read(result)

    def _event(self, call: Call, identity: tuple[str, ...]) -> dict[str, Any]:
        if self.authorizer.type == "token":
            token = identity[0]
            return {"type": "TOKEN", "methodArn": call.arn, "authorizationToken": token}
        event = call.event(self._version)
        for name in ("body", "isBase64Encoded"):
            event.pop(name, None)
        if not self._http_api:
            return {"type": "REQUEST", "methodArn": call.arn, **event}
        if self._version == "1.0":
            joined = ",".join(identity)
            added = {"methodArn": call.arn, "identitySource": joined, "authorizationToken": joined}
            return {**event, "version": "1.0", "type": "REQUEST", **added}
        event["identitySource"] = list(identity) or None
        return {**event, "version": "2.0", "type": "REQUEST", "routeArn": call.arn}

    @property
    def _version(self) -> str:
        """Of its events: REST APIs have the first one only."""
        stated = self._settings.get("authorizerPayloadFormatVersion")
        return str(stated) if self._http_api and stated else "1.0"

    @property
    def _is_simple(self) -> bool:
        enabled = str(self._settings.get("enableSimpleResponses", "")).lower() == "true"
        return self._http_api and self._version == "2.0" and enabled

    def _read(self, result: Any) -> Result:
        if not isinstance(result, dict):
            raise self._misconfigured(f"it returned {result!r:.80}, not an object")
        context = result.get("context") or {}
        if not isinstance(context, dict):
            raise self._misconfigured("its context is not an object")
        if self._is_simple:
            allowed = result.get("isAuthorized")
            if not isinstance(allowed, bool):
                raise self._misconfigured("isAuthorized is not true or false")
            return Result(context, allowed=allowed)
        for name, value in context.items():
            if not self._http_api and not isinstance(value, str | int | float | bool):
                raise self._misconfigured(f"its context's {name} is not text, number or boolean")
        try:
            policy.statements(result.get("policyDocument"))
        except policy.InvalidPolicy as error:
            raise self._misconfigured(str(error)) from None
        principal, key = result.get("principalId"), result.get("usageIdentifierKey")
        return Result(
            context,
            policy=result["policyDocument"],
            principal=None if principal is None else str(principal),
            usage_key=None if key is None else str(key),
        )

    def _add_context(self, call: Call, result: Result) -> None:
        if self._http_api:
            call.context["authorizer"] = {"lambda": dict(result.context) or None}
            return
        values = {name: _text(value) for name, value in result.context.items()}
        principal = {} if result.principal is None else {"principalId": result.principal}
        call.context["authorizer"] = {**values, **principal, "integrationLatency": 0}

    def _judge(self, call: Call, result: Result) -> None:
        if self._is_simple:
            if not result.allowed:
                raise GatewayError("ACCESS_DENIED", "Forbidden", reason="isAuthorized is false")
            return
        decision = policy.decide(result.policy, access(call))
        if decision is policy.Decision.ALLOW:
            return
        explicit = decision is policy.Decision.DENY
        message = DENIED_EXPLICITLY if explicit else DENIED
        reason = f"{self.authorizer.name}'s policy: {decision.value} for {call.arn}"
        raise GatewayError(
            "ACCESS_DENIED", "Forbidden" if self._http_api else message, reason=reason
        )

    def _unauthorized(self, reason: str) -> GatewayError:
        return unauthorized(f"{self.authorizer.name}: {reason}")

    def _misconfigured(self, reason: str) -> GatewayError:
        return self._failure("AUTHORIZER_CONFIGURATION_ERROR", reason)

    def _failure(self, response_type: str, reason: str) -> GatewayError:
        message = "Internal Server Error" if self._http_api else NO_MESSAGE
        return GatewayError(response_type, message, reason=f"{self.authorizer.name}: {reason}")


def access(call: Call) -> policy.Access:
    """The call as policies judge it. A request to a local gateway comes from no VPC."""
    keys = {
        "aws:SourceIp": call.request.source_ip,
        "aws:UserAgent": call.request.header("User-Agent") or "",
        "aws:SecureTransport": "true",  # as on AWS: callers of execute-api always use TLS
        "aws:CurrentTime": call.request.received.isoformat(),
        "aws:EpochTime": str(int(call.request.received.timestamp())),
    }
    referer = call.request.header("Referer")
    if referer:
        keys["aws:Referer"] = referer
    return policy.Access(call.arn, keys)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
