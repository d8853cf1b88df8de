"""Whether a function's files have changed since its processes started."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

# What holds no code of the function: its changes do not matter, and it may be large.
SKIPPED = {"__pycache__", "node_modules", "site-packages", "venv"}
BUSY = 0.1  # the part of the time that may be spent on looking
NOTABLE = 0.01  # seconds; what takes less is done for each request


class Watch:
    """The state of the files in `folders`, as one value that differs after an edit.

    Large folders are not looked through for each request: looking takes a tenth of the time at
    most, so that an edit is seen after ten times as long as looking takes.
    """

    def __init__(self, folders: tuple[Path, ...]):
        self._folders = folders
        self._lock = threading.Lock()
        self._state: frozenset[tuple[str, int, int]] = frozenset()
        self._fresh_until = 0.0

    def state(self) -> frozenset[tuple[str, int, int]]:
        """Path, time in nanoseconds and size of each file."""
        with self._lock:
            if time.monotonic() >= self._fresh_until:
                began = time.thread_time()  # of this thread's work: a busy machine is no reason
                state = frozenset(self._files())
                if state != self._state:  # an equal one is kept: the same object compares at once
                    self._state = state
                took = time.thread_time() - began
                wait = took / BUSY if took > NOTABLE else 0.0
                self._fresh_until = time.monotonic() + wait
            return self._state

    def newest(self) -> float:
        """Seconds since the epoch of the last change."""
        return max((changed for _, changed, _ in self._state), default=0) / 1e9

    def _files(self) -> Iterator[tuple[str, int, int]]:
        for folder in self._folders:
            yield from _files(folder, _installed(folder))


def _files(folder: Path, skipped: set[str]) -> Iterator[tuple[str, int, int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return  # removed just now, or not readable: the process will say so
    for entry in entries:
        if entry.name in skipped or entry.name.startswith("."):
            continue
        try:
            if entry.is_dir():
                yield from _files(Path(entry.path), SKIPPED)
            else:
                stat = entry.stat()
                yield entry.path, stat.st_mtime_ns, stat.st_size
        except OSError:
            continue  # a dangling link


def _installed(folder: Path) -> set[str]:
    """The names of packages that pip has put beside the code."""
    names = set(SKIPPED)
    for information in folder.glob("*.dist-info"):
        names.add(information.name)
        try:
            record = (information / "RECORD").read_text(encoding="utf-8")
        except OSError:
            continue
        names.update(line.split("/", 1)[0] for line in record.splitlines() if "/" in line)
    return names
