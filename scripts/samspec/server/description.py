"""Exchanges as JSON for the console's page: summaries for the list, everything for what is read."""

import json
from pathlib import Path
from typing import Any

from samspec.gateway.application import Exchange
from samspec.gateway.responses import Response
from samspec.runtime.invocation import Invocation
from samspec.server import capacity, tracebacks

HEAD = "Traceback (most recent call last):"
COLD = 20  # milliseconds: a process that runs already takes an event in one or two
SHOWN = 200_000  # bytes of a body that the page gets at once


def summary(exchange: Exchange) -> dict[str, Any]:
    """What the list shows of an exchange; `ms` is its duration in milliseconds."""
    request, response = exchange.request, exchange.response
    return {
        "number": exchange.number,
        "time": request.received.isoformat(),
        "method": request.method,
        "url": request.url,
        "operation": operation_name(exchange),
        "status": response.status,
        "reason": first_line(response.reason),
        "mismatches": exchange.mismatches,
        "ms": round(exchange.milliseconds, 1),
    }


def in_flight(exchange: Exchange) -> dict[str, Any]:
    """What the list shows of a request that has no response yet."""
    invocation = exchange.invocation
    return {
        "id": exchange.request.id,
        "method": exchange.request.method,
        "url": exchange.request.url,
        "ms": round(exchange.elapsed()),
        "at_breakpoint": bool(invocation and invocation.debugged),
    }


def detail(exchange: Exchange, root: Path) -> dict[str, Any]:
    """Everything about an exchange; `root` is the folder of the project."""
    request, response = exchange.request, exchange.response
    log: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    for run in invocations(exchange):
        log += run.lines
        calls += [called(call, exchange) for call in run.calls]
    return {
        **summary(exchange),
        "reason": response.reason,
        "id": request.id,
        "root": str(root),
        "function": exchange.route and exchange.route.function,
        "integration": exchange.route and exchange.route.type,
        "caller": str(exchange.caller) if exchange.caller else None,
        "validation": exchange.validation,
        "faults": faults(response),
        "failure": [described(failure) for failure in failed(exchange, root)],
        "traceback": traceback_of(exchange),
        "spans": stages(exchange),
        "cold": waited(exchange) > COLD,
        "request": message(request.headers, request.body),
        "response": message(response.headers, response.body),
        "event": without_body(exchange.event),
        "log": log,
        "calls": calls,
    }


def invocations(exchange: Exchange) -> list[Invocation]:
    """The runs of functions for an exchange, in their order: the authorizer's, the operation's."""
    runs = [exchange.authorizer_invocation, exchange.invocation]
    return [run for run in runs if run is not None]


def stages(exchange: Exchange) -> list[tuple[str, float, float]]:
    """Name, start and end of each stage in milliseconds, the wait for a process among them."""
    spans = []
    for span in exchange.spans:
        if span.name == "function" and waited(exchange) > COLD:
            spans.append(("process start", span.start, span.start + waited(exchange)))
        spans.append((span.name, span.start, span.end))
    return spans


def waited(exchange: Exchange) -> float:
    """How long the event waited for a process of its function, in milliseconds."""
    invocation = exchange.invocation
    if invocation is None or not invocation.deadline:
        return 0
    got = invocation.deadline - invocation.function.timeout
    return max(0.0, (got - invocation.started_at) * 1000)


def called(call: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
    """An AWS call with its `start`, in milliseconds since the exchange began."""
    units = call["units"]
    if units is None and not call["error"]:
        units = capacity.units(call["name"], _json(call["request"]), _json(call["response"]))
    return {**call, "units": units, "start": (call["began"] - exchange.began) * 1000}


def _json(text: str) -> dict[str, Any]:
    """The JSON object of a text; empty for any other, or if the text was cut."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def operation_name(exchange: Exchange) -> str | None:
    """The operationId, or method and path of an operation without one."""
    if exchange.route is None:
        return None
    return str(exchange.route.operation.get("operationId") or exchange.route)


def first_line(text: str, longest: int = 200) -> str:
    """The first line of a text, cut to a length that a list can show."""
    line = text.partition("\n")[0]
    return line if len(line) <= longest else line[:longest] + "…"


def message(headers: list[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """Headers and body of a request or response; `text` is None for a body that is not UTF-8."""
    try:
        text = body[:SHOWN].decode(errors="strict" if len(body) <= SHOWN else "ignore")
    except UnicodeDecodeError:
        text = None
    return {"headers": headers, "text": text, "size": len(body), "whole": len(body) <= SHOWN}


def without_body(event: dict[str, Any] | None) -> dict[str, Any] | None:
    """The event, with a body too long to show cut."""
    if event is None or len(event.get("body") or "") <= SHOWN:
        return event
    return {**event, "body": event["body"][:SHOWN] + "…"}


def faults(response: Response) -> list[dict[str, str]]:
    """The `errors` of a problem in the response: where each is in the request, and what it is."""
    if response.status not in range(400, 500):
        return []
    try:
        errors = json.loads(response.body)["errors"]
        return [{key: str(error[key]) for key in ("in", "field", "detail")} for error in errors]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def traceback_of(exchange: Exchange) -> str:
    """The traceback of the function's error: what ended it, or else the last one that it logged."""
    if exchange.failure and exchange.failure.trace:
        failure = exchange.failure
        return "".join([f"{HEAD}\n", *failure.trace, f"{failure.type}: {failure.message}\n"])
    if exchange.response.status < 500 or exchange.invocation is None:
        return ""
    traces = [line["trace"] for line in exchange.invocation.lines if line.get("trace")]
    return str(traces[-1]) if traces else ""


def failed(exchange: Exchange, root: Path) -> list[tracebacks.TracedError]:
    """The exceptions behind an error of the server, in the order of their traceback."""
    if exchange.response.status < 500 and exchange.failure is None:
        return []
    parsed = tracebacks.parsed(traceback_of(exchange), root)
    if exchange.failure and not parsed:
        return [tracebacks.TracedError(exchange.failure.type, exchange.failure.message)]
    return parsed or tracebacks.placed(exchange.response.reason, root)


def raised_by(exchange: Exchange) -> str:
    """`file:line: Type: message` of the error behind a 500; empty without a traceback."""
    traceback = traceback_of(exchange)
    if not traceback:
        return ""
    folder = exchange.invocation.function.code if exchange.invocation else Path()
    errors = tracebacks.parsed(traceback, folder)
    if not errors or not errors[-1].frames:
        return ""
    own = [frame for frame in errors[-1].frames if frame.own] or errors[-1].frames
    message = first_line(errors[-1].message)
    return f"{own[-1].file}:{own[-1].line}: {errors[-1].type}: {message}"


def described(failure: tracebacks.TracedError) -> dict[str, Any]:
    """An exception as the page gets it."""
    frames = [vars(frame) for frame in failure.frames]
    return {**vars(failure), "frames": frames}


def has_words(exchange: Exchange, words: list[str]) -> bool:
    """Whether all words, in lower case, are in an exchange: headers, bodies, log and calls too."""
    text = _text(exchange)
    return all(word in text for word in words)


def _text(exchange: Exchange) -> str:
    request, response = exchange.request, exchange.response
    parts = [request.method, request.url, str(response.status), request.id, response.reason]
    parts += [f"{name}: {value}" for name, value in [*request.headers, *response.headers]]
    parts += [body.decode("utf-8", "replace") for body in (request.body, response.body)]
    for run in invocations(exchange):
        parts += [str(entry) for entry in [*run.lines, *run.calls]]
    return "\n".join([*parts, operation_name(exchange) or ""]).lower()
