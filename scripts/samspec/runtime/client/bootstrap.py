"""The process that runs one Lambda function: asks the Runtime API for events, calls the handler.

It runs on the interpreter that the function's `Runtime` names, so it uses the standard library
only and the syntax of Python 3.8. It behaves as awslambdaric, AWS's own client, does:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import decimal
import importlib
import importlib.machinery
import importlib.util
import json
import logging
import math
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

RUNTIME = "/2018-06-01/runtime"
NICENESS = 5  # a third of the weight of a process that has none, where both want one processor
# The frames of Lambda's telemetry log, as awslambdaric writes them: type, length, time, message.
TEXT_FRAMES = {0: 0x03, 10: 0x0B, 20: 0x0F, 30: 0x13, 40: 0x17, 50: 0x1B}
JSON_FRAMES = {0: 0x02, 10: 0x0A, 20: 0x0E, 30: 0x12, 40: 0x16, 50: 0x1A}
# Attributes of a record that are not the user's own `extra`.
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id"}


class Fault(Exception):
    """Why a function cannot be called, with the name that Lambda's runtime gives it."""

    def __init__(self, name: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.trace = trace or []


def main(settings: dict[str, Any]) -> None:
    """Serve invocations until the gateway goes away. `settings` are those of worker.py."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the gateway's, which ends this process
    prepare_interpreter(settings)
    sink = LogSink(int(os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD")))
    set_up_logging(sink)
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    sys.breakpointhook = Debugger(api, settings["terminal"]).stop
    try:
        handler = find_handler(os.environ["_HANDLER"])
    except BaseException as error:
        failure = describe(error)
        sink.failure(failure)
        api.post("/init/error", failure, failure["errorType"])
        sys.exit(1)
    # All requests wait for the gateway, one for this process: under load the gateway comes first.
    os.nice(NICENESS)
    while True:
        serve(api, sink, handler)


def prepare_interpreter(settings: dict[str, Any]) -> None:
    """Make the interpreter see what a function on Lambda sees, and nothing else."""
    import site  # `-S` left it out: it would add the packages of whoever started the gateway

    site.setquit()
    site.setcopyright()
    site.sethelper()
    own = os.environ.get("PYTHONPATH", "").split(os.pathsep)  # `-I` does not read it
    standard = [path for path in sys.path if "site-packages" not in path]
    sys.path[:] = settings["before"] + [path for path in own if path] + standard
    sys.path += settings["after"]
    sys.argv[:] = [__file__]
    sys.path_hooks.insert(0, own_finder(tuple(settings["own"]), settings["cache"]))
    sys.path_importer_cache.clear()
    sys.meta_path.insert(0, OlderSdk)


def own_finder(folders: Sequence[str], cache: str) -> Callable[[str], Any]:
    """A path hook for the function's own code, which is in `folders`.

    Python tells a compiled module from its source by seconds and size, so an edit of the same
    length within a second would run the former code. This one goes by milliseconds, and keeps
    compiled modules out of the project's folders.
    """

    class OwnLoader(importlib.machinery.SourceFileLoader):
        def path_stats(self, path: Any) -> dict[str, int]:
            stat = os.stat(path)  # noqa: PTH116 (pathlib would be imported only for this)
            return {"mtime": stat.st_mtime_ns // 1000000, "size": stat.st_size}

        def get_code(self, fullname: str) -> Any:
            before, sys.pycache_prefix = sys.pycache_prefix, cache
            try:
                return super().get_code(fullname)
            finally:
                sys.pycache_prefix = before

    machinery = importlib.machinery
    make = machinery.FileFinder.path_hook(
        (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
        (OwnLoader, machinery.SOURCE_SUFFIXES),
        (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
    )

    def hook(path: str) -> Any:
        if not any(path == folder or path.startswith(folder + os.sep) for folder in folders):
            raise ImportError(path, "is not the function's")
        return make(path)

    return hook


class OlderSdk:
    """Gives its endpoint to a botocore that does not read AWS_ENDPOINT_URL: one before 1.31.

    A function may bring it, and its calls must not leave the machine. It is an import hook.
    """

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "botocore.session":
            return None
        sys.meta_path.remove(cls)
        spec = importlib.util.find_spec(name)
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def execute_and_steer(module: Any) -> None:
                execute(module)
                cls.steer(module.Session, sys.modules["botocore"].__version__)

            spec.loader.exec_module = execute_and_steer  # type: ignore[method-assign]
        return spec

    @staticmethod
    def steer(session: Any, version: str) -> None:
        """Let `create_client` have the endpoint where its caller has none."""
        if tuple(map(int, version.split(".")[:2])) >= (1, 31):
            return
        original = session.create_client

        def create_client(*arguments: Any, **keywords: Any) -> Any:
            if keywords.get("endpoint_url") is None and len(arguments) < 7:
                keywords["endpoint_url"] = os.environ.get("AWS_ENDPOINT_URL")
            return original(*arguments, **keywords)

        session.create_client = create_client


def find_handler(name: str) -> Callable[[Any, Any], Any]:
    """The function that `_HANDLER` names; raises what the import raises, or a Fault."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        message = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", message)
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise Fault("Runtime.BuiltInModuleConflict", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise Fault("Runtime.ImportModuleError", message, frames(error)) from error
    except SyntaxError as error:
        place = f'  File "{error.filename}", line {error.lineno}\n    {error.text}\n'
        message = f"Syntax error in module '{module_name}': {error}"
        raise Fault("Runtime.UserCodeSyntaxError", message, [place]) from error
    if not hasattr(module, function_name):
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message)
    handler: Callable[[Any, Any], Any] = getattr(module, function_name)
    return handler


