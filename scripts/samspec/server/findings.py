"""What drift finds, kept current by a process of its own as long as somebody looks.

A thread would compete with requests for the interpreter: a check takes a second of computing.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MOST = 500  # findings that a page gets
LAST_LINES = 40  # of what a process said before it failed
PRIORITY = 10  # added to the niceness of the process: requests come first
PACKAGE = Path(__file__).parents[2]


class Findings:
    """The findings of the project with this template.

    `command` replaces the one that writes a line of JSON for each check.
    """

    def __init__(self, template: Path, command: Sequence[str] | None = None) -> None:
        self._root = template.parent
        self._command = command or _watching(template)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._number = 0
        self._latest: dict[str, Any] = {"state": "checking"}

    def start(self) -> None:
        """Begin to check, unless that goes on already."""
        with self._lock:
            if self._process is None:
                self._process = self._begun()
                self._reader = threading.Thread(
                    target=self._read, args=(self._process,), daemon=True
                )
                self._reader.start()

    def latest(self) -> tuple[int, dict[str, Any]]:
        """The number of the latest news, and the news: a state and what belongs to it.

        `checking` has the findings from before, `checked` those of now, `failed` an error.
        """
        with self._lock:
            return self._number, self._latest

    def close(self) -> None:
        """End the process."""
        with self._lock:
            process, self._process = self._process, None
        if process:
            process.kill()
        if self._reader:
            self._reader.join()

    def _begun(self) -> "subprocess.Popen[str]":
        path = os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH")]))
        return subprocess.Popen(
            self._command,
            cwd=self._root,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is for the server, which ends this
        )

    def _read(self, process: "subprocess.Popen[str]") -> None:
        """Take each line; where the process ends by itself, the next page starts another."""
        last: deque[str] = deque(maxlen=LAST_LINES)
        with process:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, PRIORITY)
            for line in process.stdout or ():
                try:
                    self._take(json.loads(line))
                except ValueError:
                    last.append(line)
        with self._lock:
            has_failed = self._process is process
            if has_failed:
                self._process = None
        if has_failed:
            error = "".join(last).strip() or f"it ended with exit code {process.returncode}"
            self._take({"state": "failed", "error": error})

    def _take(self, news: dict[str, Any]) -> None:
        if "findings" in news:
            findings = news["findings"]
            news = {**news, "findings": findings[:MOST], "more": max(0, len(findings) - MOST)}
        with self._lock:
            before = self._latest if news["state"] == "checking" else {}
            self._latest = {**before, **news, "root": str(self._root)}
            self._number += 1


def _watching(template: Path) -> list[str]:
    words = ["drift", "--watch", "--format", "json", "--root", ".", "--template", template.name]
    return [sys.executable, "-P", "-m", "samspec", *words]
