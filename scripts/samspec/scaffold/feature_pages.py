"""Feature specs without the criteria that are about something; the others are numbered again."""

import re
from collections.abc import Iterator
from pathlib import Path

from samspec.sam.errors import ProjectError
from samspec.sam.project import Project

ITEM = re.compile(r"(?P<indent> *)(?:(?P<number>\d+)\.|[-*]) ")
NONE_LEFT = "- None is known yet.\n"
EDGES = "## Edge cases\n"
Numbers = dict[str, str | None]  # of criteria: create-user/3 by its old name; None if it is gone


def without(
    project: Project, words: str, clauses: tuple[tuple[str, str], ...]
) -> tuple[dict[str, str], Numbers]:
    """The texts of the pages that change, by name, and the new names of their criteria."""
    pages: dict[str, str] = {}
    numbers: Numbers = {}
    for name in project.files("specs/features/*.md"):
        before = after = project.text(name)
        for pattern, new in clauses:
            after = re.sub(pattern, new, after)
        after = "".join(_renumbered(after, words, Path(name).stem, numbers))
        after = after.replace(f"{EDGES}\n\n", f"{EDGES}\n{NONE_LEFT}\n")
        if after != before:
            pages[name] = after
    return pages, numbers


def require_gone(name: str, before: str, after: str, words: str) -> None:
    """Raises a ProjectError with the place of the first line that still has one of the words."""
    lines = before.splitlines()
    for line in after.splitlines():
        if re.search(words, line):
            number = lines.index(line) + 1 if line in lines else 1
            raise ProjectError(
                f"{name}:{number}: {line.strip()!r} is not of the form that the scaffolds write: "
                "take it out of this file first"
            )


def without_items(text: str, words: str) -> str:
    """The text without list items and table rows that have one of the words."""
    kept = []
    for block in blocks(text):
        is_item = ITEM.match(block) or block.startswith("|")
        if not (is_item and re.search(words, block)):
            kept.append(block)
    return "".join(kept)


def _renumbered(text: str, words: str, page: str, numbers: Numbers) -> Iterator[str]:
    count = 0
    for block in blocks(text):
        item = ITEM.match(block)
        is_gone = item and re.search(words, block)
        number = item["number"] if item else None
        if number:
            count += not is_gone
            numbers[f"{page}/{number}"] = None if is_gone else f"{page}/{count}"
            block = re.sub(r"\d+", str(count), block, count=1)
        if not is_gone:
            yield block


def blocks(text: str) -> Iterator[str]:
    """The lines; an item of a list is one block with the lines that go on with it."""
    block = ""
    for line in text.splitlines(keepends=True):
        item = ITEM.match(block)
        goes_on = item and line.strip() and line.startswith(f"{item['indent']}  ")
        if goes_on and not ITEM.match(line):
            block += line
            continue
        if block:
            yield block
        block = line
    if block:
        yield block
