"""`scripts/rename-resource`: gives the project's one resource another name, in every file and file name."""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from samspec.sam.errors import ProjectError

# Names that are not ours: HTTP's, API Gateway's, curl's, and words for people.
KEPT = r"[Uu]ser-?[Aa]gent|user_agent|userArn|identity\.user|(?<=:)user/|user/testing|\"user\"|--user\b"
SKIPPED = re.compile(r"LICENSE|.*requirements[\w-]*\.txt|(scripts|tests)/samspec/.*|docs/.*")
Names = tuple[str, str]  # singular and plural, capitalized


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="samspec rename-resource", description=__doc__)
    parser.add_argument("name", help="the new name, one word in the singular, such as Book")
    parser.add_argument("--plural", help="where it is not the name and an s")
    parser.add_argument(
        "--root", type=Path, default=Path(), help="the project's folder (default: this one)"
    )
    options = parser.parse_args(arguments)
    old = _present(options.root)
    new = (options.name, options.plural or f"{options.name}s")
    renamed = _rename(options.root, old, _usable(options.root, old, new))
    print(
        f"{old[0]} is {new[0]}, {old[1]} are {new[1]}: {renamed} files; see git diff, then run scripts/check --fix"
    )
    return 0


def renaming(old: Names, new: Names) -> "re.Pattern[str]":
    """Finds a name, in any of its spellings, that stands alone or is a part of a longer one; and the article before."""
    words = "|".join(
        sorted({*old, *map(str.lower, old), *map(str.upper, old)}, key=len, reverse=True)
    )
    return re.compile(
        rf"(?P<kept>{KEPT})|(?P<article>\b[Aa] )?(?P<name>(?:(?<![A-Za-z])|(?=[A-Z]))(?:{words}))(?![a-z])"
    )


def renamed(text: str, old: Names, new: Names) -> str:
    exchanged = {
        spell(was): spell(is_)
        for was, is_ in zip(old, new, strict=True)
        for spell in (str, str.lower, str.upper)
    }

    def exchange(found: "re.Match[str]") -> str:
        if found["kept"]:
            return found[0]
        article = found["article"] or ""
        return article.replace(" ", "n " if new[0][0] in "AEIO" else " ") + exchanged[found["name"]]

    return renaming(old, new).sub(exchange, text)


def _present(root: Path) -> Names:
    """The resource's name, by what its functions are called."""
    found = [
        [path.stem[len(verb) :] for path in root.glob(f"handlers/{verb}*.py")]
        for verb in ("get_", "list_")
    ]
    if [len(names) for names in found] != [1, 1]:
        raise ProjectError(
            "handlers/ does not have one get_*.py and one list_*.py, by which the resource is known"
        )
    return found[0][0].capitalize(), found[1][0].capitalize()


def _usable(root: Path, old: Names, new: Names) -> Names:
    for name in new:
        if not re.fullmatch("[A-Z][a-z]+", name):
            raise ProjectError(f"{name!r} is not one capitalized word, such as Book")
        for path in sorted(root.glob("handlers/**/*.py")):
            if re.search(rf"\b({name}|{name.lower()})\b", path.read_text(encoding="utf-8")):
                raise ProjectError(
                    f"{name} is a name in {path.relative_to(root)} already: choose another"
                )
    if _git(root, "status", "--porcelain"):
        raise ProjectError(
            "there are changes that are not committed: commit them, so that git can undo the renaming"
        )
    return new


def _rename(root: Path, old: Names, new: Names) -> int:
    names = _git(root, "ls-files", "-z").split("\0")[:-1]
    touched = [
        name for name in names if not SKIPPED.fullmatch(name) and _rewrite(root, name, old, new)
    ]
    for folder in {(root / name).parent for name in touched}:
        if not any(folder.glob("*[!_]")):  # nothing but compiled modules, if anything
            shutil.rmtree(folder)
    for ruff in (
        ["check", "--fix", "--select=I"],
        ["format"],
    ):  # names sort, and fill lines, otherwise
        subprocess.run([sys.executable, "-m", "ruff", *ruff, "--quiet", "."], cwd=root, check=False)
    return len(touched)


def _rewrite(root: Path, name: str, old: Names, new: Names) -> bool:
    """Whether the file, or its name, had the resource's name in it."""
    path, target = root / name, root / renamed(name, old, new)
    try:
        before = str(path.readlink()) if path.is_symlink() else path.read_bytes().decode()
    except UnicodeDecodeError:
        return False  # a picture
    after = renamed(before, old, new)
    if (target, after) == (path, before):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    if target.is_symlink():
        target.unlink()
        target.symlink_to(after)
    else:
        target.write_bytes(after.encode())
    return True


def _git(root: Path, *arguments: str) -> str:
    git = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
    )
    if git.returncode:
        raise ProjectError(
            f"{root.resolve()} is not a git repository: make it one (git init, add, commit), to see what changes"
        )
    return git.stdout
