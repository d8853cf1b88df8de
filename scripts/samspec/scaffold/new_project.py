"""`samspec new-project FOLDER --resource Book --field ...`: an API of your own, made from this
repository.

The folder gets the API's files with your resource, its tests and scripts. The tools are not
copied: they are installed, from a wheel in vendor/ or from a git URL with its commit.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.scaffold import (
    add_auth,
    copying,
    dead_links,
    new_resource,
    own,
    remove_resource,
    workspace,
)
from samspec.scaffold.copying import Rules
from samspec.scaffold.fields import Field
from samspec.scaffold.names import Names, snake
from samspec.scaffold.renaming import Renaming
from samspec.scaffold.rendering import Renderer
from samspec.scaffold.resource import Resource, read

PINNED = "samspec.txt"  # where scripts/install finds the tools
WHEELS = "vendor"
OPEN = "none"
CALLERS = ("cognito", "lambda", "api-key")

STAND_IN = "Placeholder"  # the reference's resource, if the project's has the same name


@dataclass(frozen=True)
class Answers:
    """`tools` is a requirement such as `samspec @ git+https://...@COMMIT`; None for a wheel."""

    names: Names
    fields: list[Field]
    path: str | None = None
    title: str | None = None
    tools: str | None = None
    callers: str = OPEN


def main(arguments: list[str] | None = None) -> int:
    """Makes the project and prints what to do next; returns 0."""
    options = _parser().parse_args(arguments)
    answers = _answers(options)
    if options.folder.is_dir() and any(options.folder.glob("[!.]*")) and not options.update:
        raise ProjectError(f"{options.folder} is not empty: name a new folder")
    make(options.source, options.folder, answers)
    if options.update:
        return 0  # copier says what is next
    print(f"{options.folder}: an API of {answers.names.words}. Next, in that folder:")
    print("  git init && git add --all && git commit -m 'Start'")
    print("  scripts/test --record && scripts/check && scripts/start --seed 20")
    return 0


def make(source: Path, target: Path, answers: Answers) -> None:
    """Fills the folder; on any error it stays as it was."""
    rules = Rules.of(source)
    old = Names.of(rules.resource)
    with tempfile.TemporaryDirectory(prefix="samspec-") as folder:
        root = Path(folder, "project")
        copying.copy(source, root, (*rules.tools, *rules.kit, *rules.reference))
        _git(root, "init", "--quiet")
        if old.singular == answers.names.singular:  # the new one needs the names
            stand_in = Names.of(STAND_IN)
            copying.rename(root, Renaming(old, stand_in))
            old = stand_in
        resource = _with_resource(root, answers)
        pages = _features(root)
        for _ in remove_resource.remove(root, old):
            pass
        _drop_criteria(root, pages - _features(root))
        renaming = Renaming(old, answers.names)
        copying.rename(root, renaming)
        identity = _identity(answers)
        own.introduce(root, rules, identity)
        own.about(root, identity, Renderer(Project(root), resource))
        dead_links.drop(root)
        _pin_tools(source, root, answers)
        workspace.tidy(root, ["handlers", "tests"])
        if answers.callers != OPEN:
            list(add_auth.add(Project(root), answers.callers))
        shutil.rmtree(root / ".git")
        target.mkdir(parents=True, exist_ok=True)
        _put(root, target)


def _put(root: Path, target: Path) -> None:
    """Writes every file and link into the folder, in the place of those of the same names."""
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or path.is_file():
            there = target / path.relative_to(root)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.unlink(missing_ok=True)
            shutil.copy2(path, there, follow_symlinks=False)


def _features(root: Path) -> set[str]:
    return {path.stem for path in root.glob("specs/features/*.md")}


def _drop_criteria(root: Path, pages: set[str]) -> None:
    """Tests of what any resource needs no longer show criteria of a resource that is gone."""
    marker = re.compile(rf"\s*@pytest\.mark\.criterion\(\"({'|'.join(sorted(pages))})/.*")
    for path in root.glob("tests/**/*.py"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not pages or not marker.match(line)]
        path.write_text("".join(kept), encoding="utf-8")


def _with_resource(root: Path, answers: Answers) -> Resource:
    new_resource.add(root, answers.names, answers.fields, answers.path)
    return read(Project(root), answers.names, answers.path, None, answers.fields)


def _identity(answers: Answers) -> own.Identity:
    names = answers.names
    title = answers.title or f"{names.titles} API"
    name = f"{snake(names.plural).replace('_', '-')}-api"
    return own.Identity(name, title, f"{title}: serverless, OpenAPI-first, on AWS.")


def _pin_tools(source: Path, root: Path, answers: Answers) -> None:
    """How scripts/install gets the tools: a requirement whose content cannot change."""
    requirement = answers.tools
    if requirement is None:
        (root / WHEELS).mkdir()
        wheel = build_wheel(source, root / WHEELS)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        requirement = f"./{WHEELS}/{wheel.name} --hash=sha256:{digest}"
    (root / PINNED).write_text(requirement + "\n", encoding="utf-8")


def build_wheel(source: Path, folder: Path) -> Path:
    """The tools as a wheel; raises ProjectError if neither pip nor uv can make one."""
    commands = [
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", f"--wheel-dir={folder}"],
        ["uv", "build", "--quiet", "--wheel", f"--out-dir={folder}"],
    ]
    errors = []
    for command in commands:
        if not shutil.which(command[0]):
            continue
        done = subprocess.run(
            [*command, str(source.resolve())], capture_output=True, text=True, check=False
        )
        wheels = sorted(folder.glob("samspec-*.whl"))
        if done.returncode == 0 and wheels:
            for other in folder.glob(".gitignore"):  # uv's
                other.unlink()
            return wheels[-1]
        errors.append(done.stderr.strip())
    raise ProjectError("the tools cannot be made a wheel: " + "\n".join(errors))


def _answers(options: argparse.Namespace) -> Answers:
    """From copier's file, or from options."""
    if options.answers is None:
        fields = [Field.parse(text) for text in options.field]
        names = Names.of(options.resource, options.plural)
        return Answers(names, fields, options.path, options.title, options.tools, options.callers)
    answers = yaml.safe_load(options.answers.read_text(encoding="utf-8")) or {}
    if not answers.get("resource"):
        raise ProjectError(f"{options.answers} names no resource")
    listed = answers.get("fields") or []
    if isinstance(listed, str):
        listed = yaml.safe_load(listed)
    return Answers(
        Names.of(answers["resource"], answers.get("plural") or None),
        [_field(field) for field in listed],
        answers.get("path") or None,
        answers.get("title") or None,
        options.tools,
        answers.get("callers") or OPEN,
    )


