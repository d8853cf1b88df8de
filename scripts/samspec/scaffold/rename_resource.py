"""`scripts/rename-resource Book`: makes the reference's resource yours, in files and their names.

Fields stay as they are. What only tests this repository and its tools goes, by
[tool.samspec.copy] in pyproject.toml; the tools stay in scripts/samspec. In a copy that was made
before, only the resource is renamed: --from Book.
"""

import argparse
import re
import subprocess
from pathlib import Path

from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.scaffold import copying, dead_links, own, workspace
from samspec.scaffold.copying import Rules
from samspec.scaffold.names import Names, snake
from samspec.scaffold.renaming import Renaming


def main(arguments: list[str] | None = None) -> int:
    """Renames and prints what was done; returns 0."""
    options = _parser().parse_args(arguments)
    root = options.root
    _require_committed(root)
    new = Names.of(options.name, options.plural)
    old = _present(root, options.old)
    _refuse_taken(root, old, new)
    gone = _left_behind(root)
    renaming = Renaming(old, new)
    count = copying.rename(root, renaming, ("scripts/samspec", "docs", "vendor"))
    if gone is not None:
        name = f"{snake(new.plural).replace('_', '-')}-api"
        title = f"{new.titles} API"
        description = f"{title}: serverless, OpenAPI-first, on AWS."
        own.introduce(root, gone, own.Identity(name, title, description))
        dead_links.drop(root)
    workspace.tidy(root, ["."])  # names sort, and fill lines, differently
    print(f"{old.singular} is {new.singular}, {old.plural} are {new.plural}: {count} files")
    print("Next: scripts/test --record, scripts/check, and git diff to look it over")
    return 0


def renamed(text: str, old: Names, new: Names, suffix: str = ".py") -> str:
    """The text with one resource's names exchanged for another's."""
    return Renaming(old, new).text(text, suffix)


def _present(root: Path, name: str | None) -> Names:
    """The resource to rename: the one that is named, or the only one."""
    operations = Project(root).operations
    items = {o.id.removeprefix("get"): o for o in operations if o.id.startswith("get")}
    lists = {o.path: o.id.removeprefix("list") for o in operations if o.id.startswith("list")}
    plurals = {}
    for singular, operation in items.items():
        collection = operation.path.rpartition("/")[0]
        if collection in lists:
            plurals[singular] = lists[collection]
    if name is None and len(plurals) == 1:
        name = next(iter(plurals))
    if name not in plurals:
        choices = ", ".join(sorted(plurals)) or "none"
        raise ProjectError(f"say which resource: --from; there are: {choices}")
    return Names.of(name, plurals[name])


def _refuse_taken(root: Path, old: Names, new: Names) -> None:
    """A name that is a class, a module or a table already would become two things."""
    taken = {path.stem for path in root.glob("handlers/*")}
    for path in root.glob("handlers/**/*.py"):
        taken |= set(re.findall(r"(?m)^class (\w+)", path.read_text(encoding="utf-8")))
    for name in (new.singular, new.plural, new.package):
        if name in taken - {old.singular, old.plural, old.package}:
            raise ProjectError(f"{name} is a name under handlers/ already: choose another")


def _left_behind(root: Path) -> Rules | None:
    """Removes what a project of one's own does not have; None if it is one already."""
    try:
        rules = Rules.of(root)
    except ProjectError:
        return None
    copying.drop(root, rules.in_place)
    return rules


def _require_committed(root: Path) -> None:
    git = ["git", "-C", str(root), "status", "--porcelain"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProjectError(
            f"{root.resolve()} is not a git repository: make it one (git init, add, commit), "
            "to see what changes"
        )
    if done.stdout:
        raise ProjectError(
            "there are changes that are not committed: commit them, so that git can undo the "
            "renaming"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="samspec rename-resource", description=__doc__)
    parser.add_argument("name", help="the new name in the singular: Book, OrderItem")
    parser.add_argument("--plural", help="if it is not the usual one, such as People")
    parser.add_argument("--from", dest="old", help="which resource, if there are several")
    parser.add_argument("--root", type=Path, default=Path(), help="the project's folder")
    return parser
