"""One process that runs a function: its start, its streams, its end."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samspec.runtime import environment, failures
from samspec.runtime.api import RuntimeApi, Task
from samspec.runtime.environment import Credentials
from samspec.runtime.interpreters import Interpreter
from samspec.runtime.invocation import Failure
from samspec.runtime.logs import Collector, Frames, Line, Output, Pipe
from samspec.runtime.packages import Paths
from samspec.sam.functions import LambdaFunction
from samspec.serving.http import HttpServer

CLIENT = Path(__file__).parent / "client" / "bootstrap.py"
RESPONSE_LIMIT = 16 * 1024 * 1024  # bytes that the Runtime API reads, to refuse them as AWS does
# Lambda's stop, https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html:
# without extensions a process gets no signal that it could handle.
END = signal.SIGKILL
LEAST_MEMORY = 128  # MB that Lambda gives; less stands for a parameter without a value


@dataclass(frozen=True)
class Launch:
    """What all workers of a function start with."""

    function: LambdaFunction
    interpreter: Interpreter
    paths: Paths
    variables: Mapping[str, str]  # for every function
    aws_endpoint: str
    home: Path  # an empty folder
    cache: Path  # of compiled modules
    terminal: tuple[int, int] | None = None  # descriptors for breakpoint(), in and out


class Worker:
    """A process; `on_started` and `on_ended` hear of it, each at most once.

    `failure` says why it could not start, or why it ended.
    """

    def __init__(
        self,
        launch: Launch,
        collector: Collector,
        on_started: Callable[["Worker"], None],
        on_line: Callable[["Worker", Line], None],
    ):
        self.function = launch.function
        self.credentials = Credentials.new()
        self.failure: Failure | None = None
        self.started = False
        self.over = threading.Event()  # its start is, well or not
        self.ended = False
        self.began = time.monotonic()
        self.idle_since = self.began
        self.early_lines: list[Line] = []  # of its start, before it had an invocation
        self.early_calls: list[dict[str, Any]] = []
        self._beyond = 0  # megabytes that it had when there were too many
        self._task: Task | None = None
        self._lock = threading.Lock()
        self._on_started = on_started
        self._on_line = on_line
        self._api = RuntimeApi(self._ready, self._init_failed)
        self._server = HttpServer.on_loopback(self._api, body_limit=RESPONSE_LIMIT)
        self._pipes: list[Pipe] = []
        try:
            self._process = self._spawn(launch)
        except BaseException:
            self._server.close()
            raise
        for pipe in self._pipes:
            collector.add(pipe)

    @property
    def task(self) -> Task | None:
        """What it is busy with."""
        return self._task

    def give(self, task: Task) -> None:
        """Let it run the task, which is settled in time, also when the process ends before."""
        invocation = task.invocation
        invocation.lines += self._taken(self.early_lines)
        invocation.calls += self._taken(self.early_calls)
        with self._lock:
            self._task = task
            ended = self.ended
        if ended:
            task.settled.set()
            return
        self._api.give(task)

    def release(self) -> None:
        """Have all that the task wrote as its lines, and be idle."""
        for pipe in self._pipes:
            pipe.finish()
        self._task = None
        self.idle_since = time.monotonic()

    def take_call(self, call: dict[str, Any]) -> None:
        """Keep an AWS call with the invocation that made it."""
        task = self._task
        (task.invocation.calls if task else self.early_calls).append(call)

    def stop(self) -> None:
        """End the process, and those that it has started."""
        self._kill()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._end()
        self._process.wait()  # the end may be another thread's, which has not come to this yet

    def check(self) -> None:
        """Notice that the process has ended, however it did."""
        if not self.ended and self._process.poll() is not None:
            self._end()

    def limit_memory(self) -> None:
        """End the process where it has more memory than Lambda would give it."""
        used = _megabytes(self._process.pid)
        if LEAST_MEMORY <= self.function.memory < used and not self.ended:
            self._beyond = used
            self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, END)

    def _spawn(self, launch: Launch) -> "subprocess.Popen[bytes]":
        output_reader, output_writer = os.pipe()
        frames_reader, frames_writer = os.pipe()
        output = Output(self._line)
        self._pipes = [
            Pipe(output_reader, output.feed, output.flush),
            Pipe(frames_reader, _noticing_end(Frames(self._line).feed, self._stream_ended)),
        ]
        host, port = self._server.address
        variables = environment.of_worker(
            launch.function,
            self.credentials,
            f"{host}:{port}",
            launch.aws_endpoint,
            str(launch.home),
            launch.variables,
        )
        variables["_LAMBDA_TELEMETRY_LOG_FD"] = str(frames_writer)
        try:
            return subprocess.Popen(
                [*command(launch)],
                cwd=launch.function.code,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output_writer,
                stderr=output_writer,
                pass_fds=[frames_writer, *(launch.terminal or ())],
                process_group=0,
            )
        finally:
            os.close(output_writer)
            os.close(frames_writer)

    def _ready(self) -> None:
        if not self.started:
            self.started = True
            self.over.set()
            self._on_started(self)

    def _init_failed(self, report: Any) -> None:
        self._fail_to_start(failures.from_report(self.function, report))

    def _fail_to_start(self, failure: Failure) -> None:
        with self._lock:
            if self.started or self.failure:
                return
            self.failure = failure
        self.over.set()
        for pipe in self._pipes:
            pipe.drain()
        self._on_started(self)

    def _stream_ended(self) -> None:
        """Its telemetry has ended, so the process has, or will in a moment."""
        threading.Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        with self._lock:
            if self.ended:
                return
            self.ended = True
        try:
            status: int | None = self._process.wait(5)
        except subprocess.TimeoutExpired:  # it has closed its log, and lives on
            os.killpg(self._process.pid, END)
            status = self._process.wait()
        failure = failures.from_exit(status, began=self.started)
        if self._beyond:
            failure = failures.out_of_memory(self.function, self._beyond)
        self._fail_to_start(failure)
        self.failure = self.failure or failure
        task = self._task
        if task:
            task.settled.set()
        self._api.end()
        self._server.close()

    def _line(self, line: Line) -> None:
        task = self._task
        (task.invocation.lines if task else self.early_lines).append(line)
        self._on_line(self, line)

    def _taken(self, values: list[Any]) -> list[Any]:
        taken = values[:]
        del values[: len(taken)]
        return taken


def command(launch: Launch) -> list[str]:
    """What starts the client: isolated, without site-packages, unbuffered, with UTF-8."""
    own = [launch.function.code, *launch.function.layers]
    settings = {
        "before": [str(path) for path in launch.paths.before],
        "after": [str(path) for path in launch.paths.after],
        "own": [str(path) for path in own],
        "cache": str(launch.cache),
        "terminal": launch.terminal,
    }
    options = ["-I", "-S", "-u", "-X", "utf8"]
    return [str(launch.interpreter.path), *options, str(CLIENT), json.dumps(settings)]


def _megabytes(process: int) -> int:
    """What a process has in memory, without what it has from files; 0 where Linux does not say."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{process}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * resource.getpagesize() // 1_048_576


def is_debugged() -> bool:
    """Whether a debugger runs this process, and with it the workers: no time-out counts then."""
    return "debugpy" in sys.modules or "pydevd" in sys.modules


def _noticing_end(
    feed: Callable[[bytes], None], ended: Callable[[], None]
) -> Callable[[bytes], None]:
    def feed_or_end(data: bytes) -> None:
        if data:
            feed(data)
        else:
            ended()

    return feed_or_end
