"""What the spec says and the functions would not check (samspec.sam.dialect is their statement)."""

from collections.abc import Iterator
from pathlib import Path

from samspec.sam import dialect
from samspec.sam.finding import Finding
from samspec.sam.project import Project

CONTRACT = "api/contract.py"  # in a function's folder: it checks requests by that statement


def check(project: Project) -> Iterator[Finding]:
    """Nothing for a project whose functions check requests in another way."""
    folders = {str(it.get("CodeUri", "")) for it in project.functions.values()}
    if not any(_has_contract(project.root / folder) for folder in folders):
        return
    places = set()
    for gap in dialect.gaps(project.spec.data):
        if gap.place not in places:  # a shared schema is the finding of its first operation
            places.add(gap.place)
            reason, _, advice = gap.reason.partition(": ")
            differs = f"the functions cannot check {gap.operation}: {reason}"
            keys = tuple(map(str, gap.place))
            yield project.spec.finding(keys, differs, advice or "state it in another way")


def _has_contract(folder: Path) -> bool:
    return (folder / CONTRACT).is_file()
