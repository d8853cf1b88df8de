"""What happened in each request: log lines, prints and DynamoDB calls, by the invocation that made them."""

import json
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from samspec.gateway.application import Exchange
from samspec.runtime.functions import Function
from samspec.runtime.invocations import running

STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


class Recorder:
    """The last answers, newest last; whoever waits hears of each new one."""

    def __init__(self, size: int = 200):
        self._answers: deque[Exchange] = deque(maxlen=size)
        self._count = 0
        self._changed = threading.Condition()

    def add(self, answer: Exchange) -> None:
        with self._changed:
            self._count += 1
            answer.number = self._count
            self._answers.append(answer)
            self._changed.notify_all()

    def after(self, number: int, wait: float) -> list[Exchange]:
        """The answers after `number`; when there are none, those that come within `wait` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._count > number, timeout=wait)
            return [answer for answer in self._answers if answer.number > number]

    def find(self, number: str) -> Exchange | None:
        return next(
            (answer for answer in list(self._answers) if str(answer.number) == number), None
        )


class Lines(logging.Handler):
    """Gives each record of a running function to its invocation, and to `show`."""

    show: Callable[[dict[str, Any]], None] = staticmethod(lambda line: None)

    def emit(self, record: logging.LogRecord) -> None:
        invocation = running.get()
        if invocation is None or not _wanted(record, invocation.function):
            return
        extra = {key: value for key, value in vars(record).items() if key not in STANDARD}
        line: dict[str, Any] = {"level": record.levelname, "message": record.getMessage()}
        line["extra"] = json.loads(json.dumps(extra, default=str))
        if record.exc_info:
            line["trace"] = logging.Formatter().formatException(record.exc_info)
        invocation.lines.append(line)
        self.show(line)


def _wanted(record: logging.LogRecord, function: Function) -> bool:
    """Lambda's own level filters what no logger of the code has a level for."""
    logger: logging.Logger | None = logging.getLogger(record.name)
    while logger and logger.parent and not logger.level:
        logger = logger.parent
    return bool(logger and logger.parent) or record.levelno >= function.log_level


class Prints:
    """Standard output, of which a running function's part is also a log line, as on Lambda."""

    def __init__(self, stream: Any):
        self._stream = stream

    def write(self, text: str) -> int:
        if (invocation := running.get()) and text.strip():
            invocation.lines.append({"level": "PRINT", "message": text.rstrip(), "extra": {}})
        return int(self._stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def record(functions: dict[str, Function]) -> Lines:
    """From now on, keep what functions log, print and ask of DynamoDB. Call it before they are loaded."""
    import botocore.handlers

    lines = Lines()
    logging.getLogger().addHandler(lines)
    logging.getLogger().setLevel(
        min([f.log_level for f in functions.values()], default=logging.WARNING)
    )
    sys.stdout = Prints(sys.stdout)
    botocore.handlers.BUILTIN_HANDLERS += [
        ("before-parameter-build.dynamodb", _begun),
        ("after-call.dynamodb", _ended),
        ("after-call-error.dynamodb", _failed),
    ]
    return lines


def _begun(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
    context["begun"] = model.name, time.perf_counter()
    if model.input_shape and "ReturnConsumedCapacity" in model.input_shape.members:
        params.setdefault("ReturnConsumedCapacity", "TOTAL")


def _ended(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    capacity = parsed.get("ConsumedCapacity") or []
    each = capacity if isinstance(capacity, list) else [capacity]
    units = (
        sum(one.get("CapacityUnits", 0) for one in each) if each else None
    )  # moto has none for transactions
    _called(context, units, parsed.get("Error", {}).get("Code", ""))


def _failed(exception: Exception, context: dict[str, Any], **_: Any) -> None:
    _called(context, None, type(exception).__name__)


def _called(context: dict[str, Any], units: float | None, error: str) -> None:
    name, begun = context["begun"]
    if invocation := running.get():
        spent = round((time.perf_counter() - begun) * 1000, 1)
        invocation.calls.append({"name": name, "units": units, "ms": spent, "error": error})
