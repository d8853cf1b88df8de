"""The Runtime API as a client sees it: what is right, and AWS's responses to what is not."""

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from samspec.runtime.api import PAYLOAD_LIMIT, PREFIX, RuntimeApi, Task
from samspec.runtime.invocation import Invocation
from samspec.sam.functions import LambdaFunction
from samspec.serving.http import HttpServer


class Runtime:
    """A client of the API, and what the gateway's side hears."""

    def __init__(self, function: LambdaFunction) -> None:
        self.function = function
        self.ready = threading.Event()
        self.init_errors: queue.Queue[Any] = queue.Queue()
        self.api = RuntimeApi(self.ready.set, self.init_errors.put)
        self.server = HttpServer.on_loopback(self.api, body_limit=16 * 1024 * 1024)
        self.session = requests.Session()

    def give(self, event: Any) -> Task:
        task = Task(Invocation(self.function, "live"), json.dumps(event).encode())
        self.api.give(task)
        return task

    def next(self) -> requests.Response:
        return self.session.get(f"{self.server.url}{PREFIX}/invocation/next", timeout=30)

    def post(self, path: str, body: bytes) -> tuple[int, Any]:
        response = self.session.post(f"{self.server.url}{PREFIX}{path}", body, timeout=30)
        return response.status_code, response.json()


@pytest.fixture
def runtime(function: Callable[..., LambdaFunction]) -> Iterator[Runtime]:
    runtime = Runtime(function(timeout=7.0))
    yield runtime
    runtime.session.close()
    runtime.api.end()
    runtime.server.close()


def test_an_event_comes_with_its_headers(runtime: Runtime) -> None:
    task = runtime.give({"a": 1})
    response = runtime.next()
    assert response.json() == {"a": 1}
    headers = response.headers
    assert headers["Lambda-Runtime-Aws-Request-Id"] == task.invocation.aws_request_id
    assert headers["Lambda-Runtime-Invoked-Function-Arn"].endswith(":function:live")
    left = int(headers["Lambda-Runtime-Deadline-Ms"]) / 1000 - time.time()
    assert 5 < left <= 7


def test_a_response_settles_its_event_and_is_accepted(runtime: Runtime) -> None:
    task = runtime.give({})
    runtime.next()
    assert not task.settled.is_set()
    request_id = task.invocation.aws_request_id
    status, body = runtime.post(f"/invocation/{request_id}/response", b'{"statusCode": 200}')
    assert (status, body) == (202, {"status": "OK"})
    assert task.settled.is_set()
    assert task.result == b'{"statusCode": 200}'


def test_an_error_settles_its_event_with_its_report(runtime: Runtime) -> None:
    task = runtime.give({})
    runtime.next()
    report = {"errorType": "KeyError", "errorMessage": "'a'", "stackTrace": []}
    path = f"/invocation/{task.invocation.aws_request_id}/error"
    assert runtime.post(path, json.dumps(report).encode())[0] == 202
    assert task.report == report


def test_an_error_that_is_not_json_is_taken_as_text(runtime: Runtime) -> None:
    task = runtime.give({})
    runtime.next()
    runtime.post(f"/invocation/{task.invocation.aws_request_id}/error", b"went wrong")
    assert task.report == {"errorType": "Unknown", "errorMessage": "went wrong"}


def test_an_unknown_id_is_a_400(runtime: Runtime) -> None:
    task = runtime.give({})
    runtime.next()
    status, body = runtime.post("/invocation/none/response", b"{}")
    assert (status, body["errorType"]) == (400, "InvalidRequestID")
    assert not task.settled.is_set()


@pytest.mark.parametrize("outcome", ["response", "error"])
def test_a_second_response_is_a_403(runtime: Runtime, outcome: str) -> None:
    task = runtime.give({})
    runtime.next()
    path = f"/invocation/{task.invocation.aws_request_id}"
    runtime.post(f"{path}/response", b"1")
    status, body = runtime.post(f"{path}/{outcome}", b"2")
    assert (status, body["errorType"]) == (403, "InvalidStateTransition")
    assert task.result == b"1"


def test_a_response_before_any_event_is_a_403(runtime: Runtime) -> None:
    assert runtime.post("/invocation/none/response", b"{}")[0] == 403


@pytest.mark.parametrize(("size", "status"), [(PAYLOAD_LIMIT, 202), (PAYLOAD_LIMIT + 1, 413)])
def test_a_response_beyond_6_mb_is_a_413(runtime: Runtime, size: int, status: int) -> None:
    task = runtime.give({})
    runtime.next()
    path = f"/invocation/{task.invocation.aws_request_id}/response"
    assert runtime.post(path, b"x" * size)[0] == status
    assert task.settled.is_set()
    if status == 413:
        assert task.report
        assert task.report["errorType"] == "Function.ResponseSizeTooLarge"


def test_an_init_error_is_heard_and_one_later_is_a_403(runtime: Runtime) -> None:
    assert runtime.post("/init/error", b'{"errorType": "E"}')[0] == 202
    assert runtime.init_errors.get_nowait() == {"errorType": "E"}
    runtime.give({})
    runtime.next()
    assert runtime.post("/init/error", b"{}")[0] == 403


def test_another_path_is_a_404(runtime: Runtime) -> None:
    assert runtime.post("/invocation/next", b"")[0] == 404
    assert runtime.post("/restore/next", b"")[0] == 404
