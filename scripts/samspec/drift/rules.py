"""The rules of drift: what each one means, why, and who says so. Their text is in rules.toml."""

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from samspec.sam.errors import ProjectError

FILE = Path(__file__).with_name("rules.toml")
CONVENTION = "convention"


@dataclass(frozen=True)
class Rule:
    """One rule. `group` is the module that checks it; `source` is AWS's text or a convention."""

    id: str
    group: str
    title: str
    severity: str
    source: str
    why: str
    fixable: bool = False

    def explanation(self) -> str:
        """What `samspec drift --explain` prints."""
        head = f"{self.id} ({self.severity}, {self.group})\n{self.title}."
        source = f"Source: {self.source}"
        if self.fixable:
            source += "\n--fix can fix it."
        return "\n\n".join((head, self.why, source))


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its id, in the order of the file."""
    with FILE.open("rb") as file:
        groups = tomllib.load(file)
    by_id = {}
    for group, members in groups.items():
        for name, text in members.items():
            by_id[name] = Rule(
                id=name,
                group=group,
                title=text["title"],
                severity=text.get("severity", "error"),
                source=text["source"],
                why=text["why"].strip(),
                fixable=text.get("fixable", False),
            )
    return by_id


def rule(name: str) -> Rule:
    """The rule of that id. Raises ProjectError, with the nearest id, if there is none."""
    if name in rules():
        return rules()[name]
    near = difflib.get_close_matches(name, rules(), 1)
    hint = f": did you mean {near[0]}?" if near else ": `samspec drift --list` shows them all"
    raise ProjectError(f"there is no rule {name!r}{hint}")


def listing() -> str:
    """The list of all rules, one per line."""
    width = max(map(len, rules()))
    return "\n".join(
        f"{item.id:<{width}}  {item.severity:<7}  {item.title}" for item in rules().values()
    )


def pages() -> dict[str, str]:
    """The Markdown pages of all rules by file name: an index, and one page per group."""
    groups: dict[str, list[Rule]] = {}
    for item in rules().values():
        groups.setdefault(item.group, []).append(item)
    index = [
        "# The rules of drift",
        "",
        f"`samspec drift` checks {len(rules())} rules. An error ends the command with exit code 1; "
        "a",
        "warning is printed and does not. `samspec drift --explain RULE` prints one of them.",
        "Written by `samspec drift --write-pages specs/drift`.",
        "",
    ]
    texts = {}
    for group, members in groups.items():
        index += [f"## [{group}]({group}.md)", "", "| Rule | Severity | Title |", "|---|---|---|"]
        index += [
            f"| [{item.id}]({group}.md#{item.id}) | {item.severity} | {item.title} |"
            for item in members
        ]
        index.append("")
        texts[f"{group}.md"] = _page(group, members)
    return {"README.md": "\n".join(index), **texts}


def _page(group: str, members: list[Rule]) -> str:
    lines = [f"# {group}", "", "Written by `samspec drift --write-pages specs/drift`.", ""]
    for item in members:
        lines += [f"## {item.id}", "", f"{item.severity.capitalize()}: {item.title}.", ""]
        lines += [item.why, "", f"Source: {item.source}", ""]
        if item.fixable:
            lines += ["`samspec drift --fix` can fix it.", ""]
    return "\n".join(lines)
