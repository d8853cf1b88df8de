"""What a function finds in its process, and how processes come and go."""

import contextlib
import logging
import os
import re
import resource
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from samspec.runtime.invocation import IntegrationTimedOut
from samspec.sam.functions import LambdaFunction

from tests.samspec.runtime.conftest import Workers

Make = Callable[..., LambdaFunction]


def test_a_function_sees_lambdas_variables_and_its_own_and_none_of_the_shells(
    workers: Workers, function: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "SECRET", "PYTHONPATH"):
        monkeypatch.setenv(name, "the shell's")
    source = "import os\ndef handler(event, context): return dict(os.environ)"
    made = function(source, environment={"TABLE": "t"})
    variables = workers.call(made)
    assert variables["TABLE"] == "t"
    assert variables["AWS_LAMBDA_FUNCTION_NAME"] == "function"
    assert variables["LAMBDA_TASK_ROOT"] == str(made.code)
    assert variables["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert variables["AWS_CONFIG_FILE"] == variables["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert "the shell's" not in variables.values()
    assert {"SECRET", "AWS_PROFILE", "PYTHONPATH"}.isdisjoint(variables)


def test_threads_and_subprocesses_see_the_functions_variables(
    workers: Workers, function: Make
) -> None:
    source = """
import os, subprocess, sys, threading
def handler(event, context):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(os.environ["TABLE"]))
    thread.start()
    thread.join()
    code = "import os; print(os.environ['TABLE'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return [*seen, done.stdout.strip()]
"""
    assert workers.call(function(source, environment={"TABLE": "t"})) == ["t", "t"]


def test_a_file_next_to_the_code_opens_and_modules_import_as_on_lambda(
    workers: Workers, function: Make
) -> None:
    source = """
import asyncio, importlib, pickle, sys, typing
from dataclasses import dataclass
@dataclass
class Thing:
    size: int
def handler(event, context):
    loop = asyncio.new_event_loop()
    return {
        "data": open("data.txt").read(),
        "module": importlib.import_module("models").NAME,
        "itself": sys.modules[__name__].handler is handler,
        "pickled": pickle.loads(pickle.dumps(Thing(3))).size,
        "hints": str(typing.get_type_hints(Thing)["size"]),
        "looped": loop.run_until_complete(asyncio.sleep(0, "done")),
        "main thread": __import__("threading").current_thread().name,
    }
"""
    made = function(source)
    (made.code / "data.txt").write_text("some data")
    (made.code / "models.py").write_text("NAME = 'models'")
    assert workers.call(made) == {
        "data": "some data",
        "module": "models",
        "itself": True,
        "pickled": 3,
        "hints": "<class 'int'>",
        "looped": "done",
        "main thread": "MainThread",
    }


@pytest.mark.filterwarnings("ignore")
def test_get_event_loop_works_as_mangum_needs_it(workers: Workers, function: Make) -> None:
    source = """
import asyncio
def handler(event, context):
    return asyncio.get_event_loop().run_until_complete(asyncio.sleep(0, "done"))
"""
    assert workers.call(function(source)) == "done"


def test_a_function_may_replace_pythons_http_client(workers: Workers, function: Make) -> None:
    source = """
import http.client, socket
calls = []
def refuse(*arguments, **named):
    calls.append(arguments)
    raise OSError("blocked by a test's tool")
http.client.HTTPConnection.request = http.client.HTTPConnection.connect = refuse
socket.create_connection = refuse
def handler(event, context): return len(calls)
"""
    made = function(source)
    assert [workers.call(made) for _ in range(2)] == [0, 0]


def test_only_the_packages_of_lambdas_runtime_are_there(workers: Workers, function: Make) -> None:
    source = """
import importlib.util
def handler(event, context):
    return [name for name in event if importlib.util.find_spec(name)]
"""
    names = ["boto3", "botocore", "urllib3", "dateutil", "yaml", "requests", "jinja2", "pytest"]
    assert workers.call(function(source), names) == ["boto3", "botocore", "urllib3", "dateutil"]


def test_a_missing_package_is_named_with_what_to_do(workers: Workers, function: Make) -> None:
    failed = workers.fail(function("import requests\ndef handler(event, context): pass"))
    assert failed.failure.type == "Runtime.ImportModuleError"
    assert "No module named 'requests'" in failed.failure.message
    assert "requirements.txt, or run sam build" in failed.failure.advice
    assert failed.failure.line == 1


def test_a_module_of_the_project_that_fails_is_not_a_missing_package(
    workers: Workers, function: Make
) -> None:
    made = function("import own\ndef handler(event, context): pass")
    (made.code / "own.py").write_text("from own import nothing")
    assert workers.fail(made).failure.advice == ""


def test_layers_are_on_the_path_and_the_last_one_wins(
    workers: Workers, function: Make, tmp_path: Path
) -> None:
    layers = []
    for number in (1, 2):
        folder = tmp_path / f"layer{number}" / "python"
        folder.mkdir(parents=True)
        (folder / "shared.py").write_text(f"NUMBER = {number}")
        layers.append(folder.parent)
    (tmp_path / "layer1/python/first.py").write_text("")
    source = "import first, shared\ndef handler(event, context): return shared.NUMBER"
    assert workers.call(function(source, layers=tuple(layers))) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import os; os._exit(7)", "exit status 7"),
        ("import sys; sys.exit(3)", "exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", "signal: SIGKILL, perhaps for want of memory"),
        ("import ctypes; ctypes.string_at(0)", "signal: SIGSEGV"),
        ("raise MemoryError('none left')", "none left"),
        ("raise SystemExit", "without providing a reason"),
    ],
)
def test_a_process_that_ends_is_named_and_the_next_request_works(
    workers: Workers, function: Make, body: str, reason: str
) -> None:
    made = function(f"def handler(event, context):\n    if event:\n        {body}\n    return 1")
    assert reason in workers.fail(made, {"end": True}).failure.message
    assert workers.call(made) == 1


