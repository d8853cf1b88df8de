"""A pytest plugin that records what the project's functions do while the tests run.

`samspec drift` reads the record, tests/observed.json. So it knows, without running anything, which
DynamoDB calls each function makes and which responses each operation gives. A run of all tests
fails if the record is not what was seen; `--record` writes it.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import botocore.handlers
import pytest

from samspec.gateway import Gateway
from samspec.gateway.application import Exchange
from samspec.runtime.in_process import running

OBSERVED = "tests/observed.json"  # in the project
# The item permissions that a transaction's writes and reads need.
PERMISSIONS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}
PERMISSIONS |= {"ConditionCheck": "ConditionCheckItem"}
# The gateway and HTTP itself set these.
TRANSPORT = {"content-length", "content-type", "date", "server", "connection", "x-amzn-errortype"}
TRANSPORT |= {"x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"}

is_recorded: ContextVar[bool] = ContextVar("is_recorded", default=False)


class Recorder:
    """What was seen. `calls` are (function, permission); `responses` are (operation, status and
    title, header), once per response with an empty header.
    """

    def __init__(self) -> None:
        self.calls: set[tuple[str, ...]] = set()
        self.responses: set[tuple[str, ...]] = set()

    def called(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        """botocore's hook before each call: the permissions that it needs, for the function that
        runs.
        """
        invocation = running.get()
        if invocation and is_recorded.get():
            for permission in _permissions(model.name, params):
                self.calls.add((invocation.function.name, permission))

    def responded(self, exchange: Exchange) -> None:
        """The gateway's own response counts only if the operation documents its status."""
        route, status = exchange.route, str(exchange.response.status)
        headers = {name.lower(): (name, value) for name, value in exchange.response.headers}
        if route is None:
            return
        if "x-amzn-errortype" in headers and status not in route.operation["responses"]:
            return
        if headers.get("content-type", ("", ""))[1] == "application/problem+json":
            status += f" {json.loads(exchange.response.body)['title']}"
        self.responses.add((str(route), status, ""))
        for key, (name, _) in headers.items():
            if key not in TRANSPORT:
                self.responses.add((str(route), status, name))

    def observed(self) -> dict[str, Any]:
        """The record, as observed.json has it.

        {"calls": {function: [permission]},
         "responses": {"GET /users": {"400 Bad Request": "headers"}}}
        """
        calls, names = defaultdict(list), defaultdict[str, dict[str, list[str]]](dict)
        for function, permission in sorted(self.calls):
            calls[function].append(permission)
        for route, status, name in sorted(self.responses):
            names[route].setdefault(status, [])
            if name:
                names[route][status].append(name)
        responses = {}
        for route, statuses in names.items():
            responses[route] = {status: ", ".join(listed) for status, listed in statuses.items()}
        return {"calls": calls, "responses": responses}


def _permissions(action: str, params: Mapping[str, Any]) -> Iterator[str]:
    """`dynamodb:PutItem UsersTable`, `dynamodb:Query UsersTable/index/email-index`."""
    for entry in params.get("TransactItems", []):
        for verb, request in entry.items():
            yield f"dynamodb:{PERMISSIONS[verb]} {request['TableName']}"
    for table in params.get("RequestItems", {}):
        yield f"dynamodb:{action} {table}"
    if "TableName" in params:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        yield f"dynamodb:{action} {params['TableName']}{index}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record",
        action="store_true",
        help="write what a run of all tests sees to tests/observed.json",
    )


def pytest_configure(config: pytest.Config) -> None:
    recorder = config.stash[KEY] = Recorder()
    botocore.handlers.BUILTIN_HANDLERS.append(("provide-client-params.dynamodb", recorder.called))
    handle = Gateway.handle

    def recording(gateway: Gateway, request: Any) -> Exchange:
        if gateway.project.template.path.parent != config.rootpath:
            return handle(gateway, request)  # a copy, or another project of the tests
        token = is_recorded.set(True)
        try:
            exchange = handle(gateway, request)
        finally:
            is_recorded.reset(token)
        recorder.responded(exchange)
        return exchange

    monkey = pytest.MonkeyPatch()
    monkey.setattr(Gateway, "handle", recording)
    config.add_cleanup(monkey.undo)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what one of several processes that share the tests has seen."""
    recorder, seen = node.config.stash[KEY], getattr(node, "workeroutput", {})
    recorder.calls.update(map(tuple, seen.get("calls", ())))
    recorder.responses.update(map(tuple, seen.get("responses", ())))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    if hasattr(config, "workeroutput"):
        recorder = config.stash[KEY]
        config.workeroutput["calls"] = list(recorder.calls)
        config.workeroutput["responses"] = list(recorder.responses)
    elif _has_ended(session, exitstatus) and _is_complete(config):
        text = json.dumps(config.stash[KEY].observed(), indent=2, sort_keys=True) + "\n"
        _compare(session, config.rootpath / OBSERVED, text, exitstatus)


def _compare(session: pytest.Session, file: Path, text: str, exitstatus: int) -> None:
    if session.config.getoption("--record"):
        # After failures too, because the tests of drift may fail for want of this very record.
        file.write_text(text)
    elif exitstatus == pytest.ExitCode.OK and not (file.exists() and file.read_text() == text):
        session.config.stash[STALE] = True
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.stash.get(STALE, False):
        line = f"{OBSERVED} is not what these tests saw: run scripts/test --record and commit it"
        terminalreporter.write_line(line, red=True)
    elif config.getoption("--record") and not _is_complete(config):
        line = "nothing recorded, because that takes all tests in one run, in process"
        terminalreporter.write_line(line, red=True)


def _has_ended(session: pytest.Session, exitstatus: int) -> bool:
    """Whether the tests ran to their end, passed or failed."""
    ran = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    return ran and not session.shouldfail and not session.config.option.collectonly


def _is_complete(config: pytest.Config) -> bool:
    """Whether all tests of `testpaths` were run in this process, slow ones or not."""
    if config.option.keyword or config.getoption("--base-url", None):
        return False
    if config.option.markexpr not in ("", "not slow"):
        return False
    return set(config.getini("testpaths")) <= set(config.args)


KEY = pytest.StashKey[Recorder]()
STALE = pytest.StashKey[bool]()
