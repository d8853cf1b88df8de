"""Tracebacks as data: the exceptions with their frames, and the source of the project's own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FRAME = re.compile(r'^ *File "(?P<file>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?$')
EXCEPTION = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$")
# A message that names a place, such as `/project/app.py:3: NameError: ...` of a failed import.
PLACE = re.compile(r"(?P<file>/[^\s:]+\.py):(?P<line>\d+): (?P<type>\w+)(?:: (?P<message>.*))?")
AROUND = 3  # lines of source before and after
LARGEST = 1_000_000  # bytes of a source file


@dataclass
class Frame:
    file: str
    line: int
    function: str
    own: bool  # of the project, not of a library
    source: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class TracedError:
    """One exception; `how` says how the next one of the traceback came of it."""

    type: str = ""
    message: str = ""
    frames: list[Frame] = field(default_factory=list)
    how: str = ""


def parsed(traceback: str, root: Path) -> list[TracedError]:
    """The exceptions of a Python traceback, in its order: the last is the one that ended it.

    `root` is the folder of the project, whose frames come with their source.
    """
    failures: list[TracedError] = []
    current = TracedError()
    for line in traceback.splitlines():
        frame = FRAME.match(line)
        exception = EXCEPTION.match(line)
        if line.startswith("Traceback (most recent call last)"):
            current = TracedError()
        elif frame:
            current.frames.append(_frame(frame, root))
        elif line.endswith(("the following exception:", "exception occurred:")):
            if failures:
                failures[-1].how = line
        elif exception and current.frames:
            current.type, current.message = exception["type"], exception["message"] or ""
            failures.append(current)
            current = TracedError()
        elif failures and not current.frames and line.strip() and not line.startswith(" "):
            failures[-1].message += "\n" + line
    return failures


def placed(reason: str, root: Path) -> list[TracedError]:
    """The exception that a message of the gateway names with its place, if it names one."""
    match = PLACE.search(reason)
    if not match:
        return []
    frame = Frame(match["file"], int(match["line"]), "", _is_own(match["file"], root))
    frame.source = source(match["file"], frame.line)
    return [TracedError(match["type"], match["message"] or "", [frame])]


def _frame(match: re.Match[str], root: Path) -> Frame:
    frame = Frame(match["file"], int(match["line"]), match["function"] or "", False)
    frame.own = _is_own(frame.file, root)
    if frame.own:
        frame.source = source(frame.file, frame.line)
    return frame


def _is_own(file: str, root: Path) -> bool:
    path = Path(file)
    inside = path.is_relative_to(root) or path.is_relative_to(root.resolve())
    return inside and not {"site-packages", "dist-packages"} & set(path.parts)


def source(file: str, line: int) -> list[dict[str, Any]]:
    """The lines around a line of a Python file, each with its number; none if it cannot be read."""
    path = Path(file)
    try:
        if path.suffix != ".py" or path.stat().st_size > LARGEST:
            return []
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return list(_around(lines, line))


def _around(lines: list[str], line: int) -> Iterator[dict[str, Any]]:
    first = max(1, line - AROUND)
    for number in range(first, min(len(lines), line + AROUND) + 1):
        yield {"number": number, "text": lines[number - 1], "failed": number == line}