def serve(api: RuntimeApi, sink: LogSink, handler: Callable[[Any, Any], Any]) -> None:
    """Take one event, call the handler, post its response or its error."""
    headers, body = api.next()
    request_id = headers["lambda-runtime-aws-request-id"]
    current.request_id = request_id
    if headers.get("lambda-runtime-trace-id"):
        os.environ["_X_AMZN_TRACE_ID"] = headers["lambda-runtime-trace-id"]
    context = Context(headers)
    try:
        response = encoded(handler(json.loads(body), context))
    except Exception as error:
        failure = dict(describe(error), requestId=request_id)
        sink.failure(failure)
        api.post(f"/invocation/{request_id}/error", failure, failure["errorType"])
        return
    status = api.send(f"/invocation/{request_id}/response", response)
    if status == 413:
        message = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
        sink.failure({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message})


def encoded(value: Any) -> bytes:
    """A handler's result as Lambda's runtime encodes it; raises a Fault."""
    if isinstance(value, bytes):
        return value
    try:
        return json.dumps(value, default=decimal_number).encode()
    except Exception as error:
        message = f"Unable to marshal response: {error}"
        raise Fault("Runtime.MarshalError", message) from error


def decimal_number(value: Any) -> float:
    """The one type beyond JSON that Lambda's runtime encodes."""
    if isinstance(value, decimal.Decimal):
        if value.is_nan():
            return math.nan
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def describe(error: BaseException) -> dict[str, Any]:
    """An error as the Runtime API takes it."""
    if isinstance(error, Fault):
        return {"errorMessage": str(error), "errorType": error.name, "stackTrace": error.trace}
    name = type(error).__name__
    return {"errorMessage": str(error), "errorType": name, "stackTrace": frames(error)}


def frames(error: BaseException) -> list[str]:
    """The traceback's lines, without those of this file and of Python's import."""
    stack = traceback.extract_tb(error.__traceback__)
    return traceback.format_list([frame for frame in stack if not is_machinery(frame.filename)])


def is_machinery(filename: str) -> bool:
    return filename in (__file__, importlib.__file__) or filename.startswith("<frozen importlib")


class RuntimeApi:
    """The gateway's end of https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.

    It uses a socket, as AWS's client does not use Python's either: functions patch http.client, for
    tracing or for tests. Header names are lower-case.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        host, _, port = address.rpartition(":")
        try:
            self._socket = socket.create_connection((host, int(port)))
        except OSError:
            os._exit(0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = self._socket.makefile("rb")

    def next(self) -> tuple[dict[str, str], bytes]:
        """The next event's headers and body; ends the process when the gateway is gone."""
        status, headers, body = self._request("GET", "/invocation/next", b"", {})
        if status != 200:
            os._exit(0)
        return headers, body

    def send(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> int:
        """Post the body; the response's status."""
        return self._request("POST", path, body, headers or {})[0]

    def post(self, path: str, failure: dict[str, Any], error_type: str) -> int:
        """Post an error."""
        headers = {"Lambda-Runtime-Function-Error-Type": error_type}
        headers["Content-Type"] = "application/vnd.aws.lambda.error+json"
        return self.send(path, json.dumps(failure).encode(), headers)

    def _request(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        sent = {"Host": self._address, "Content-Length": str(len(body)), **headers}
        lines = [f"{method} {RUNTIME}{path} HTTP/1.1", *map(": ".join, sent.items()), "\r\n"]
        try:
            self._socket.sendall("\r\n".join(lines).encode() + body)
            status = int(self._line().split()[1])
            got = dict(map(parted, iter(self._line, b"")))
            return status, got, self._received.read(int(got["content-length"]))
        except (OSError, LookupError, ValueError):
            os._exit(0)  # nobody is there to take a response

    def _line(self) -> bytes:
        return self._received.readline().strip()


def parted(line: bytes) -> tuple[str, str]:
    """A header's name, in lower case, and value."""
    name, _, value = line.decode("latin-1").partition(":")
    return name.lower(), value.strip()


class Current:
    """The invocation that runs."""

    request_id = ""


current = Current()


class Context:
    """The handler's second argument.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    def __init__(self, headers: dict[str, str]) -> None:
        self._deadline = int(headers["lambda-runtime-deadline-ms"])
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers["lambda-runtime-invoked-function-arn"]
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = version_of(self.invoked_function_arn)
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = Identity()
        self.client_context = None
        self.tenant_id = None

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's time-out."""
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message: object) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))


