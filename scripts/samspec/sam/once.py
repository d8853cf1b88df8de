"""A cache for functions that several threads call."""

import functools
import threading
from collections.abc import Callable, Hashable
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


def once(make: Callable[P, T]) -> Callable[P, T]:
    """Keep what `make` returns for each set of arguments, and make nothing twice.

    `functools.cache` calls `make` in each of two threads that come at the same time. For a lock,
    a key, or a folder that goes with its last reference, the second one is a fault.
    """
    cached = functools.cache(make)
    lock = threading.RLock()

    @functools.wraps(make)
    def locked(*arguments: Hashable) -> T:
        with lock:
            return cached(*arguments)

    return cast(Callable[P, T], locked)
