"""Check 6: every operation has its feature specification, and every acceptance criterion its test."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from samspec.sam.documents import Document
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.project import Project

FOLDER = "specs/features"
SECTION = re.compile(r"^## Acceptance criteria\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
CRITERION = re.compile(r"^(\d+)\. (.*(?:\n[ \t]+.*)*)", re.MULTILINE)
WORDS = ("**given**", "**when**", "**then**")


def check(project: Project) -> Iterator[Finding]:
    wanted = {f"{FOLDER}/{operation.named('-')}.md": operation for operation in project.proxies}
    found = set(project.files(f"{FOLDER}/*.md"))
    criteria: dict[str, tuple[str, int]] = {}
    for name in wanted.keys() - found:
        yield project.spec.finding(
            wanted[name].keys, f"{wanted[name].id} has no {name}", "write it"
        )
    for name in found - wanted.keys():
        yield Finding(name, 1, "it is named after no operation", "rename or remove it")
    for name in sorted(wanted.keys() & found):
        yield from _front_matter(project, name, wanted[name])
        yield from _criteria(project, name, criteria)
    yield from _tests(
        project, criteria, {f"{wanted[name].named('-')}/" for name in wanted.keys() - found}
    )


def _front_matter(project: Project, name: str, operation: Operation) -> Iterator[Finding]:
    document = Document.front_matter(project.text(name), name)
    values = (operation.id, operation.method, operation.path, operation.target[0])
    for key, value in zip(("operationId", "method", "path", "function"), values, strict=True):
        if (said := document.data.get(key)) != value:
            yield document.finding(
                (key,), f"it says {key}: {said}, and the spec says {value}", f"write {key}: {value}"
            )


def _criteria(
    project: Project, name: str, criteria: dict[str, tuple[str, int]]
) -> Iterator[Finding]:
    """Adds the criteria by the names that tests give them: create-user/3."""
    content = project.text(name)
    section = SECTION.search(content)
    numbered = list(CRITERION.finditer(content, *section.span(1))) if section else []
    if not numbered:
        yield Finding(
            name, 1, "it has no acceptance criteria", "number them under `## Acceptance criteria`"
        )
    for expected, found in enumerate(numbered, 1):
        line = content.count("\n", 0, found.start()) + 1
        if int(found[1]) != expected:
            yield Finding(
                name,
                line,
                f"criterion {found[1]} stands where {expected} should",
                "number them in order",
            )
        if missing := [word for word in WORDS if word not in found[2].lower()]:
            yield Finding(
                name, line, f"criterion {found[1]} has no {missing[0]}", "write given, when, then"
            )
        criteria[f"{name.removeprefix(FOLDER)[1:-3]}/{found[1]}"] = name, line


def _tests(
    project: Project, criteria: dict[str, tuple[str, int]], missing: set[str]
) -> Iterator[Finding]:
    shown = set()
    for test in project.files("tests/**/test_*.py"):
        content = project.text(test)
        for criterion, line in _named(content) if "mark.criterion(" in content else ():
            shown.add(criterion)
            if criterion not in criteria and not criterion.startswith(tuple(missing)):
                yield Finding(
                    test,
                    line,
                    f"it shows {criterion}, which is no criterion",
                    f"name one of {FOLDER}",
                )
    for criterion in criteria.keys() - shown:
        mend = f'mark one: @pytest.mark.criterion("{criterion}")'
        yield Finding(*criteria[criterion], f"no test shows {criterion}", mend)


@cache
def _named(content: str) -> list[tuple[str, int]]:
    """The arguments of every pytest.mark.criterion."""
    try:
        calls = [node for node in ast.walk(ast.parse(content)) if isinstance(node, ast.Call)]
    except SyntaxError:
        return []  # pytest says so, better
    named = [
        call
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "criterion"
    ]
    return [
        (str(one.value), one.lineno)
        for call in named
        for one in call.args
        if isinstance(one, ast.Constant)
    ]