def version_of(arn: str) -> str:
    """The first version for whoever calls an alias: locally there is no other."""
    is_qualified = arn.count(":") > 6
    return "1" if is_qualified else os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")


class Identity:
    """Who called, for mobile applications: API Gateway gives none."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class LogSink:
    """Lambda's telemetry log: one frame per record, so that its lines stay together."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        os.set_inheritable(descriptor, False)
        self.is_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"

    def write(self, text: str, level: int) -> None:
        """Write one record; `level` is one of logging's numbers."""
        frames_ = JSON_FRAMES if self.is_json else TEXT_FRAMES
        data = text.encode("utf-8", "backslashreplace")
        frame = 0xA55A0000 + frames_[min(max(level // 10 * 10, 0), 50)]
        head = frame.to_bytes(4, "big") + len(data).to_bytes(4, "big")
        head += (time.time_ns() // 1000).to_bytes(8, "big")
        rest = memoryview(head + data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def failure(self, failure: dict[str, Any]) -> None:
        """The line that Lambda's runtime writes for an error that the handler let through."""
        if self.is_json:
            head = {"timestamp": timestamp(time.time()), "level": "ERROR"}
            self.write(json.dumps({**head, **failure}), 40)
            return
        lines = ["[ERROR] {}: {}".format(failure["errorType"], failure["errorMessage"])]
        if failure.get("stackTrace"):
            lines.append("Traceback (most recent call last):")
        for frame in failure.get("stackTrace", []):
            lines += frame.splitlines()
        self.write("\n".join(lines) + "\n", 40)


class LogHandler(logging.Handler):
    """The root logger's handler."""

    def __init__(self, sink: LogSink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        record.aws_request_id = current.request_id
        try:
            self._sink.write(self.format(record), record.levelno)
        except Exception:
            self.handleError(record)


class JsonFormatter(logging.Formatter):
    """Lambda's JSON log format."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info if record.exc_info and record.exc_info[0] else None
        is_dict = isinstance(record.msg, dict) and not record.args
        fields = {
            "timestamp": timestamp(record.created),
            "level": record.levelname,
            "message": record.msg if is_dict else record.getMessage(),
            "logger": record.name,
            "stackTrace": traceback.format_tb(error[2]) if error else None,
            "errorType": error[0].__name__ if error else None,
            "errorMessage": str(error[1]) if error else None,
            "requestId": current.request_id or None,
            "location": f"{record.pathname}:{record.funcName}:{record.lineno}" if error else None,
        }
        for name, value in vars(record).items():
            if name not in STANDARD:
                fields.setdefault(name, value)
        fields = {name: value for name, value in fields.items() if value is not None}
        return json.dumps(fields, ensure_ascii=False, default=str) + "\n"


def set_up_logging(sink: LogSink) -> None:
    """The root logger as Lambda's runtime leaves it."""
    logging.Formatter.converter = time.gmtime
    handler = LogHandler(sink)
    if sink.is_json:
        handler.setFormatter(JsonFormatter())
    else:
        line = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        handler.setFormatter(logging.Formatter(line, "%Y-%m-%dT%H:%M:%S"))
    logging.getLogger().addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper().replace("TRACE", "DEBUG")
    if level in ("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL"):
        logging.getLogger().setLevel(level)


def timestamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Debugger:
    """`breakpoint()`: pdb in the terminal of `samspec start`."""

    def __init__(self, api: RuntimeApi, terminal: Sequence[int] | None) -> None:
        self._api = api
        self._terminal = terminal  # the descriptors of its input and output, or None

    def stop(self, *arguments: Any, **keywords: Any) -> None:
        """What `breakpoint()` calls. The time-out of the invocation counts no longer."""
        import pdb  # noqa: T100 (it is what breakpoint() is for)

        if self._terminal is None:
            sys.stderr.write("breakpoint() is passed over: no terminal is connected\n")
            return
        self._api.send(f"/samspec/{current.request_id}/debugged", b"")
        reader, writer = self._terminal
        streams = os.fdopen(os.dup(reader), "r"), os.fdopen(os.dup(writer), "w")
        debugger = pdb.Pdb(stdin=streams[0], stdout=streams[1])
        debugger.prompt = "(Pdb) "
        in_foreground(debugger, reader)
        debugger.set_trace(sys._getframe(1))


def in_foreground(debugger: Any, terminal: int) -> None:
    """Let the debugger have the terminal while it reads: a background process may not."""
    interaction = debugger.interaction

    def interact(*arguments: Any, **keywords: Any) -> Any:
        if not os.isatty(terminal):
            return interaction(*arguments, **keywords)
        before = os.tcgetpgrp(terminal)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
        os.tcsetpgrp(terminal, os.getpgrp())
        interruptible(True)
        try:
            return interaction(*arguments, **keywords)
        finally:
            interruptible(False)
            os.tcsetpgrp(terminal, before)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTTOU])

    debugger.interaction = interact


def interruptible(yes: bool) -> None:
    """Whether Ctrl-C raises KeyboardInterrupt; Python lets only the main thread decide it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler if yes else signal.SIG_IGN)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
