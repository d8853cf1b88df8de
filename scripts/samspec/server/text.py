"""Text of callers and functions made safe for a terminal: it can move, hide or forge no line."""

import unicodedata

LONGEST = 2_000  # characters of one line
# Cc: control, Cf: format (bidirectional overrides among them), Zl and Zp: line and paragraph
# separators, Cs: what no encoding can write.
ESCAPED = {"Cc", "Cf", "Zl", "Zp", "Cs"}


def plain(text: object, longest: int = LONGEST) -> str:
    """The text on one line, control and format characters escaped, cut to `longest` characters."""
    line = str(text)
    escaped = "".join(map(_escaped, line[: longest + 1]))
    return cut(escaped, longest) if len(line) > longest else escaped


def lines(text: object, most: int = 200) -> list[str]:
    """The lines of a text, each made safe; `most` of them."""
    every = str(text).split("\n")
    shown = [plain(line.replace("\t", "    ")) for line in every[:most]]
    if len(every) > most:
        shown.append(f"... and {len(every) - most} more lines")
    return shown


def cut(text: str, width: int) -> str:
    """The text in at most `width` characters, with an ellipsis where something is missing."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def _escaped(char: str) -> str:
    if unicodedata.category(char) not in ESCAPED:
        return char
    return char.encode("unicode_escape").decode()
