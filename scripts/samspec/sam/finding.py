"""A mistake in a project, at its place."""

from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, order=True)
class Finding:
    """What is wrong and how to fix it.

    `rule` is the id of a rule of drift (`samspec drift --explain RULE`); `check` is the group of
    rules that it belongs to.
    """

    file: str  # relative to the project
    line: int
    message: str
    fix: str
    rule: str = ""
    check: str = ""
    severity: str = ERROR

    def __str__(self) -> str:
        label = "" if self.severity == ERROR else f"{self.severity}: "
        rule = f" [{self.rule}]" if self.rule else ""
        return f"{self.file}:{self.line}: {label}{self.message}: {self.fix}{rule}"
