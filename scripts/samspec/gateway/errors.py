"""A request that ends in one of the gateway's own responses."""

from collections.abc import Mapping


class GatewayResponse(Exception):
    """The gateway itself responds; `kind` names the gateway response type, as the spec may redefine
    it.

    A `message` of None becomes JSON's null, as API Gateway's own errors of authorizers are.
    `headers` are those of an HTTP API. `reason` is for the developer's eyes only: it never reaches
    the caller.
    """

    def __init__(
        self,
        kind: str,
        message: str | None = "",
        *,
        status: int = 0,
        reason: str = "",
        validation: str = "",
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(message or kind)
        self.kind = kind
        self.message = message
        self.status = status
        self.reason = reason
        self.validation = validation
        self.headers = dict(headers or {})
