"""What the developer reads while the server runs: requests, the functions' log, why one failed."""

import contextlib
import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TextIO

from samspec.gateway.application import Exchange, Gateway
from samspec.gateway.authorization.trusted import trusted
from samspec.server.description import operation_name, raised_by
from samspec.server.text import cut, lines, plain

COLOURS = {2: "32", 3: "36", 4: "33", 5: "31"}
DIM, WARN = "2", "33"
INDENT = " " * 10
NARROWEST = 60  # columns; a terminal of fewer wraps
ERRORS = ("ERROR", "CRITICAL")


@dataclass(frozen=True)
class TerminalOptions:
    """`quiet`: errors only; `verbose`: AWS calls and access log too; `as_json`: for programs."""

    quiet: bool = False
    verbose: bool = False
    as_json: bool = False


class Terminal:
    """Prints to standard output or `out`. What cannot be printed changes no response."""

    def __init__(self, options: TerminalOptions, out: TextIO | None = None):
        self._options = options
        self._out = out or sys.stdout
        self._tty = self._out.isatty()
        self._colour = self._tty and "NO_COLOR" not in os.environ

    def take_log(self) -> None:
        """Print what the gateway itself has to say."""
        logger = logging.getLogger("gateway")
        logger.addHandler(_GatewayLog(self))
        logger.setLevel(logging.WARNING if self._options.quiet else logging.INFO)
        logger.propagate = False

    def ready(self, gateway: Gateway, url: str, tables: Iterable[str], seconds: float) -> None:
        """Say where the API is, and what of the project is not emulated."""
        gaps, names = list(gateway.project.gaps), list(tables)
        if self._options.as_json:
            self._json("ready", url=url, seconds=round(seconds, 2), tables=names, gaps=gaps)
            return
        for gap in gaps:
            self._print(self._tint(WARN, f"not emulated: {plain(gap)}"))
        if not self._options.quiet:
            self._routes(gateway, url)
            self._print(f"  {'tables':<32} {plain(', '.join(names)) or 'none'}")
            self._print(f"  {'console':<32} {url}/_/")
            self._print(f"  {'docs':<32} {url}/_/docs")
            self._credentials(gateway)
        self._print(f"Ready on {url} in {seconds:.2f} s (Ctrl-C ends it)")

    def _routes(self, gateway: Gateway, url: str) -> None:
        """The routes; of several APIs each under its name."""
        deployments = gateway.project.deployments
        for name, deployment in deployments.items():
            if len(deployments) > 1:
                self._print(f"  {name} at {url}/{name}")
            for route in deployment.routes:
                target = plain(route.function or f"({route.type})")
                self._print(f"  {plain(route.method):<8}{plain(route.resource):<24} {target}")

    def _credentials(self, gateway: Gateway) -> None:
        """What to call with, if some operation asks who calls."""
        for deployment in gateway.project.deployments.values():
            for name, value in deployment.access.key_values.items():
                self._print(f"  {'API key ' + plain(name):<32} {plain(value)}")
        if trusted(gateway.project.source.apis):
            self._print(f"  {'a token':<32} samspec token --sub NAME --scope SCOPE")

    def line(self, line: dict[str, Any]) -> None:
        """A log line of a function, as it comes."""
        if self._options.quiet and line["level"] not in ERRORS:
            return
        if self._options.as_json:
            self._json("log", **line)
            return
        extra = "".join(f" {key}={value}" for key, value in line["extra"].items())
        first, *others = lines(f"{line['message']}{extra}")
        self._dim(f"{plain(line['level']):<7} {first}")
        for other in others:
            self._dim(f"{'':<7} {other}")
        if line.get("trace"):
            *frames, error = lines(line["trace"].rstrip())
            # An error that ended an invocation: its line has said it, and its place is wanted.
            has_ended = error == lines(line["message"])[-1]
            shown = [] if has_ended else [error]
            for entry in [*(frames if has_ended or self._options.verbose else []), *shown]:
                self._dim(entry)

    def responded(self, exchange: Exchange, access_log: str | None) -> None:
        """A request that has its response; `access_log` is the format of the stage's access log."""
        is_fine = exchange.response.status < 500 and not exchange.mismatches
        if self._options.quiet and is_fine:
            return
        if self._options.as_json:
            self._json("request", **_as_json(exchange))
            return
        if self._options.verbose:
            self._more(exchange, access_log)
        self._request(exchange)
        for mismatch in exchange.mismatches:
            self._print(INDENT + self._tint(WARN, f"  breaks the spec: {plain(mismatch)}"))

    def _more(self, exchange: Exchange, access_log: str | None) -> None:
        for call in exchange.invocation.calls if exchange.invocation else ():
            units = "?" if call["units"] is None else f"{call['units']:g}"
            text = f"DynamoDB {call['name']} {call['ms']} ms {units} units {call['error']}"
            self._dim(plain(text))
        if access_log:
            self._dim(plain(exchange.access_log(access_log)))

    def _request(self, exchange: Exchange) -> None:
        request, response = exchange.request, exchange.response
        status = self._tint(COLOURS.get(response.status // 100, "0"), str(response.status))
        head = f"{time.strftime('%H:%M:%S')}  {status} {plain(request.method, 20):<7} "
        duration = milliseconds(exchange.milliseconds)
        reason = plain(response.reason)
        path = plain(request.url or request.path)
        place = plain(raised_by(exchange))
        if not self._tty:
            self._print("  ".join(part for part in (head + path, duration, reason, place) if part))
            return
        width = max(NARROWEST, shutil.get_terminal_size().columns)
        room = width - len("00:00:00  000 METHOD  ") - len("  1234.5 ms")
        self._print(f"{head}{cut(path, room):<{room}}  {duration:>9}")
        for part in _wrapped(reason, width - len(INDENT) - 2):
            self._print(INDENT + self._tint(DIM, f"  {part}"))
        if place:
            self._print(INDENT + self._tint(WARN, f"  {place}"))

    def say(self, text: str) -> None:
        """A line of the server itself."""
        if self._options.as_json:
            self._json("message", message=text)
        elif not self._options.quiet:
            self._print(plain(text))

    def _dim(self, text: str) -> None:
        self._print(INDENT + self._tint(DIM, text))

    def _tint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text

    def _json(self, event: str, **fields: Any) -> None:
        self._print(json.dumps({"event": event, **fields}, default=str))

    def _print(self, line: str) -> None:
        """Write a line; a closed pipe, a full disk or an ASCII terminal is no reason to fail."""
        encoding = getattr(self._out, "encoding", None) or "utf-8"
        writable = line.encode(encoding, "backslashreplace").decode(encoding)
        with contextlib.suppress(OSError, ValueError):
            self._out.write(writable + "\n")
            self._out.flush()


class _GatewayLog(logging.Handler):
    def __init__(self, terminal: Terminal):
        super().__init__()
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        if self._terminal._options.as_json:
            self._terminal._json("message", message=record.getMessage())
            return
        for line in lines(self.format(record)):
            self._terminal._print(f"{time.strftime('%H:%M:%S')}  {line}")


def milliseconds(value: float) -> str:
    """A duration as people read it: `4.2 ms`, `1.25 s`."""
    return f"{value:.1f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of `width`, broken at any place: a path has no spaces."""
    return [text[start : start + width] for start in range(0, len(text), width)]


def _as_json(exchange: Exchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    return {
        "time": request.received.isoformat(),
        "number": exchange.number,
        "id": request.id,
        "method": request.method,
        "url": request.url,
        "operation": operation_name(exchange),
        "status": response.status,
        "ms": round(exchange.milliseconds, 1),
        "reason": response.reason,
        "mismatches": exchange.mismatches,
    }
