"""The operations of an OpenAPI definition, and the function that each one calls."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samspec.sam.documents import Keys
from samspec.sam.references import target

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"


@dataclass(frozen=True)
class Operation:
    """A method of a path; `method` is ANY for API Gateway's catch-all."""

    method: str
    path: str
    node: Mapping[str, Any]
    keys: Keys

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def id(self) -> str:
        return str(self.node.get("operationId", self))

    @property
    def integration(self) -> Mapping[str, Any]:
        return self.node.get(INTEGRATION) or {}

    @property
    def is_proxy(self) -> bool:
        return str(self.integration.get("type")).lower() == "aws_proxy"

    @property
    def target(self) -> tuple[str | None, str | None]:
        """The logical id of the function that the integration calls, and the alias."""
        return target(self.integration.get("uri"))

    def named(self, separator: str) -> str:
        """create_user or create-user for createUser."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", separator, self.id).lower()
