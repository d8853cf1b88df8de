"""What a failed function tells the developer: the place in the code, and what to do about it."""

import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from samspec.runtime.invocation import Failure
from samspec.sam.functions import LambdaFunction

FRAME = re.compile(
    r'\s*File "(?P<file>.*?)", line (?P<line>\d+)(?:, in .*)?(?:\n\s*(?P<source>.*))?'
)
MISSING = re.compile(r"No module named '([\w.]+)'")


def from_report(function: LambdaFunction, report: Mapping[str, Any]) -> Failure:
    """The failure that a Runtime API client has posted."""
    trace = tuple(str(entry) for entry in report.get("stackTrace") or [])
    message = str(report.get("errorMessage", ""))
    file, line, source = _place(trace, function.code)
    return Failure(
        type=str(report.get("errorType") or "Unknown"),
        message=message,
        trace=trace,
        file=file,
        line=line,
        source=source,
        advice=_advice(message, function),
    )


def from_exit(status: int | None, began: bool) -> Failure:
    """The failure of a process that ended without a word; `began` when it was past its start.

    The names are Lambda's, https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
    """
    if status is not None and status < 0:
        name = signal.Signals(-status).name
        hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
        message = f"Runtime exited with error: signal: {name}{hint}"
        return Failure("Runtime.ExitError", message)
    during = "" if began else " while it was starting"
    message = f"Runtime exited with error: exit status {status}{during}"
    if status == 0:
        message = f"Runtime exited without providing a reason{during}"
    return Failure("Runtime.ExitError", message)


def timed_out(function: LambdaFunction) -> Failure:
    """The failure of an invocation that met the function's own time-out."""
    message = f"Task timed out after {function.timeout:.2f} seconds"
    return Failure("Sandbox.Timedout", message, advice="its Timeout is in the template")


def out_of_memory(function: LambdaFunction, used: int) -> Failure:
    """The failure of a process that was ended because it had `used` megabytes."""
    message = f"Runtime exited with error: signal: killed: it used {used} MB of memory"
    advice = f"its MemorySize in the template is {function.memory}"
    return Failure("Runtime.OutOfMemory", message, advice=advice)


def _place(trace: Sequence[str], code: Path) -> tuple[str, int, str]:
    """File, line and source of the innermost entry in the function's own code."""
    for entry in reversed(trace):
        match = FRAME.match(entry)
        if match and Path(match["file"]).is_relative_to(code):
            return match["file"], int(match["line"]), (match["source"] or "").strip()
    return "", 0, ""


def _advice(message: str, function: LambdaFunction) -> str:
    missing = MISSING.search(message)
    if not missing:
        return ""
    top = missing[1].partition(".")[0]
    if (function.code / top).exists() or (function.code / f"{top}.py").exists():
        return ""
    return (
        f"add the package of {top!r} to {function.code.name}/requirements.txt, or run sam build; "
        "the packages of your own environment are not there on Lambda"
    )