@pytest.mark.parametrize("body", ["import os; os._exit(7)", "import time; time.sleep(99)"])
def test_a_function_that_cannot_start_does_not_stop_another(
    workers: Workers, function: Make, tmp_path: Path, body: str
) -> None:
    broken = function("def handler(event, context): return 1", name="Whole")
    other = tmp_path / "other"
    other.mkdir()
    (other / "app.py").write_text(body)
    with contextlib.suppress(Exception):
        workers.call(function(name="Broken", code=other), limit=0.3)
    (broken.code / "app.py").write_text("def handler(event, context): return 1")
    assert workers.call(broken) == 1


@pytest.mark.parametrize("where", ["start", "handler"])
def test_a_function_has_no_more_memory_than_its_memory_size(
    workers: Workers, function: Make, where: str
) -> None:
    take = "kept = bytearray(b'x') * (megabytes << 20); time.sleep(seconds)"
    source = f"""
import os, time
megabytes, seconds = 300, 20
if os.environ["WHERE"] == "start": {take}
def handler(event, context):
    megabytes, seconds = event or (1, 0)
    {take}
    return megabytes
"""
    made = function(source, memory=256, environment={"WHERE": where})
    failure = workers.fail(made, [300, 20] if where == "handler" else None).failure
    assert failure.type == "Runtime.OutOfMemory"
    assert re.search(r"used \d{3} MB", failure.message)
    assert failure.advice == "its MemorySize in the template is 256"
    if where == "handler":
        assert workers.call(made, [150, 0.5]) == 150


def test_a_memory_size_that_lambda_does_not_know_limits_nothing(
    workers: Workers, function: Make
) -> None:
    source = "import time\ndef handler(event, context): time.sleep(0.5); return 1"
    assert workers.call(function(source, memory=1)) == 1


