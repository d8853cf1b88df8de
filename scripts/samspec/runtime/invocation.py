"""One call of a function, and what became of it."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from samspec.sam.functions import LambdaFunction


@dataclass
class Invocation:
    """What a function is called with besides its event, and what it logs and asks of AWS."""

    function: LambdaFunction
    qualifier: str | None = None
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    deadline: float = 0.0  # seconds since the epoch; 0 until the function has got its event
    debugged: bool = False  # somebody is at a breakpoint: no time-out counts

    def __post_init__(self) -> None:
        self.started_at = time.time()

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN, with the alias or version that was called."""
        arn = self.function.arn
        return f"{arn}:{self.qualifier}" if self.qualifier else arn

    def begin(self) -> None:
        """Let the function's time-out start."""
        self.deadline = time.time() + self.function.timeout


@dataclass(frozen=True)
class Failure:
    """An error of a function, as the developer wants to see it."""

    type: str  # the exception's name, or Lambda's own: Runtime.ExitError
    message: str
    trace: tuple[str, ...] = ()  # the traceback's entries, outermost first
    file: str = ""  # the innermost place in the function's own code
    line: int = 0
    source: str = ""  # that line
    advice: str = ""  # what to do, where that is known

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        advice = f": {self.advice}" if self.advice else ""
        return f"{place}{self.type}: {self.message}{advice}"


class FunctionFailed(Exception):
    """A function did not give a result: to API Gateway an error of its integration."""

    def __init__(self, function: LambdaFunction, failure: Failure):
        super().__init__(f"{function.name}: {failure}")
        self.function = function
        self.failure = failure


class IntegrationTimedOut(Exception):
    """A function took longer than API Gateway waits for it."""

    def __init__(self, function: LambdaFunction, limit: float):
        super().__init__(f"{function.name} took longer than the integration's {limit:g} s")
        self.function = function
