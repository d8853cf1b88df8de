"""Lambda's Runtime API for one worker process: it asks for events and posts results.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, with the error messages of AWS's
Runtime Interface Emulator.
"""

import json
import queue
import threading
from collections.abc import Callable, Iterable
from http.client import responses as PHRASES  # noqa: N812
from typing import Any

from samspec.runtime.invocation import Invocation

PREFIX = "/2018-06-01/runtime"
PAYLOAD_LIMIT = 6 * 1024 * 1024 + 100  # bytes of a response
Reply = tuple[int, list[tuple[str, str]], bytes]


class Task:
    """An invocation on its way through a worker, until it is settled."""

    def __init__(self, invocation: Invocation, payload: bytes):
        self.invocation = invocation
        self.payload = payload
        self.result: bytes | None = None
        self.report: dict[str, Any] | None = None  # of an error
        self.settled = threading.Event()


class RuntimeApi:
    """A WSGI application. `on_ready` hears of each time that the worker waits for an event."""

    def __init__(self, on_ready: Callable[[], None], on_init_error: Callable[[Any], None]):
        self._on_ready = on_ready
        self._on_init_error = on_init_error
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._running: Task | None = None
        self._state = "RuntimeInit"

    def give(self, task: Task) -> None:
        """Let the worker have the task; it must have asked for one."""
        self._tasks.put(task)

    def end(self) -> None:
        """Let a worker that waits know that nothing comes any more."""
        self._tasks.put(None)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        status, headers, body = self._reply(method, path.removeprefix(PREFIX), environ)
        headers = [*headers, ("Content-Length", str(len(body)))]
        start_response(f"{status} {PHRASES[status]}", headers)
        return [body]

    def _reply(self, method: str, path: str, environ: dict[str, Any]) -> Reply:
        body = environ["wsgi.input"].read()
        if (method, path) == ("GET", "/invocation/next"):
            return self._next()
        if (method, path) == ("POST", "/init/error"):
            return self._init_error(body)
        match path.split("/")[1:]:
            case ["invocation", request_id, "response"] if method == "POST":
                return self._response(request_id, body)
            case ["invocation", request_id, "error"] if method == "POST":
                return self._error(request_id, body)
            case ["samspec", request_id, "debugged"] if method == "POST":
                return self._debugged(request_id)
        return _problem(404, "NotFound", "no such path in the Runtime API")

    def _next(self) -> Reply:
        self._state = "RuntimeReady"
        self._on_ready()
        task = self._tasks.get()
        if task is None:
            return _problem(410, "Shutdown", "the gateway ends this process")
        self._running = task
        self._state = "RuntimeRunning"
        invocation = task.invocation
        invocation.begin()
        headers = [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", invocation.aws_request_id),
            ("Lambda-Runtime-Deadline-Ms", str(int(invocation.deadline * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", invocation.invoked_function_arn),
        ]
        if invocation.trace_id:
            headers.append(("Lambda-Runtime-Trace-Id", invocation.trace_id))
        return 200, headers, task.payload

    def _response(self, request_id: str, body: bytes) -> Reply:
        task = self._running
        if task is None or task.invocation.aws_request_id != request_id:
            return self._refusal("InvocationResponse")
        if len(body) > PAYLOAD_LIMIT:
            message = f"Exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
            task.report = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
            self._settle(task)
            return _problem(413, "RequestEntityTooLarge", message)
        task.result = body
        self._settle(task)
        return _accepted()

    def _error(self, request_id: str, body: bytes) -> Reply:
        task = self._running
        if task is None or task.invocation.aws_request_id != request_id:
            return self._refusal("InvocationErrorResponse")
        task.report = _report(body)
        self._settle(task)
        return _accepted()

    def _settle(self, task: Task) -> None:
        self._running = None
        self._state = "RuntimeResponseSent"
        task.settled.set()

    def _init_error(self, body: bytes) -> Reply:
        if self._state != "RuntimeInit":
            return self._wrong_state("InitError")
        self._state = "RuntimeInitError"
        self._on_init_error(_report(body))
        return _accepted()

    def _debugged(self, request_id: str) -> Reply:
        if self._running and self._running.invocation.aws_request_id == request_id:
            self._running.invocation.debugged = True
        return _accepted()

    def _refusal(self, wanted: str) -> Reply:
        """Why nothing may be posted for an id now."""
        if self._running is None:
            return self._wrong_state(wanted)
        return _problem(400, "InvalidRequestID", "Invalid request ID")

    def _wrong_state(self, wanted: str) -> Reply:
        message = f"State transition from {self._state} to {wanted} failed for runtime. "
        message += "Error: State transition is not allowed"
        return _problem(403, "InvalidStateTransition", message)


def _accepted() -> Reply:
    return 202, [("Content-Type", "application/json")], b'{"status":"OK"}\n'


def _problem(status: int, error_type: str, message: str) -> Reply:
    body = json.dumps({"errorMessage": message, "errorType": error_type}).encode()
    return status, [("Content-Type", "application/json")], body


def _report(body: bytes) -> dict[str, Any]:
    try:
        report = json.loads(body)
    except ValueError:
        report = None
    if isinstance(report, dict):
        return report
    return {"errorType": "Unknown", "errorMessage": body[:1000].decode("utf-8", "replace")}
