"""The runner for a project's own fast tests: its handlers run in the tests' process.

Coverage sees them, and a call takes a tenth of a millisecond. In return it is less like Lambda:
functions share their modules and one environment, and no time-out ends them.
"""

import contextvars
import importlib
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from samspec.runtime import environment, failures
from samspec.runtime.invocation import FunctionFailed, Invocation
from samspec.sam.account import KEY_ID, SECRET
from samspec.sam.functions import LambdaFunction

Handler = Callable[[Any, Any], Any]

running: contextvars.ContextVar[Invocation | None] = contextvars.ContextVar("running", default=None)


class InProcess:
    """Imports each handler once, and calls it in the caller's thread."""

    def __init__(self) -> None:
        self.functions: Mapping[str, LambdaFunction] = {}
        self._handlers: dict[str, Handler] = {}
        self._lock = threading.Lock()

    def invoke(self, invocation: Invocation, event: Mapping[str, Any], limit: float) -> Any:
        """The function's result, through JSON both ways; see Runner.invoke."""
        invocation.begin()
        token = running.set(invocation)
        try:
            handler = self._handler(invocation.function)
            result = handler(json.loads(json.dumps(event)), Context(invocation))
            return json.loads(json.dumps(result, default=_number))
        except (Exception, SystemExit) as error:
            report = _report(error)
            failure = failures.from_report(invocation.function, report)
            raise FunctionFailed(invocation.function, failure) from error
        finally:
            running.reset(token)

    def keep(self, functions: Iterable[LambdaFunction]) -> None:
        """Nothing to do: handlers stay imported."""

    def close(self) -> None:
        """Nothing to do: the process is the tests'."""

    def _handler(self, function: LambdaFunction) -> Handler:
        key = f"{function.code} {function.handler}"
        with self._lock:
            if key not in self._handlers:
                self._handlers[key] = _imported(function)
            return self._handlers[key]


class Context:
    """Lambda's context object."""

    def __init__(self, invocation: Invocation):
        function = invocation.function
        self._invocation = invocation
        self.function_name = function.physical_name
        self.function_version = "1" if invocation.qualifier else "$LATEST"
        self.invoked_function_arn = invocation.invoked_function_arn
        self.memory_limit_in_mb = str(function.memory)
        self.aws_request_id = invocation.aws_request_id
        self.log_group_name = function.logging.get(
            "LogGroup", f"/aws/lambda/{function.physical_name}"
        )
        self.log_stream_name = "local"
        self.identity = None
        self.client_context = None

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's time-out."""
        import time

        return max(0, int((self._invocation.deadline - time.time()) * 1000))


def _imported(function: LambdaFunction) -> Handler:
    module_name, _, name = function.handler.rpartition(".")
    os.environ.update(environment.of_function(function))
    os.environ.update(AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET)
    if str(function.code) not in sys.path:
        sys.path.insert(0, str(function.code))
    module = importlib.import_module(module_name.replace("/", "."))
    handler: Handler = getattr(module, name)
    return handler


def _report(error: BaseException) -> dict[str, Any]:
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def _number(value: Any) -> float:
    """Lambda's runtime encodes one type that JSON does not have."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not JSON serializable")
