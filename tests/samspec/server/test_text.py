"""Text of callers in the developer's terminal."""

import pytest
from samspec.server import text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]0;OWNED\x07", r"\x1b]0;OWNED\x07"),
        ("a\nb\r", r"a\nb\r"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\u2028\ud800", r"\u2028\ud800"),
        ("Zoë 😀", "Zoë 😀"),
    ],
)
def test_control_and_format_characters_are_escaped(raw: str, shown: str) -> None:
    assert text.plain(raw) == shown


def test_a_line_is_capped() -> None:
    assert text.plain("x" * 10_000_000) == "x" * 1999 + "…"


def test_the_lines_of_a_text_are_capped() -> None:
    shown = text.lines("\n".join("abcdef"), most=3)
    assert shown == ["a", "b", "c", "... and 3 more lines"]
