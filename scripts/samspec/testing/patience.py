"""Requests to an API that throttles: a 429 is sent again for a while."""

import time
from collections.abc import Callable

import requests

TOO_MANY = 429
SECONDS = 15  # in which even a usage plan of one request per second has room again
PAUSE = 0.5


def patiently(send: Callable[[], requests.Response]) -> requests.Response:
    """The first response that is not a 429; the last one when the time is over."""
    end = time.monotonic() + SECONDS
    while True:
        response = send()
        if response.status_code != TOO_MANY or time.monotonic() > end:
            return response
        time.sleep(PAUSE)
