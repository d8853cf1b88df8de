"""The exchanges that the console shows: those in flight, and the last, within a limit of bytes."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from samspec.gateway.application import Exchange

COUNT = 10_000  # exchanges
BYTES = 100_000_000
OVERHEAD = 8_000  # bytes of an exchange with its event, bodies aside: measured with tracemalloc


@dataclass(frozen=True)
class Kept:
    """An exchange in the recorder, with the number of bytes it is counted as."""

    exchange: Exchange
    size: int


class Recorder:
    """Keeps the last exchanges; the oldest go when they are too many, or too many bytes.

    `boot` is a new random name for each start, so that a page can tell a restart.
    """

    def __init__(self, count: int = COUNT, size: int = BYTES):
        self.boot = secrets.token_hex(4)
        self._limit, self._limit_size = count, size
        self._kept: OrderedDict[int, Kept] = OrderedDict()
        self._flight: dict[str, Exchange] = {}
        self._size = self._number = self._cleared = 0
        self._changed = threading.Condition()

    def begin(self, exchange: Exchange) -> None:
        """Note that a request has arrived."""
        with self._changed:
            self._flight[exchange.request.id] = exchange

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange that has its response, and number it."""
        size = weight(exchange)
        with self._changed:
            self._flight.pop(exchange.request.id, None)
            self._number += 1
            exchange.number = self._number
            self._kept[exchange.number] = Kept(exchange, size)
            self._size += size
            while len(self._kept) > self._limit or self._size > self._limit_size:
                self._size -= self._kept.popitem(last=False)[1].size
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget everything that is kept."""
        with self._changed:
            self._kept.clear()
            self._size = 0
            self._cleared = self._number
            self._changed.notify_all()

    def after(self, number: int, wait: float) -> tuple[list[Exchange], int]:
        """The exchanges after `number`, and the number up to which all were cleared.

        Without any, it waits up to `wait` seconds for the next change.
        """
        with self._changed:
            cleared = self._cleared
            self._changed.wait_for(
                lambda: self._number > number or self._cleared > cleared, timeout=wait
            )
            newer = [kept.exchange for key, kept in self._newest(number)]
            return newer[::-1], self._cleared

    def _newest(self, number: int) -> list[tuple[int, Kept]]:
        """What is kept after `number`, newest first, without a walk through all the older ones."""
        newest = []
        for key in reversed(self._kept):
            if key <= number:
                break
            newest.append((key, self._kept[key]))
        return newest

    def all(self) -> list[Exchange]:
        """Everything that is kept, oldest first."""
        with self._changed:
            return [kept.exchange for kept in self._kept.values()]

    def find(self, number: int) -> Exchange | None:
        """The exchange of that number, or None if it is no longer kept."""
        with self._changed:
            kept = self._kept.get(number)
        return kept.exchange if kept else None

    def in_flight(self, milliseconds: float) -> list[Exchange]:
        """The requests that have waited for their response longer than that, oldest first."""
        with self._changed:
            waiting = list(self._flight.values())
        return [exchange for exchange in waiting if exchange.elapsed() > milliseconds]


def weight(exchange: Exchange) -> int:
    """About how many bytes of memory an exchange takes."""
    size = OVERHEAD + len(exchange.request.body) + len(exchange.response.body)
    size += len((exchange.event or {}).get("body") or "")
    for invocation in (exchange.authorizer_invocation, exchange.invocation):
        if invocation:
            size += sum(len(str(entry)) for entry in [*invocation.lines, *invocation.calls])
    return size
