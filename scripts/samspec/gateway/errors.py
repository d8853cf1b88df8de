"""A request that ends in one of the gateway's own responses."""

from collections.abc import Mapping


class GatewayError(Exception):
    """The gateway itself responds, with one of its gateway responses.

    `response_type` is the gateway response type, which the spec can redefine.

    A `message` of None becomes JSON's null, as API Gateway's own errors of authorizers are.
    `headers` are those of an HTTP API. `reason` is for the developer's eyes only: it never reaches
    the caller.
    """

    def __init__(
        self,
        response_type: str,
        message: str | None = "",
        *,
        status: int = 0,
        reason: str = "",
        validation: str = "",
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(message or response_type)
        self.response_type = response_type
        self.message = message
        self.status = status
        self.reason = reason
        self.validation = validation
        self.headers = dict(headers or {})
