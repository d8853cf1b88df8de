"""What is made once is made once, also where several threads come at the same time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from samspec.sam.once import once


def test_threads_that_come_together_get_the_same_object() -> None:
    threads = 8
    together = threading.Barrier(threads)

    @once
    def folder() -> object:
        time.sleep(0.02)  # long enough for all threads to be inside, if they could
        return object()

    def ask(_: int) -> object:
        together.wait()
        return folder()

    with ThreadPoolExecutor(threads) as pool:
        objects = list(pool.map(ask, range(threads)))

    assert len({id(each) for each in objects}) == 1


def test_each_set_of_arguments_has_its_own() -> None:
    calls: list[int] = []

    @once
    def double(number: int) -> int:
        calls.append(number)
        return 2 * number

    assert [double(1), double(2), double(1)] == [2, 4, 2]
    assert calls == [1, 2]
