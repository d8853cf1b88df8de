"""What a function does, and what API Gateway's caller gets for it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from samspec.gateway import Gateway, routes
from samspec.gateway.application import Exchange
from samspec.runtime.invocation import Invocation
from samspec.sam.functions import LambdaFunction
from werkzeug.test import Client


@pytest.fixture
def exchanges(library: Gateway) -> list[Exchange]:
    seen: list[Exchange] = []
    library.on_exchange = seen.append
    return seen


@pytest.fixture
def impatient(library: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time-out of 0.3 s for the function of the covers."""
    functions = library.project.functions
    shorter = replace(functions["CoversFunction"], timeout=0.3)
    monkeypatch.setitem(functions, "CoversFunction", shorter)


def test_a_crash_is_a_502_that_names_the_line(client: Client, exchanges: list[Exchange]) -> None:
    response = client.get("/covers/crash")
    assert (response.status_code, response.json) == (502, {"message": "Internal server error"})
    failure = exchanges[0].failure
    assert failure
    assert (failure.type, failure.message) == ("ZeroDivisionError", "division by zero")
    assert Path(failure.file).name == "covers.py"
    assert "1 / 0" in failure.source
    assert "in lambda_handler" in "".join(failure.trace)
    assert f"covers.py:{failure.line}: ZeroDivisionError" in exchanges[0].response.reason


def test_an_exit_is_a_502_and_the_next_request_works(
    client: Client, exchanges: list[Exchange]
) -> None:
    response = client.get("/covers/exit")
    assert (response.status_code, response.json) == (502, {"message": "Internal server error"})
    assert "Runtime exited with error: exit status 3" in exchanges[0].response.reason
    assert client.get("/covers/echo").status_code == 200


@pytest.mark.usefixtures("impatient")
def test_a_function_that_meets_its_own_timeout_is_a_502(
    client: Client, exchanges: list[Exchange]
) -> None:
    assert client.get("/covers/spin").status_code == 502
    assert "Task timed out after 0.30 seconds" in exchanges[0].response.reason


@pytest.mark.usefixtures("impatient")
def test_an_endless_loop_is_ended_and_another_process_serves_the_next_request(
    client: Client,
) -> None:
    before = client.get("/covers/process").text
    client.get("/covers/spin")
    assert client.get("/covers/process").text != before


def test_an_integration_beyond_29_seconds_is_a_504(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert routes.INTEGRATION_LIMIT == 29_000
    client.get("/covers/echo")
    monkeypatch.setattr(routes, "INTEGRATION_LIMIT", 200)
    response = client.get("/covers/sleep")
    assert (response.status_code, response.json) == (504, {"message": "Endpoint request timed out"})


def test_an_integration_may_state_a_shorter_time(
    altered: Callable[..., Path], made: Callable[..., Gateway]
) -> None:
    shorter = "${CoversFunction.Arn}/invocations\n                timeoutInMillis: 50"
    template = altered(("${CoversFunction.Arn}/invocations", shorter))
    assert Client(made(template)).get("/covers/sleep").status_code == 504


def test_the_context_object_is_lambdas(client: Client) -> None:
    context = client.get("/covers/context").get_json()
    assert context["name"] == context["environment"] == "CoversFunction"
    assert (context["memory"], context["version"]) == ("256", "$LATEST")
    assert context["group"] == "/aws/lambda/CoversFunction"
    assert context["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:CoversFunction"
    assert 0 < context["left"] < 30_000


def test_the_arn_of_an_alias_names_it(function: Callable[..., LambdaFunction]) -> None:
    arn = Invocation(function(), "live").invoked_function_arn
    assert arn == "arn:aws:lambda:us-east-1:123456789012:function:function:live"


def test_functions_share_no_module_state(client: Client) -> None:
    first = client.get("/books").get_json()["calls"]
    client.get("/covers/lazy")
    assert client.get("/books").get_json()["calls"] == first + 1


def test_a_warm_process_keeps_its_globals(client: Client) -> None:
    calls = [client.get("/covers/lazy").get_json()["calls"] for _ in range(2)]
    assert calls[1] == calls[0] + 1


def test_each_function_sees_its_own_variables(client: Client) -> None:
    books = client.get("/books").get_json()
    assert (books["frame"], books["greeting"]) == (None, "Hello from us-east-1")
    assert client.get("/covers/lazy").get_json()["frame"] == "gilded"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("covers.lambda_handler", "covers.none_such", "Handler 'none_such' missing on module"),
        ("covers.lambda_handler", "elsewhere.lambda_handler", "No module named 'elsewhere'"),
    ],
)
def test_a_function_that_cannot_be_imported_is_named_and_the_others_run(
    altered: Callable[..., Path], made: Callable[..., Gateway], old: str, new: str, reason: str
) -> None:
    gateway = made(altered((f"Handler: {old}", f"Handler: {new}")))
    seen: list[Exchange] = []
    gateway.on_exchange = seen.append
    assert Client(gateway).get("/covers/echo").status_code == 502
    assert "CoversFunction" in seen[0].response.reason
    assert reason in seen[0].response.reason
    assert Client(gateway).get("/books").status_code == 200


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("def", "Syntax error in module 'covers'"),
        ("import sys; sys.exit(1)", "SystemExit: 1"),
        ("import nowhere", "No module named 'nowhere'"),
    ],
)
def test_a_handler_that_fails_at_import_names_file_and_line(
    altered: Callable[..., Path], made: Callable[..., Gateway], line: str, reason: str
) -> None:
    template = altered()
    (template.parent / "src/covers.py").write_text(f"\n{line}\n")
    gateway = made(template)
    seen: list[Exchange] = []
    gateway.on_exchange = seen.append
    response = Client(gateway).get("/covers/echo")
    assert (response.status_code, response.json) == (502, {"message": "Internal server error"})
    assert "src/covers.py:2: " in seen[0].response.reason
    assert reason in seen[0].response.reason
