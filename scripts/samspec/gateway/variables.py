"""`$context`, `$stageVariables` and `method.request`: what templates and mappings may name."""

import re
from dataclasses import dataclass
from typing import Any

from samspec.gateway.events import Request

VARIABLE = re.compile(r"\$(\{)?((?:context|stageVariables|method)(?:\.[\w-]+)+)(?(1)\})")


@dataclass
class Scope:
    request: Request
    context: dict[str, Any]
    parameters: dict[str, str]  # of the path
    stage: dict[str, str]

    def by_place(self) -> dict[str, dict[str, str]]:
        """The request's parameters: path, query and header; the last value of each name."""
        query, headers = dict(self.request.query), dict(self.request.headers)
        return {"path": self.parameters, "query": query, "header": headers}


def substituted(template: str, scope: Scope, missing: str = "") -> str:
    """The template with each variable replaced by its value, unescaped as by API Gateway [D]."""
    return VARIABLE.sub(lambda match: evaluated(match[2], scope, missing), template)


def evaluated(expression: str, scope: Scope, missing: str = "") -> str:
    """The value of `'literal'`, `context.x`, `method.request.header.X` or `stageVariables.x`."""
    if expression.startswith("'"):
        return expression[1:-1]
    values = scope.by_place()
    headers = {name.lower(): value for name, value in values["header"].items()}
    request = {"path": values["path"], "querystring": values["query"], "header": headers}
    value: Any = {
        "context": scope.context,
        "stageVariables": scope.stage,
        "method": {"request": request},
    }
    if expression.startswith("method.request.header."):  # of any letter case
        expression = expression.lower()
    for part in expression.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return missing if value is None else str(value)
