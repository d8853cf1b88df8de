"""The last exchanges, for the console."""

import threading
from collections import deque

from samspec.gateway.application import Exchange


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
