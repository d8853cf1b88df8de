"""Tracebacks as data."""

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from samspec.server import tracebacks

CODE = """
def lookup(key):
    return {}[key]

def chained():
    try:
        lookup("a")
    except KeyError as error:
        raise ValueError("first line\\nsecond line") from error
"""


@pytest.fixture
def raised(tmp_path: Path) -> Callable[[str], str]:
    """The traceback of a call in a module of the project."""
    file = tmp_path / "module.py"
    file.write_text(CODE)
    names: dict[str, object] = {}
    exec(compile(CODE, str(file), "exec"), names)  # noqa: S102

    def call(expression: str) -> str:
        try:
            eval(expression, names)  # noqa: S307
        except Exception:
            return traceback.format_exc()
        raise AssertionError("nothing was raised")

    return call


def test_an_exception_has_its_frames_and_its_source(
    raised: Callable[[str], str], tmp_path: Path
) -> None:
    [error] = tracebacks.parsed(raised("lookup('a')"), tmp_path)
    assert (error.type, error.message) == ("KeyError", "'a'")
    frame = error.frames[-1]
    assert (frame.file, frame.line, frame.function) == (str(tmp_path / "module.py"), 3, "lookup")
    assert [line["number"] for line in frame.source] == [1, 2, 3, 4, 5, 6]
    assert [line["text"] for line in frame.source if line["failed"]] == ["    return {}[key]"]


def test_frames_of_libraries_are_not_the_projects_own(
    raised: Callable[[str], str], tmp_path: Path
) -> None:
    [error] = tracebacks.parsed(raised("lookup('a')"), tmp_path)
    assert [frame.own for frame in error.frames] == [False, False, True]
    packages = tmp_path / "site-packages"
    text = f'Traceback (most recent call last):\n  File "{packages}/a.py", line 1, in f\nE: x\n'
    assert tracebacks.parsed(text, tmp_path)[0].frames[0].own is False


def test_causes_come_first_and_messages_keep_their_lines(
    raised: Callable[[str], str], tmp_path: Path
) -> None:
    cause, error = tracebacks.parsed(raised("chained()"), tmp_path)
    assert (cause.type, error.type) == ("KeyError", "ValueError")
    assert error.message == "first line\nsecond line"
    assert cause.how.endswith("direct cause of the following exception:")


def test_a_place_in_a_message_is_found(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import nowhere\n")
    message = f"F cannot be imported: {tmp_path}/app.py:1: ModuleNotFoundError: No module"
    [error] = tracebacks.placed(message, tmp_path)
    assert (error.type, error.message) == ("ModuleNotFoundError", "No module")
    assert error.frames[0].source[0]["text"] == "import nowhere"


@pytest.mark.parametrize(
    "text", ["", "Internal server error", "Traceback (most recent call last):"]
)
def test_other_text_holds_no_exception(text: str, tmp_path: Path) -> None:
    assert tracebacks.parsed(text, tmp_path) == []
    assert tracebacks.placed(text, tmp_path) == []


def test_only_source_files_are_shown(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    assert tracebacks.source(str(tmp_path / "secret.txt"), 1) == []
    assert tracebacks.source(str(tmp_path / "missing.py"), 1) == []
