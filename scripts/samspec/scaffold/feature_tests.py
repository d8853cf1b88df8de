"""Tests without those that are about something; markers name the criteria as they are now."""

import ast
import re

from samspec.sam.project import Project
from samspec.scaffold.feature_pages import Numbers, require_gone

# Tests of the handlers' shared modules, which stay.
OF_MODULES = re.compile(r"^(?:from|import) api\b", re.MULTILINE)
MARKER = re.compile(r"@pytest\.mark\.criterion\((.*?)\)\n", re.DOTALL)
NAME = re.compile(r'"([\w-]+/\d+)"')


def without(
    project: Project, words: str, lines: tuple[str, ...], numbers: Numbers
) -> dict[str, str]:
    """The texts of the test files that change, by name. Raises ProjectError if something else in
    them has one of the words."""
    changed = {}
    for name in project.files("tests/**/*.py"):
        before = after = project.text(name)
        if not OF_MODULES.search(before):
            for pattern in lines:
                after = re.sub(pattern, "", after, flags=re.MULTILINE)
            after = _without_tests(after, words, numbers)
            require_gone(name, before, after, words)
        after = MARKER.sub(lambda marker: _renamed(marker, numbers), after)
        if after != before:
            changed[name] = after
    return changed


def _without_tests(text: str, words: str, numbers: Numbers) -> str:
    lines = text.splitlines(keepends=True)
    before = list(lines)
    for node in reversed(ast.parse(text).body):
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        start = min([node.lineno, *(part.lineno for part in node.decorator_list)]) - 1
        source = "".join(lines[start : node.end_lineno])
        criteria = NAME.findall("".join(MARKER.findall(source)))
        is_shown_no_more = criteria and all(_is_gone(name, numbers) for name in criteria)
        if is_shown_no_more or re.search(words, source):
            stop = int(node.end_lineno or 0)
            while stop < len(lines) and not lines[stop].strip():
                stop += 1
            del lines[start:stop]
    return text if lines == before else "".join(lines).rstrip() + "\n"


def _is_gone(name: str, numbers: Numbers) -> bool:
    return numbers.get(name, name) is None


def _renamed(marker: re.Match[str], numbers: Numbers) -> str:
    """The marker with the criteria's new names, without those that are gone."""
    names = [numbers.get(name, name) for name in NAME.findall(marker[1])]
    kept = [f'"{name}"' for name in names if name]
    return f"@pytest.mark.criterion({', '.join(kept)})\n" if kept else ""
