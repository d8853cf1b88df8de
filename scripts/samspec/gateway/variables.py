"""`$context`, `$stageVariables` and `method.request`: the values that templates and parameter mappings may name."""

import re
from dataclasses import dataclass
from typing import Any

from samspec.gateway.events import Request

VARIABLE = re.compile(r"\$(\{)?((?:context|stageVariables|method)(?:\.[\w-]+)+)(?(1)\})")


@dataclass
class Known:
    request: Request
    context: dict[str, Any]
    parameters: dict[str, str]  # of the path
    stage: dict[str, str]


def substituted(template: str, known: Known, missing: str = "") -> str:
    """The template with each variable in it replaced by its value, unescaped, as API Gateway does [D]."""
    return VARIABLE.sub(lambda match: evaluated(match[2], known, missing), template)


def evaluated(expression: str, known: Known, missing: str = "") -> str:
    """The value of `'literal'`, `context.requestId`, `method.request.header.X` or `stageVariables.x`."""
    if expression.startswith("'"):
        return expression[1:-1]
    query, headers = dict(known.request.query), dict(known.request.headers)
    request = {"path": known.parameters, "querystring": query, "header": headers}
    value: Any = {
        "context": known.context,
        "stageVariables": known.stage,
        "method": {"request": request},
    }
    for part in expression.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return missing if value is None else str(value)
