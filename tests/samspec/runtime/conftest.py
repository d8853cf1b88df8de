"""The library project of the gateway's tests, and functions of a few lines."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from samspec.aws.endpoint import Endpoint
from samspec.runtime.invocation import FunctionFailed, Invocation
from samspec.runtime.pool import Limits
from samspec.runtime.processes import Processes, ProcessSettings
from samspec.sam.functions import LambdaFunction

from tests.samspec.gateway.conftest import altered, client, event, library, made

__all__ = ["altered", "client", "event", "library", "made"]

RUNTIME = "python3.11"


@pytest.fixture
def function(tmp_path: Path) -> Callable[..., LambdaFunction]:
    """Makes a function of some source, which is in app.py; keywords are LambdaFunction's."""

    def make(source: str = "", **fields: Any) -> LambdaFunction:
        code = tmp_path / "code"
        code.mkdir(exist_ok=True)
        (code / "app.py").write_text(source)
        arguments: dict[str, Any] = {
            "name": "Function",
            "physical_name": "function",
            "arn": "arn:aws:lambda:us-east-1:123456789012:function:function",
            "region": "us-east-1",
            "runtime": RUNTIME,
            "handler": "app.handler",
            "code": code,
            "layers": (),
            "environment": {},
            "timeout": 10.0,
            "memory": 128,
            "logging": {},
            **fields,
        }
        return LambdaFunction(**arguments)

    return make


class Workers:
    """Calls functions in worker processes."""

    def __init__(self, processes: Processes):
        self.processes = processes
        self.last: Invocation | None = None

    def call(self, function: LambdaFunction, event: Any = None, limit: float = 29) -> Any:
        """The function's result."""
        self.last = Invocation(function)
        return self.processes.invoke(self.last, event, limit)

    def processes_call(self, function: LambdaFunction, event: Any) -> Any:
        """The same, for several threads at a time."""
        return self.processes.invoke(Invocation(function), event, 29)

    def fail(self, function: LambdaFunction, event: Any = None) -> FunctionFailed:
        """The failure of a function that must fail."""
        with pytest.raises(FunctionFailed) as failed:
            self.call(function, event)
        return failed.value

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Level and message of what the last call logged."""
        assert self.last
        return [(line["level"], line["message"]) for line in self.last.lines]


@pytest.fixture
def workers() -> Iterator[Workers]:
    limits = Limits(most=4, patience=0.2, extra_idle=0.5, last_idle=3.0)
    processes = Processes(Endpoint(), ProcessSettings(limits=limits))
    yield Workers(processes)
    processes.close()
