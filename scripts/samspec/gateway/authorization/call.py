"""A request as authorizers judge it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from samspec.gateway.events import Request
from samspec.gateway.routes import Route
from samspec.sam.account import ACCOUNT

Invoke = Callable[[str, dict[str, Any], float], Any]


class FunctionFailed(Exception):
    """An authorizer's function raised an error or timed out; `message` is its errorMessage."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(reason)
        self.message = message


@dataclass
class Call:
    """A request at its route. Authorizers add to `context`, which is `$context`.

    `invoke` runs a function by its ARN: event, then the limit in seconds; it returns what the
    function returns, or raises FunctionFailed. `event` makes the proxy event of a payload
    format version.
    """

    request: Request
    route: Route
    context: dict[str, Any]
    stage_variables: dict[str, str]
    region: str
    invoke: Invoke
    event: Callable[[str], dict[str, Any]]

    @property
    def arn(self) -> str:
        """The ARN that policies name: API, stage, method and path."""
        api, stage = self.context["apiId"], self.context["stage"]
        path = self.request.path.removeprefix("/")
        prefix = f"arn:aws:execute-api:{self.region}:{ACCOUNT}:{api}"
        return f"{prefix}/{stage}/{self.request.method}/{path}"

    def value(self, source: str) -> str | None:
        """The value of an identity source: REST's `method.request.header.X`, HTTP's `$request...`.

        None if the request has none, or an empty one, which counts as none [D].
        """
        parts = source.strip().removeprefix("$").split(".")
        if parts[0] == "method":
            parts = parts[1:]
        place, name = parts[0], ".".join(parts[2:])
        if place == "request" and parts[1:2] == ["header"]:
            return self.request.header(name) or None
        if place == "request" and parts[1:2] in (["querystring"], ["query"]):
            return dict(self.request.query).get(name) or None
        if place == "stageVariables":
            return self.stage_variables.get(".".join(parts[1:])) or None
        return self._context_value(parts[1:]) if place == "context" else None

    def _context_value(self, names: list[str]) -> str | None:
        value: Any = self.context
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return None if value in (None, "") else str(value)
