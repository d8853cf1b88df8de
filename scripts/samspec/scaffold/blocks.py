"""YAML as text: blocks of lines are found by indentation, so that whatever is not edited keeps its
form."""

import re
from collections.abc import Mapping


def end(lines: list[str], start: int) -> int:
    """The index behind the block that a key begins. Blank lines and comments at its end belong to
    what follows."""
    last = start
    for index in range(start + 1, len(lines)):
        text = lines[index].strip()
        if not text or text.startswith("#"):
            continue
        if depth(lines[index]) <= depth(lines[start]):
            break
        last = index
    return last + 1


def block(lines: list[str], start: int) -> list[str]:
    return lines[start : end(lines, start)]


def without(lines: list[str], key: str) -> list[str]:
    """The lines less the block of a key."""
    start = next(
        (index for index, line in enumerate(lines) if line.strip().startswith(f"{key}:")), None
    )
    return lines if start is None else lines[:start] + lines[end(lines, start) :]


def replaced(lines: list[str], names: Mapping[str, str]) -> list[str]:
    """The lines with each name exchanged for another, where it is a whole word."""
    for old, new in names.items():
        whole = re.compile(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])")
        lines = [whole.sub(new.replace("\\", r"\\"), line) for line in lines]
    return lines


def depth(line: str) -> int:
    return len(line) - len(line.lstrip())
