"""A pytest plugin: what the project's functions do while the tests run, kept in observed.json.

`scripts/drift` reads that file, so that it knows without running anything which DynamoDB calls each function makes and
which answers each operation gives. A run of all tests fails where the file is not what was seen; `--record` writes it.
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

ROOT = Path(__file__).parent.parent
OBSERVED = Path(__file__).with_name("observed.json")
# The item permissions that a transaction's writes and reads need.
PERMISSIONS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}
PERMISSIONS |= {"ConditionCheck": "ConditionCheckItem"}
# The gateway and HTTP itself set these.
TRANSPORT = {"content-length", "content-type", "date", "server", "connection", "x-amzn-errortype"}
TRANSPORT |= {"x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"}

answering: ContextVar[bool] = ContextVar("answering", default=False)


class Recorder:
    """`calls` are (function, permission); `answers` are (operation, status and title, header), one of them without."""

    def __init__(self) -> None:
        self.calls: set[tuple[str, ...]] = set()
        self.answers: set[tuple[str, ...]] = set()

    def called(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        """botocore's hook, before each call: the permissions that it needs, for the function that runs."""
        invocation = running.get()
        if invocation and answering.get():
            self.calls.update(
                (invocation.function.name, one) for one in _permissions(model.name, params)
            )

    def answered(self, answer: Exchange) -> None:
        """What came of a request. A gateway's own answer counts where its operation documents it."""
        route, status = answer.route, str(answer.response.status)
        headers = {name.lower(): (name, value) for name, value in answer.response.headers}
        if route is None or (
            "x-amzn-errortype" in headers and status not in route.operation["responses"]
        ):
            return
        if headers.get("content-type", ("", ""))[1] == "application/problem+json":
            status += f" {json.loads(answer.response.body)['title']}"
        names = [name for key, (name, _) in headers.items() if key not in TRANSPORT]
        self.answers.update((str(route), status, name) for name in ("", *names))

    def observed(self) -> dict[str, Any]:
        """`{"calls": {function: [permission]}, "responses": {"GET /users": {"400 Bad Request": "headers"}}}`"""
        calls, responses = defaultdict(list), defaultdict[str, dict[str, str]](dict)
        for function, permission in sorted(self.calls):
            calls[function].append(permission)
        for route, status, name in sorted(self.answers):
            responses[route][status] = ", ".join(filter(None, (responses[route].get(status), name)))
        return {"calls": calls, "responses": responses}


def _permissions(action: str, params: Mapping[str, Any]) -> Iterator[str]:
    """`dynamodb:PutItem UsersTable`, `dynamodb:Query UsersTable/index/email-index`."""
    for write in params.get("TransactItems", []):
        for kind, one in write.items():
            yield f"dynamodb:{PERMISSIONS[kind]} {one['TableName']}"
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
        if gateway.project.template.path != ROOT / "template.yaml":
            return handle(gateway, request)
        token = answering.set(True)
        try:
            given = handle(gateway, request)
        finally:
            answering.reset(token)
        recorder.answered(given)
        return given

    monkey = pytest.MonkeyPatch()
    monkey.setattr(Gateway, "handle", recording)
    config.add_cleanup(monkey.undo)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What one of several processes that share the tests has seen."""
    recorder, seen = node.config.stash[KEY], getattr(node, "workeroutput", {})
    recorder.calls.update(map(tuple, seen.get("calls", ())))
    recorder.answers.update(map(tuple, seen.get("answers", ())))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput.update(
            {name: list(found) for name, found in vars(config.stash[KEY]).items()}
        )
        return
    ended = (
        exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not session.shouldfail
    )
    if not ended or config.option.collectonly or not _complete(config):
        return
    text = json.dumps(config.stash[KEY].observed(), indent=2, sort_keys=True) + "\n"
    if config.getoption("--record"):
        OBSERVED.write_text(
            text
        )  # after failures too: the tests of drift may fail for want of this very record
    elif exitstatus == pytest.ExitCode.OK and (
        not OBSERVED.exists() or OBSERVED.read_text() != text
    ):
        config.stash[STALE] = True
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.stash.get(STALE, False):
        terminalreporter.write_line(
            "tests/observed.json is not what these tests saw: run `scripts/test --record` and commit it",
            red=True,
        )
    elif config.getoption("--record") and not _complete(config):
        terminalreporter.write_line("nothing recorded: that takes all tests, in process", red=True)


def _complete(config: pytest.Config) -> bool:
    """Whether all tests of pyproject.toml's `testpaths` were run in this process, slow ones or not."""
    narrowed = config.option.keyword or config.getoption("--base-url", None)
    narrowed = narrowed or config.option.markexpr not in ("", "not slow")
    return not narrowed and set(config.getini("testpaths")) <= set(config.args)


KEY = pytest.StashKey[Recorder]()
STALE = pytest.StashKey[bool]()
