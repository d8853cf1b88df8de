"""What worker processes write, as log lines: telemetry frames, standard output and error."""

import contextlib
import json
import os
import re
import selectors
import threading
import time
from collections.abc import Callable
from typing import Any

Line = dict[str, Any]  # level, message, extra; trace where there is one; text as Lambda writes it

HEAD = 16  # bytes before a frame's message: type, length, time
LEVELS = {0: "INFO", 1: "TRACE", 2: "DEBUG", 3: "INFO", 4: "WARNING", 5: "ERROR", 6: "CRITICAL"}
TEXT = re.compile(r"\[(?P<level>[A-Z]+)\]\t[^\t]*\t[^\t]*\t(?P<message>.*)\Z", re.DOTALL)
FAILURE = re.compile(r"\[ERROR\] (?P<message>.*)\Z", re.DOTALL)
TRACE = "Traceback (most recent call last):"
LONGEST = 65_536  # bytes of a line without an end
# What Lambda's JSON format adds to a record; all else is the function's own.
FIELDS = {"timestamp", "level", "message", "logger", "requestId", "location", "stackTrace"}
FIELDS |= {"errorType", "errorMessage"}


class Pipe:
    """One stream of a worker: `feed` gets what was read from it, and at its end b""."""

    def __init__(
        self,
        descriptor: int,
        feed: Callable[[bytes], None],
        flush: Callable[[], None] = lambda: None,
    ):
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self._feed = feed
        self._flush = flush
        self._lock = threading.Lock()
        self._open = True

    def drain(self) -> bool:
        """Read what has been written until now; whether more may come."""
        with self._lock:
            while self._open:
                try:
                    data = os.read(self.descriptor, 65_536)
                except BlockingIOError:
                    return True
                self._feed(data)
                self._open = bool(data)
            return False

    def finish(self) -> None:
        """Read what has been written, and take it for whole though its end may be missing."""
        self.drain()
        with self._lock:
            self._flush()

    def close(self) -> None:
        """Give the descriptor back. The collector does it: it must not watch a number that is
        another stream's by now."""
        os.close(self.descriptor)


class Collector:
    """Reads the pipes of all workers in one thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._added: list[Pipe] = []
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)
        self._thread.start()

    def add(self, pipe: Pipe) -> None:
        """Read the pipe until its end."""
        with self._lock:
            self._added.append(pipe)
        os.write(self._wake_writer, b".")

    def close(self) -> None:
        """Stop reading."""
        self._closed = True
        os.write(self._wake_writer, b".")
        self._thread.join(5)
        self._wake()
        for key in list(self._selector.get_map().values()):
            if key.data:
                key.data.close()
        self._selector.close()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

    def _run(self) -> None:
        while not self._closed:
            # Most invocations end sooner, and have their lines read by who waits for their end.
            time.sleep(0.02)
            for key, _ in self._selector.select():
                if key.data is None:
                    self._wake()
                elif not key.data.drain():
                    self._selector.unregister(key.fd)
                    key.data.close()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_reader, 1024)
        with self._lock:
            added, self._added = self._added, []
        for pipe in added:
            self._selector.register(pipe.descriptor, selectors.EVENT_READ, pipe)


class Frames:
    """Telemetry frames, as awslambdaric writes them, made to lines."""

    def __init__(self, take: Callable[[Line], None]):
        self._take = take
        self._data = b""

    def feed(self, data: bytes) -> None:
        """Take in bytes; each frame that is complete becomes a line."""
        self._data += data
        while len(self._data) >= HEAD:
            end = HEAD + int.from_bytes(self._data[4:8], "big")
            if len(self._data) < end:
                return
            text = self._data[HEAD:end].decode("utf-8", "replace")
            number = self._data[3]
            self._data = self._data[end:]
            self._take(parsed(text, LEVELS.get(number >> 2, "INFO")))


class Output:
    """Standard output and error: a log line each, as in CloudWatch."""

    def __init__(self, take: Callable[[Line], None]):
        self._take = take
        self._data = b""

    def feed(self, data: bytes) -> None:
        """Take in bytes; each whole line becomes one, and at the end what is left."""
        self._data += data
        if not data or len(self._data) > LONGEST:
            self.flush()
        *lines, self._data = self._data.split(b"\n")
        for line in lines:
            self._line(line)

    def flush(self) -> None:
        """Take what has no line end yet for a line."""
        data, self._data = self._data, b""
        self._line(data)

    def _line(self, data: bytes) -> None:
        text = data.decode("utf-8", "replace").rstrip("\r")
        if text.strip():
            self._take({"level": "PRINT", "message": text, "extra": {}, "text": text})


def parsed(text: str, level: str) -> Line:
    """The line of one record, in Lambda's text or JSON format."""
    try:
        record = json.loads(text)
    except ValueError:
        record = None
    if isinstance(record, dict):
        return _from_json(record, text.rstrip("\n"))
    return _from_text(text.rstrip("\n"), level)


def _from_json(record: dict[str, Any], text: str) -> Line:
    message = record.get("message", record.get("errorMessage", ""))
    line: Line = {
        "level": str(record.get("level", "INFO")),
        "message": message if isinstance(message, str) else json.dumps(message),
        "extra": {name: value for name, value in record.items() if name not in FIELDS},
        "text": text,
    }
    if "errorType" in record:
        error = f"{record['errorType']}: {record.get('errorMessage', '')}"
        frames = "".join(record.get("stackTrace") or [])
        if frames:
            line["trace"] = f"{TRACE}\n{frames}{error}"
        if "message" not in record:
            line["message"] = error
    return line


def _from_text(text: str, level: str) -> Line:
    match = TEXT.match(text) or FAILURE.match(text)
    message = match["message"] if match else text
    message, _, frames = message.partition(f"\n{TRACE}\n")
    line: Line = {"level": level, "message": message, "extra": {}, "text": text}
    if match and "level" in match.groupdict():
        line["level"] = match["level"]
    if frames:
        # A record's traceback ends with its error; that of Lambda's runtime begins with it.
        ending = "" if TEXT.match(text) else f"\n{message}"
        line["trace"] = f"{TRACE}\n{frames}{ending}"
    return line