def test_a_timed_out_function_takes_its_children_with_it(
    workers: Workers, function: Make, tmp_path: Path
) -> None:
    beats = tmp_path / "beats"
    source = f"""
import subprocess, sys, time
def handler(event, context):
    code = "import time\\nwhile True: open({str(beats)!r}, 'a').write('.'); time.sleep(0.02)"
    subprocess.Popen([sys.executable, "-c", code])
    time.sleep(30)
"""
    failed = workers.fail(function(source, timeout=3.0))
    assert failed.failure.message == "Task timed out after 3.00 seconds"
    time.sleep(0.1)
    size = beats.stat().st_size
    time.sleep(0.2)
    assert beats.stat().st_size == size > 0


def test_an_invocation_beyond_the_gateways_patience_goes_on(
    workers: Workers, function: Make, tmp_path: Path
) -> None:
    finished = tmp_path / "finished"
    source = f"""
import time
def handler(event, context):
    if event:
        time.sleep(0.6)
        open({str(finished)!r}, "w").close()
"""
    made = function(source)
    workers.call(made)
    with pytest.raises(IntegrationTimedOut):
        workers.call(made, {"slowly": True}, limit=0.4)
    deadline = time.monotonic() + 30
    while not finished.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_concurrent_requests_get_processes_of_their_own(workers: Workers, function: Make) -> None:
    source = """
import os, time
current = None
def handler(event, context):
    global current
    current = event
    time.sleep(0.3)
    return [os.getpid(), current == event]
"""
    made = function(source)
    with ThreadPoolExecutor(2) as clients:
        results = list(clients.map(lambda n: workers.processes_call(made, n), range(2)))
    assert len({process for process, _ in results}) == 2
    assert all(is_own for _, is_own in results)


def test_many_slow_requests_get_more_processes_up_to_the_most(
    workers: Workers, function: Make
) -> None:
    source = "import os, time\ndef handler(event, context): time.sleep(1.5); return os.getpid()"
    made = function(source)
    with ThreadPoolExecutor(6) as clients:
        processes = set(clients.map(lambda n: workers.processes_call(made, n), range(6)))
    assert 3 <= len(processes) <= 4


def test_idle_processes_are_ended(workers: Workers, function: Make) -> None:
    source = "import os, time\ndef handler(event, context): time.sleep(1.5); return os.getpid()"
    made = function(source)
    with ThreadPoolExecutor(2) as clients:
        processes = list(clients.map(lambda n: workers.processes_call(made, n), range(2)))
    time.sleep(0.6)
    workers.processes.tidy()
    assert sorted(map(is_running, processes)) == [False, True]
    time.sleep(3)
    workers.processes.tidy()
    assert not any(map(is_running, processes))


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_nothing_is_left_behind(function: Make, workers: Workers) -> None:
    process = workers.call(function("import os\ndef handler(event, context): return os.getpid()"))
    before = {thread.name for thread in threading.enumerate()}
    assert is_running(process)
    workers.processes.close()
    assert not is_running(process)
    assert {"logs", "tidy"} <= before


def test_a_boto3_call_reaches_the_emulated_services_and_is_known(
    workers: Workers, function: Make
) -> None:
    source = """
import boto3
def handler(event, context):
    boto3.client("sqs").create_queue(QueueName="orders")
    return boto3.client("sqs").list_queues()["QueueUrls"]
"""
    assert workers.call(function(source)) == [
        "https://sqs.us-east-1.amazonaws.com/123456789012/orders"
    ]
    assert workers.last
    calls = [(call["service"], call["name"], call["error"]) for call in workers.last.calls]
    assert calls == [("sqs", "CreateQueue", ""), ("sqs", "ListQueues", "")]
    assert '"QueueName": "orders"' in workers.last.calls[0]["request"]
    assert "orders" in workers.last.calls[1]["response"]


