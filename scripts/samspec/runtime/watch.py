"""Whether a function's files have changed since its processes started."""

import os
import threading
import time
from pathlib import Path

# What holds no code of the function: its changes do not matter, and it may be large.
SKIPPED = {"__pycache__", "node_modules", "site-packages", "venv"}
BUSY = 0.1  # the part of the time that may be spent on looking
NOTABLE = 0.01  # seconds; what takes less is done for each request
File = tuple[str, int, int]  # path, time of the last change in nanoseconds, size


class Watch:
    """The state of the files in `folders`, as one value that differs after an edit.

    Large folders are not looked through for each request: looking takes a tenth of the time at
    most, so that an edit is seen after ten times as long as looking takes.
    """

    def __init__(self, folders: tuple[Path, ...]):
        self._folders = folders
        self._lock = threading.Lock()
        self._state: frozenset[File] = frozenset()
        self._began = 0.0  # the last look
        self._fresh_until = 0.0

    def state(self) -> frozenset[File]:
        """Path, time in nanoseconds and size of each file.

        A look that began after the question is good enough: one serves all threads that wait.
        """
        asked = time.monotonic()
        with self._lock:
            if asked >= max(self._began, self._fresh_until):
                self._look()
            return self._state

    def _look(self) -> None:
        self._began = time.monotonic()
        worked = time.thread_time()  # of only this thread: a busy machine does not count
        state = frozenset(self._files())
        if state != self._state:  # an equal one is kept: the same object compares at once
            self._state = state
        took = time.thread_time() - worked
        self._fresh_until = time.monotonic() + took / BUSY if took > NOTABLE else 0.0

    def newest(self) -> float:
        """Seconds since the epoch of the last change."""
        return max((changed for _, changed, _ in self._state), default=0) / 1e9

    def _files(self) -> list[File]:
        files: list[File] = []
        for folder in self._folders:
            entries = _entries(str(folder))
            _collect(entries, _installed(entries), files)
        return files


def _entries(folder: str) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []  # removed just now, or not readable: the process will say so


def _collect(entries: "list[os.DirEntry[str]]", skipped: set[str], files: list[File]) -> None:
    """Add the files among the entries, and those in their folders."""
    for entry in entries:
        if entry.name in skipped or entry.name.startswith("."):
            continue
        try:
            if entry.is_dir():
                _collect(_entries(entry.path), SKIPPED, files)
            else:
                stat = entry.stat()
                files.append((entry.path, stat.st_mtime_ns, stat.st_size))
        except OSError:
            continue  # a dangling link


def _installed(entries: "list[os.DirEntry[str]]") -> set[str]:
    """The names of packages that pip has put next to the code."""
    names = set(SKIPPED)
    for entry in entries:
        if not entry.name.endswith(".dist-info"):
            continue
        names.add(entry.name)
        try:
            record = Path(entry.path, "RECORD").read_text(encoding="utf-8")
        except OSError:
            continue
        names.update(line.split("/", 1)[0] for line in record.splitlines() if "/" in line)
    return names
