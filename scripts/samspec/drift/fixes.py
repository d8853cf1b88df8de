"""`--fix`: changes that are right whatever the project means.

Lists of methods and headers, quotes of statuses, the case of an authorization, permissions that
nobody uses, missing or wrong rows of tables, the link to the definition.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from samspec.drift.application import Application
from samspec.drift.cors import corrected
from samspec.sam.finding import Finding

Edit = Callable[[Application, Finding, list[str]], bool]


def fix(root: Path, findings: list[Finding]) -> Iterator[str]:
    """Fix what can be fixed; yields one line per fix. Files change only where one applies."""
    application = Application(root)
    # From the last line to the first, so that earlier places stay where they are.
    for finding in sorted(findings, key=lambda item: (item.file, -item.line)):
        edit = EDITS.get(finding.rule)
        if finding.rule == "packaged-definition" and _link(application, finding):
            yield f"fixed {finding.file}: {finding.fix}"
        elif edit is not None and _edited(application, finding, edit):
            yield f"fixed {finding.file}:{finding.line}: {finding.message}"


def _edited(application: Application, finding: Finding, edit: Edit) -> bool:
    path = application.root / finding.file
    content = path.read_bytes().decode("utf-8")
    lines = content.splitlines(keepends=True)
    if not edit(application, finding, lines):
        return False
    path.write_bytes("".join(lines).encode("utf-8"))
    return True


def _list(application: Application, finding: Finding, lines: list[str]) -> bool:
    """The list of a CORS or Allow header, between its single quotes."""
    for api in application.definitions:
        wanted = corrected(application, api, finding)
        line = lines[finding.line - 1]
        if wanted and "'" in line:
            before, _, rest = line.partition("'")
            lines[finding.line - 1] = f"{before}'{wanted}'{rest.partition(chr(39))[2]}"
            return True
    return False


def _status(application: Application, finding: Finding, lines: list[str]) -> bool:
    """Every numeric status of the file gets its quotes."""
    document = application.document(finding.file)
    changed = False
    for keys in document.numbers:
        if keys[-2:-1] == ("responses",):
            index = document.line(*keys) - 1
            lines[index] = lines[index].replace(f"{keys[-1]}:", f'"{keys[-1]}":', 1)
            changed = True
    return changed


def _capitals(application: Application, finding: Finding, lines: list[str]) -> bool:
    """NONE and AWS_IAM in capitals."""
    line = lines[finding.line - 1]
    new = re.sub(r"\b(none|aws_iam|custom|cognito_user_pools)\b", lambda m: m[0].upper(), line,
                 flags=re.IGNORECASE)  # fmt: skip
    lines[finding.line - 1] = new
    return new != line


def _permission(application: Application, finding: Finding, lines: list[str]) -> bool:
    """An action on a line of its own is taken away."""
    action = re.search(r"may call (\S+) on", finding.message)
    if action is None or lines[finding.line - 1].strip() != f"- {action[1]}":
        return False
    before, after = lines[: finding.line - 1], lines[finding.line :]
    neighbours = [*before[-1:], *after[:1]]
    if not any(line.strip().startswith("- ") and ":" in line for line in neighbours):
        return False  # the last action: without it the statement says something else
    if not _has_sibling(lines, finding.line - 1):
        return False
    del lines[finding.line - 1]
    return True


def _has_sibling(lines: list[str], index: int) -> bool:
    indent = len(lines[index]) - len(lines[index].lstrip())
    for other in (index - 1, index + 1):
        if 0 <= other < len(lines):
            line = lines[other]
            if line.lstrip().startswith("- ") and len(line) - len(line.lstrip()) == indent:
                return True
    return False


def _row(application: Application, finding: Finding, lines: list[str]) -> bool:
    """A row that is missing is added under the table's last one."""
    missing = finding.message.removeprefix("the table lacks ").split(" ")
    if not finding.message.startswith("the table lacks "):
        return False
    last = finding.line - 1
    while last + 1 < len(lines) and lines[last + 1].lstrip().startswith("|"):
        last += 1
    columns = lines[finding.line - 1].count("|") - 1
    cells = [*missing, *[""] * max(0, columns - len(missing))]
    ending = "\r\n" if lines[last].endswith("\r\n") else "\n"
    row = " | ".join(cells[:columns]).rstrip()
    lines.insert(last + 1, f"| {row} |{ending}")
    return True


def _link(application: Application, finding: Finding) -> bool:
    match = re.fullmatch(r"ln -sf (\S+) (\S+)", finding.fix)
    if match is None:
        return False
    link = application.root / match[2]
    source = Path(os.path.normpath(link.parent / match[1]))
    is_copy = link.is_file() and not link.is_symlink()
    if is_copy and link.read_bytes() != source.read_bytes():
        return False  # somebody edited the copy: which of the two is right is not ours to say
    link.unlink(missing_ok=True)
    link.symlink_to(match[1])
    return True


EDITS: dict[str, Edit] = {
    "cors-list": _list,
    "spec-integer-key": _status,
    "security-auth-type": _capitals,
    "iam-unused": _permission,
    "table-row": _row,
}
