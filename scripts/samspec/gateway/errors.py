"""A request that ends in one of the gateway's own responses."""


class GatewayResponse(Exception):
    """The gateway itself responds; `kind` names the gateway response type, as the spec may redefine it.

    `reason` is for the developer's eyes only: it never reaches the caller.
    """

    def __init__(
        self,
        kind: str,
        message: str = "",
        *,
        status: int = 0,
        reason: str = "",
        validation: str = "",
    ):
        super().__init__(message or kind)
        self.kind = kind
        self.message = message
        self.status = status
        self.reason = reason
        self.validation = validation