def _field(node: object) -> Field:
    """A field as --field has it, or as a mapping: name, type, required, unique, filter."""
    if isinstance(node, str):
        return Field.parse(node)
    if not isinstance(node, dict) or not {"name", "type"} <= node.keys():
        raise ProjectError(f"the field {json.dumps(node)} needs a name and a type")
    options = []
    for key, value in node.items():
        if key in ("name", "type", "pattern"):
            continue
        if key == "required":
            options += [] if value else ["optional"]
        elif value is True:
            options.append(key)
        elif value is not False:
            options.append(f"{key}={value}")
    if "pattern" in node:
        options.append(f"pattern={node['pattern']}")
    return Field.parse(",".join([f"{node['name']}:{node['type']}", *options]))


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="samspec new-project", description=__doc__)
    parser.add_argument("folder", type=Path, help="the new project's folder")
    parser.add_argument("--resource", default="Book", help="its name in the singular: OrderItem")
    parser.add_argument("--plural", help="if it is not the usual one, such as People")
    parser.add_argument("--path", help="the collection's path (default: /order-items)")
    parser.add_argument("--field", action="append", default=[], help="as scripts/new-resource has")
    parser.add_argument("--title", help="the API's title (default: Order items API)")
    parser.add_argument("--tools", help="a requirement for the tools instead of a wheel of them")
    parser.add_argument(
        "--callers", choices=(OPEN, *CALLERS), default=OPEN, help="as samspec add-auth has them"
    )
    parser.add_argument("--answers", type=Path, help="a YAML file with all of this, as copier's")
    parser.add_argument("--update", action="store_true", help="the folder may have files")
    source = Path(__file__).resolve().parents[3]
    parser.add_argument("--source", type=Path, default=source, help="the repository to copy")
    return parser
