"""Every operation has its feature specification, and every acceptance criterion its test."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from samspec.drift.application import Application
from samspec.drift.mock import STATUSES
from samspec.drift.targets import target
from samspec.sam.documents import Document
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.written import WrittenApi

SECTION = re.compile(r"^## Acceptance criteria\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
CRITERION = re.compile(r"^(\d+)\. (.*(?:\n[ \t]+.*)*)", re.MULTILINE)
WORDS = ("given", "when", "then")
STATUS = re.compile(
    r"(?<![\w.,-])([2-5][0-9]{2})(?![\w-]|[.,]\d| (?:characters|[a-z]+s|bytes|ms|MB|KB|items)\b)"
)
Criteria = dict[str, tuple[str, int]]


def check(application: Application) -> Iterator[Finding]:
    """The feature files of all operations, and the tests that show their criteria."""
    folder = application.conventions.features
    if not application.applies(application.conventions.require_features, folder):
        return
    wanted = {
        f"{folder}/{operation.named('-')}.md": (api, operation)
        for api, operation in application.calls()
    }
    existing = set(application.files(f"{folder}/*.md"))
    criteria: Criteria = {}
    for name in sorted(wanted.keys() - existing):
        api, operation = wanted[name]
        yield api.finding(
            "feature-missing", operation.keys, f"{operation.id} has no {name}", "write it"
        )
    for name in sorted(existing - wanted.keys()):
        if not name.endswith("/README.md"):
            yield Finding(
                name, 1, "it is named after no operation", "rename or remove it", "feature-name"
            )
    for name in sorted(wanted.keys() & existing):
        api, operation = wanted[name]
        yield from _front_matter(application, name, operation)
        yield from _criteria(application, name, api, operation, criteria)
    missing = {f"{wanted[name][1].named('-')}/" for name in wanted.keys() - existing}
    yield from _tests(application, criteria, missing)


def _front_matter(application: Application, name: str, operation: Operation) -> Iterator[Finding]:
    document = Document.front_matter(application.text(name), name)
    function = target(application, operation.integration.get("uri")).function
    values = {
        "operationId": operation.id,
        "method": operation.method,
        "path": operation.path,
        "function": function,
    }
    for key, value in values.items():
        actual = document.data.get(key)
        if actual != value and value is not None:
            yield document.finding(
                "feature-operation",
                (key,),
                f"it says {key}: {actual}, and the definition says {value}",
                f"write {key}: {value}",
            )


def _criteria(
    application: Application, name: str, api: WrittenApi, operation: Operation, criteria: Criteria
) -> Iterator[Finding]:
    """Adds the criteria by the names that tests give them: create-user/3."""
    content = application.text(name)
    section = SECTION.search(content)
    numbered = list(CRITERION.finditer(content, *section.span(1))) if section else []
    if not numbered:
        yield Finding(
            name,
            1,
            "it has no acceptance criteria",
            "number them under `## Acceptance criteria`",
            "criterion-form",
        )
    stem = name.rpartition("/")[2].removesuffix(".md")
    for expected, match in enumerate(numbered, 1):
        line = content.count("\n", 0, match.start()) + 1
        if int(match[1]) != expected:
            yield Finding(
                name,
                line,
                f"criterion {match[1]} is where {expected} should be",
                "number them in order",
                "criterion-form",
            )
        words = [word for word in WORDS if f"**{word}" not in match[2].lower()]
        if words:
            yield Finding(
                name,
                line,
                f"criterion {match[1]} has no **{words[0]}**",
                "write given, when, then",
                "criterion-form",
            )
        yield from _statuses(api, operation, name, line, match)
        criteria[f"{stem}/{match[1]}"] = name, line


def _statuses(
    api: WrittenApi, operation: Operation, name: str, line: int, match: re.Match[str]
) -> Iterator[Finding]:
    """A criterion promises only statuses that the operation documents."""
    existing_name = set(api.responses(operation)) | set(STATUSES.values()) | {"405", "413"}
    for status in STATUS.findall(match[2]):
        if status not in existing_name:
            yield Finding(
                name,
                line,
                f"criterion {match[1]} is about {status}, which {operation.id} does not document",
                "correct the criterion, or document the status",
                "criterion-status",
            )


def _tests(application: Application, criteria: Criteria, missing: set[str]) -> Iterator[Finding]:
    shown = set()
    for test in application.files(application.conventions.tests):
        content = application.text(test)
        for criterion, line in _named(content) if "mark.criterion(" in content else ():
            shown.add(criterion)
            if criterion not in criteria and not criterion.startswith(tuple(missing)):
                yield Finding(
                    test,
                    line,
                    f"it shows {criterion}, which is not a criterion",
                    f"name one of {application.conventions.features}",
                    "criterion-unknown",
                )
    for criterion in criteria.keys() - shown:
        fix = f'mark one: @pytest.mark.criterion("{criterion}")'
        place = criteria[criterion]
        yield Finding(*place, f"no test shows {criterion}", fix, "criterion-untested")


@lru_cache(maxsize=256)
def _named(content: str) -> list[tuple[str, int]]:
    """The arguments of every pytest.mark.criterion."""
    try:
        tree = ast.parse(content)
    except SyntaxError:
        return []  # pytest says so, better
    named = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr == "criterion":
            constants = [item for item in node.args if isinstance(item, ast.Constant)]
            named += [(str(item.value), item.lineno) for item in constants]
    return named
