import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samspec.gateway import Gateway, routes
from samspec.runtime import invocations
from samspec.sam.errors import ProjectError
from werkzeug.test import Client


@pytest.fixture
def reasons(library: Gateway) -> list[str]:
    found: list[str] = []
    library.on_exchange = lambda answer: found.append(answer.response.reason)
    return found


@pytest.mark.parametrize(
    ("path", "error"), [("crash", "ZeroDivisionError"), ("exit", "SystemExit: 3")]
)
def test_a_crash_and_a_sys_exit_are_a_502_that_names_the_line(
    client: Client, reasons: list[str], path: str, error: str
) -> None:
    response = client.get(f"/covers/{path}")
    assert (response.status_code, response.json) == (502, {"message": "Internal server error"})
    assert "covers.py:" in reasons[0]
    assert error in reasons[0]
    assert client.get("/books").status_code == 200


def test_a_function_that_meets_its_own_timeout_is_a_502(
    library: Gateway, client: Client, reasons: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library.project.functions["CoversFunction"], "timeout", 0.2)
    assert client.get("/covers/spin").status_code == 502
    assert "Timeout of 0.2 s" in reasons[0]


def test_an_integration_beyond_29_seconds_is_a_504(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert routes.INTEGRATION_LIMIT == 29_000
    monkeypatch.setattr(routes, "INTEGRATION_LIMIT", 200)
    response = client.get("/covers/sleep")
    assert (response.status_code, response.json) == (504, {"message": "Endpoint request timed out"})


def test_an_integration_may_state_a_shorter_time(altered: Callable[..., Path]) -> None:
    template = altered(
        (
            "${CoversFunction.Arn}/invocations",
            "${CoversFunction.Arn}/invocations\n                timeoutInMillis: 50",
        )
    )
    assert Client(Gateway.from_template(template)).get("/covers/sleep").status_code == 504


def test_an_endless_loop_is_ended(
    library: Gateway, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library.project.functions["CoversFunction"], "timeout", 0.1)
    answers: list[Any] = []
    library.on_exchange = answers.append
    client.get("/covers/spin")
    assert answers[0].invocation.done.wait(10)
    assert isinstance(answers[0].invocation.error, invocations.TimedOut)


def test_the_thread_of_a_handler_that_was_ended_runs_no_other(
    library: Gateway, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library.project.functions["CoversFunction"], "timeout", 0.1)
    answers: list[Any] = []
    library.on_exchange = answers.append
    for path in ("/covers/thread", "/covers/spin", "/covers/thread"):
        while any(thread.name == "CoversFunction" for thread in threading.enumerate()):
            time.sleep(0.01)  # the last run's thread is the next one's, once it waits
        client.get(path)
    before, after = (
        int(answer.response.body) for answer in answers if answer.response.status == 200
    )
    assert before != after


def test_a_handler_that_ends_in_the_moment_of_its_timeout_is_answered(
    library: Gateway, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(threading.Event):
        """Done, but the wait for it says that time was up first."""

        def wait(self, timeout: float | None = None) -> bool:
            super().wait()
            return False

    monkeypatch.setattr(invocations.threading, "Event", Late)  # type: ignore[attr-defined]
    assert client.get("/covers/thread").status_code == 200


def test_a_breakpoint_suspends_the_timeout(
    library: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = library.project.functions["CoversFunction"]
    monkeypatch.setattr(function, "timeout", 1)
    monkeypatch.setattr(sys, "breakpointhook", lambda: time.sleep(1.5))
    monkeypatch.setenv("PYTHONBREAKPOINT", "somewhere")
    invocations.pause_at_breakpoints()

    def handler(event: Any, context: Any) -> dict[str, str]:
        breakpoint()  # noqa: T100
        return {"body": "went on"}

    monkeypatch.setattr(function, "_handler", handler)
    assert Client(library).get("/covers/x").text == "went on"


def test_the_context_object_is_lambdas(client: Client) -> None:
    found = client.get("/covers/context").get_json()
    assert found["name"] == found["environment"] == "CoversFunction"
    assert (found["memory"], found["version"], found["group"]) == (
        "256",
        "$LATEST",
        "/aws/lambda/CoversFunction",
    )
    assert found["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:CoversFunction"
    assert 0 < found["left"] < 30_000


def test_the_arn_of_an_alias_names_it(gateway: Gateway) -> None:
    function = gateway.project.functions["GetUserFunction"]
    context = invocations.Invocation(function, "live")
    assert context.invoked_function_arn.endswith(":function:GetUserFunction:live")
    assert context.function_version == "1"


def test_functions_share_no_module_state(client: Client) -> None:
    first = client.get("/books").get_json()["calls"]
    client.get("/covers/lazy")
    assert client.get("/books").get_json()["calls"] == first + 1


def test_imports_inside_a_function_find_its_own_modules(client: Client) -> None:
    calls = [client.get("/covers/lazy").get_json()["calls"] for _ in range(2)]
    assert calls[1] == calls[0] + 1
    assert "shared" not in sys.modules


def test_each_function_sees_its_own_variables_and_none_of_the_developers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOOKS_TABLE", "somewhere else")
    assert client.get("/books").get_json()["frame"] is None
    assert client.get("/books").get_json()["greeting"] == "Hello from us-east-1"
    assert client.get("/covers/lazy").get_json()["frame"] == "gilded"
    assert "FRAME" not in os.environ
    assert os.environ.copy()["BOOKS_TABLE"] == "somewhere else"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "Handler: covers.lambda_handler",
            "Handler: covers.none_such",
            "has no attribute 'none_such'",
        ),
        (
            "Handler: covers.lambda_handler",
            "Handler: elsewhere.lambda_handler",
            "No module named 'elsewhere'",
        ),
    ],
)
def test_a_handler_that_cannot_be_imported_says_why(
    altered: Callable[..., Path], old: str, new: str, said: str
) -> None:
    gateway = Gateway.from_template(altered((old, new)))
    with pytest.raises(ProjectError, match="CoversFunction") as refused:
        gateway.project.functions["CoversFunction"].load()
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Handler: covers.lambda_handler", "Handler: covers", "Handler must be module.function"),
        (
            "CodeUri: src/\n      Handler: covers",
            "CodeUri: nowhere/\n      Handler: covers",
            "neither a folder nor a zip file",
        ),
    ],
)
def test_a_function_without_code_is_named_and_its_routes_are_a_501(
    altered: Callable[..., Path], old: str, new: str, said: str
) -> None:
    gateway = Gateway.from_template(altered((old, new)))
    assert any(said in gap for gap in gateway.project.gaps)
    assert said in Client(gateway).get("/covers/1").get_json(force=True)["detail"]
    assert Client(gateway).get("/health").status_code == 200


@pytest.mark.parametrize(
    ("line", "said"), [("def", "SyntaxError"), ("import sys; sys.exit(1)", "SystemExit: 1")]
)
def test_a_handler_that_fails_at_import_names_file_and_line(
    altered: Callable[..., Path], line: str, said: str
) -> None:
    template = altered()
    (template.parent / "src/covers.py").write_text(f"\n{line}\n")
    gateway = Gateway.from_template(template)
    with pytest.raises(ProjectError, match=r"src/covers.py:2: ") as refused:
        gateway.project.functions["CoversFunction"].load()
    assert said in str(refused.value)


def test_the_log_level_is_the_templates(library: Gateway, gateway: Gateway) -> None:
    assert library.project.functions["BooksFunction"].log_level == logging.WARNING
    assert library.project.functions["CoversFunction"].log_level == logging.DEBUG
    assert gateway.project.functions["GetUserFunction"].log_level == logging.INFO
