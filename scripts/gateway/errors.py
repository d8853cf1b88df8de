"""The two ways to fail: the project is wrong, or a request ends in a gateway response."""


class ProjectError(Exception):
    """Something in the user's project is wrong; the message is one line that says where and what to do."""


class GatewayResponse(Exception):
    """The gateway itself answers; `kind` names the gateway response type, as the spec may redefine it.

    `reason` is for the developer's eyes only: it never reaches the caller.
    """

    def __init__(self, kind: str, message: str = "", *, status: int = 0, reason: str = "", validation: str = ""):
        super().__init__(message or kind)
        self.kind = kind
        self.message = message
        self.status = status
        self.reason = reason
        self.validation = validation