@pytest.mark.parametrize(("release", "steered"), [("1.29.165", True), ("1.31.0", False)])
def test_an_old_botocore_next_to_the_code_gets_its_endpoint(
    workers: Workers, function: Make, release: str, steered: bool
) -> None:
    source = """
import os
from botocore.session import Session
def handler(event, context):
    session = Session()
    given = [session.create_client("s3"), session.create_client("s3", endpoint_url=None)]
    given.append(session.create_client("s3", endpoint_url="http://own"))
    return [endpoint == os.environ["AWS_ENDPOINT_URL"] for endpoint in given]
"""
    made = function(source)
    sdk = made.code / "botocore"
    sdk.mkdir()
    (sdk / "__init__.py").write_text(f"__version__ = {release!r}")
    (sdk / "session.py").write_text(
        "class Session:\n"
        "    def create_client(self, service, endpoint_url=None):\n"
        "        return endpoint_url\n"
    )
    assert workers.call(made) == [steered, steered, False]


def test_another_python_runs_what_its_runtime_names(
    workers: Workers, function: Make, caplog: pytest.LogCaptureFixture
) -> None:
    from samspec.runtime import interpreters

    others = [(3, minor) for minor in (12, 13, 10, 9) if (3, minor) != sys.version_info[:2]]
    interpreter = next(filter(None, map(interpreters.installed, others)), None)
    if interpreter is None:
        pytest.skip("no other Python is installed here")
    source = "import sys\ndef handler(event, context): return list(sys.version_info[:2])"
    assert tuple(workers.call(function(source, runtime=interpreter.name))) == interpreter.version


def test_a_python_that_is_not_installed_is_named_and_the_tools_own_runs(
    workers: Workers, function: Make
) -> None:
    source = "import sys\ndef handler(event, context): return list(sys.version_info[:2])"
    made = function(source, runtime="python3.99")
    assert tuple(workers.call(made)) == sys.version_info[:2]
    assert workers.processes.gaps([made]) == [
        f"Function: {made.runtime} is not installed: it runs on python3.{sys.version_info[1]}"
    ]


def test_edits_are_live_at_once_even_of_the_same_length(
    workers: Workers, function: Make, caplog: pytest.LogCaptureFixture
) -> None:
    made = function("def handler(event, context): return 10")
    with caplog.at_level(logging.INFO, "gateway"):
        for number in range(10, 20):
            (made.code / "app.py").write_text(f"def handler(event, context): return {number}")
            assert workers.call(made) == number


def test_clients_see_no_error_while_files_are_edited(workers: Workers, function: Make) -> None:
    made = function("VALUE = 0\ndef handler(event, context): return VALUE")
    workers.call(made)
    over = threading.Event()
    failures: list[Any] = []

    def ask() -> None:
        while not over.is_set():
            try:
                workers.processes_call(made, None)
            except Exception as error:
                failures.append(error)

    with ThreadPoolExecutor(8) as clients:
        for _ in range(8):
            clients.submit(ask)
        for number in range(12):
            with (made.code / "app.py").open("w") as file:
                file.write("VALUE = ")
                file.flush()
                time.sleep(0.05)  # an editor that writes in two pieces
                file.write(f"{number}\ndef handler(event, context): return VALUE")
            time.sleep(0.1)
        over.set()
    assert failures == []
    assert workers.call(made) == 11


@pytest.mark.parametrize(
    "edits", [30, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_memory_threads_and_descriptors_stay_flat_over_edits(
    workers: Workers, function: Make, edits: int
) -> None:
    made = function("VALUE = 0\ndef handler(event, context): return VALUE")

    def edit(number: int) -> None:
        source = f"VALUE = {number}\ndef handler(event, context): return VALUE"
        (made.code / "app.py").write_text(source)
        assert workers.call(made) == number

    for number in range(10):
        edit(number)
    before = footprint()
    for number in range(10, 10 + edits):
        edit(number)
    time.sleep(0.2)
    after = footprint()
    assert after["threads"] <= before["threads"] + 2
    assert after["descriptors"] <= before["descriptors"] + 8
    assert after["kilobytes"] <= before["kilobytes"] + 5_000


def footprint() -> dict[str, int]:
    """Of this process, which is the gateway's."""
    descriptors = len(list(Path("/dev/fd").iterdir()))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    threads = threading.active_count()
    return {"threads": threads, "descriptors": descriptors, "kilobytes": kilobytes}
