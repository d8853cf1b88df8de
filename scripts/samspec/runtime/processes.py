"""The runner with a pool of worker processes for each function."""

import contextlib
import json
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from samspec.runtime import interpreters, packages
from samspec.runtime.invocation import FunctionFailed, IntegrationTimedOut, Invocation
from samspec.runtime.invoke_api import InvokeApi, Reply
from samspec.runtime.logs import Collector, Line
from samspec.runtime.pool import Limits, Pool
from samspec.runtime.watch import Watch
from samspec.runtime.worker import Launch, Worker
from samspec.sam.errors import ProjectError
from samspec.sam.functions import LambdaFunction

log = logging.getLogger("gateway")
TIDY_EVERY = 5.0  # seconds


@dataclass(frozen=True)
class ProcessSettings:
    """What the workers of all functions share."""

    variables: Mapping[str, str] = field(default_factory=dict)  # for every function
    local_packages: tuple[str, ...] = ()  # see samspec.sam.configuration
    limits: Limits = field(default_factory=Limits)
    has_terminal: bool = False  # breakpoint() may use this process's input and output


class AwsEndpoint(Protocol):
    """Where workers' AWS calls go; it tells `on_call` whose a call was, by the access key."""

    on_call: Callable[[str, dict[str, Any]], object]
    invoke: Callable[[str, str, bytes], Reply | None]

    @property
    def url(self) -> str:
        """Where it listens."""

    def close(self) -> None:
        """Stop listening."""


class Processes:
    """Runs functions as Lambda does: in processes that ask the Runtime API for events.

    `on_line` hears of each log line with its function, as it comes.
    """

    def __init__(self, aws: AwsEndpoint, settings: ProcessSettings | None = None):
        self.on_line: Callable[[LambdaFunction, Line], None] = lambda function, line: None
        self._aws = aws
        self._aws.on_call = self.take_call
        self.functions: Mapping[str, LambdaFunction] = {}  # those that functions may invoke
        self._aws.invoke = InvokeApi(self.invoke, lambda: self.functions).respond
        self._settings = settings or ProcessSettings()
        self._pools: dict[str, Pool] = {}
        self._watches: dict[tuple[Path, ...], Watch] = {}  # functions share folders
        self._lock = threading.Lock()
        self._collector = Collector()
        self._gate = threading.Semaphore(max(2, os.cpu_count() or 1))
        self._folder = tempfile.TemporaryDirectory(prefix="samspec-workers-")
        self._terminal = _terminal() if self._settings.has_terminal else None
        self._closed = threading.Event()
        threading.Thread(target=self._tidy_now_and_then, name="tidy", daemon=True).start()

    def invoke(self, invocation: Invocation, event: Mapping[str, Any], limit: float) -> Any:
        """The function's result; see Runner.invoke."""
        pool = self._pool(invocation.function)
        payload = json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")
        result = pool.invoke(invocation, payload, limit)
        try:
            return json.loads(result)
        except ValueError:
            return result.decode("utf-8", "replace")

    def keep(self, functions: Iterable[LambdaFunction]) -> None:
        """End the workers of functions that are not among these."""
        kept = {_key(function) for function in functions}
        with self._lock:
            gone = [self._pools.pop(key) for key in list(self._pools) if key not in kept]
        for pool in gone:
            pool.close()

    def warm(self, functions: Iterable[LambdaFunction]) -> None:
        """Start a worker for each function, one after another, in the background."""
        threading.Thread(target=self._warm, args=(list(functions),), daemon=True).start()

    def take_call(self, key_id: str, call: dict[str, Any]) -> None:
        """Keep an AWS call with the invocation of the worker that has these credentials."""
        with self._lock:
            pools = list(self._pools.values())
        for pool in pools:
            worker = pool.find(key_id)
            if worker:
                worker.take_call(call)
                return

    def close(self) -> None:
        """End all workers; more than once does no harm."""
        if self._closed.is_set():
            return
        self._closed.set()
        self.keep([])
        self._aws.close()
        self._collector.close()
        for descriptor in self._terminal or ():
            os.close(descriptor)
        with contextlib.suppress(OSError):
            self._folder.cleanup()

    def tidy(self) -> None:
        """End what has been idle for long."""
        with self._lock:
            pools = list(self._pools.values())
        for pool in pools:
            pool.tidy()

    def gaps(self, functions: Iterable[LambdaFunction]) -> list[str]:
        """The functions that do not run on the Python that their Runtime names."""
        gaps = []
        for function in functions:
            interpreter = interpreters.of_runtime(function.runtime)
            if not interpreter.exact:
                gaps.append(
                    f"{function.name}: {function.runtime} is not installed: "
                    f"it runs on {interpreter.name}"
                )
        return gaps

    def _pool(self, function: LambdaFunction) -> Pool:
        key = _key(function)
        with self._lock:
            if key not in self._pools:
                folders = (function.code, *function.layers)
                watch = self._watches.setdefault(folders, Watch(folders))
                start = partial(self._start, function)
                self._pools[key] = Pool(function, start, self._settings.limits, watch, self._gate)
            return self._pools[key]

    def _start(self, function: LambdaFunction, on_started: Callable[[Worker], None]) -> Worker:
        return Worker(self._launch(function), self._collector, on_started, self._line)

    def _launch(self, function: LambdaFunction) -> Launch:
        interpreter = interpreters.of_runtime(function.runtime)
        say = partial(log.info, "%s: %s", function.name)
        return Launch(
            function=function,
            interpreter=interpreter,
            paths=packages.paths(function, interpreter, self._settings.local_packages, say),
            variables=self._settings.variables,
            aws_endpoint=self._aws.url,
            home=Path(self._folder.name),
            cache=packages.cache_folder() / "compiled",
            terminal=self._terminal,
        )

    def _line(self, worker: Worker, line: Line) -> None:
        self.on_line(worker.function, line)

    def _warm(self, functions: list[LambdaFunction]) -> None:
        for function in functions:
            if self._closed.is_set():
                return
            try:
                self._pool(function).warm()
            except (FunctionFailed, IntegrationTimedOut, ProjectError) as error:
                if not self._closed.is_set():
                    log.warning("%s cannot start: %s", function.name, _reason(error))

    def _tidy_now_and_then(self) -> None:
        while not self._closed.wait(TIDY_EVERY):
            self.tidy()


def _terminal() -> tuple[int, int] | None:
    """Copies of this process's standard input and output, None where it has none.

    Copies, because a worker's own have the same numbers.
    """
    try:
        return os.dup(sys.stdin.fileno()), os.dup(sys.stdout.fileno())
    except (AttributeError, OSError, ValueError):
        return None


def _reason(error: Exception) -> str:
    return str(error.failure) if isinstance(error, FunctionFailed) else str(error)


def _key(function: LambdaFunction) -> str:
    """Equal for functions that run the same way: a changed setting needs other processes."""
    return json.dumps(vars(function), default=str, sort_keys=True)
