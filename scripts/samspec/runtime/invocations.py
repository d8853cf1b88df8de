"""One run of a handler, with Lambda's context object, and the threads that handlers run in."""

import contextlib
import contextvars
import ctypes
import importlib
import json
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, ClassVar

from samspec.runtime import environment

if TYPE_CHECKING:
    from samspec.runtime.functions import Function

Handler = Callable[[Any, Any], Any]


class TimedOut(BaseException):
    """Raised in the thread of a handler that runs beyond its time."""


class Invocation:
    """One run of a handler: the `context` object that it gets, and what it logs and asks of DynamoDB."""

    def __init__(self, function: "Function", qualifier: str | None):
        self.function = function
        self.done = threading.Event()
        self.given_up = False
        self.debugged = "debugpy" in sys.modules
        self.result: Any = None
        self.error: BaseException | None = None
        self.lines: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self._deadline = time.monotonic() + function.timeout
        self.function_name = function.physical_name
        self.function_version = "1" if qualifier else "$LATEST"
        self.invoked_function_arn = f"{function.arn}:{qualifier}" if qualifier else function.arn
        self.memory_limit_in_mb = str(function.memory)
        self.aws_request_id = str(uuid.uuid4())
        self.log_group_name = function.environment["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = f"{time.strftime('%Y/%m/%d')}/[{self.function_version}]local"
        self.identity = self.client_context = None

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))

    def run(self, handler: Handler, event: Any) -> None:
        environment.activate(self.function.environment)
        running.set(self)
        try:
            self.result = json.loads(json.dumps(handler(event, self), default=_encode))
        except BaseException as error:  # sys.exit and TimedOut included: none may end the server
            self.error = error
        finally:
            self.done.set()


class Worker(threading.Thread):
    """A thread for one handler's run after another: to start one takes longer than all else that the gateway does."""

    _idle: ClassVar[list["Worker"]] = []

    @classmethod
    def free(cls) -> "Worker":
        try:
            return cls._idle.pop()
        except IndexError:
            worker = cls()
            worker.start()
            return worker

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._runs: SimpleQueue[tuple[Invocation, Callable[[], None]]] = SimpleQueue()

    def start_run(self, invocation: Invocation, handler: Handler, event: Any) -> None:
        self._runs.put(
            (invocation, partial(contextvars.copy_context().run, invocation.run, handler, event))
        )

    def run(self) -> None:
        with contextlib.suppress(TimedOut):
            while True:
                self.name = "idle"
                invocation, run = self._runs.get()
                self.name = invocation.function.name
                run()
                if invocation.given_up:
                    return
                self._idle.append(self)

    def give_up(self, invocation: Invocation) -> bool:
        """End the handler's run, and with it this thread; False where it has just come to its own end."""
        invocation.given_up = True
        if invocation.done.is_set():
            return False
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self.ident or 0), ctypes.py_object(TimedOut)
        )
        return True


running: contextvars.ContextVar[Invocation | None] = contextvars.ContextVar("running", default=None)


def pause_at_breakpoints() -> None:
    """Let `breakpoint()` in a handler suspend its time-out."""
    original = sys.breakpointhook

    def hook(*args: Any, **kwargs: Any) -> Any:
        if invocation := running.get():
            invocation.debugged = True
        if "PYTHONBREAKPOINT" in os.environ:
            return original(*args, **kwargs)
        pdb: Any = importlib.import_module("pdb")
        return pdb.Pdb().set_trace(sys._getframe(1))

    sys.breakpointhook = hook


def _encode(value: Any) -> float:
    """Lambda's runtime knows one type that JSON does not."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not JSON serializable")
