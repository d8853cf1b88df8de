"""Makefiles that build functions: each has its target, which copies every module it imports."""

import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase

from samspec.drift.application import Application
from samspec.drift.code import code_of
from samspec.sam.finding import Finding
from samspec.sam.written import WrittenFunction

TARGET = re.compile(
    r"^(build-[\w%-]+(?: +build-[\w%-]+)*) *::?(?!=)[^\n]*\n((?:\t.*\n?|\n)*)", re.MULTILINE
)
ARTIFACTS = re.compile(r"\$[({]?ARTIFACTS_DIR[)}]?")
# They bring no module of the project, or change none.
OTHERS = {"mkdir", "touch", "echo", "rm", "chmod", "pip", "pip3", "uv", "true", ":"}
Recipe = tuple[int, str]  # its line, and its text


def check(application: Application) -> Iterator[Finding]:
    """Every function that `sam build` builds with make."""
    for function in application.functions.values():
        metadata = function.resource.get("Metadata")
        method = metadata.get("BuildMethod") if isinstance(metadata, dict) else None
        if method == "makefile" and function.folder is not None:
            yield from _function(application, function)


def _function(application: Application, function: WrittenFunction) -> Iterator[Finding]:
    file = f"{function.folder}/Makefile".removeprefix("./")
    if not application.exists(file):
        yield application.finding(
            "build-target",
            function.name,
            "Metadata",
            message=f"{function.name} is built with make, and there is no {file}",
            fix="write it, or leave BuildMethod out",
        )
        return
    content = application.text(file)
    recipe = _recipe(content, function.name)
    if recipe is None:
        if not re.search(r"^-?include\b", content, re.MULTILINE):
            yield application.finding(
                "build-target",
                function.name,
                "Metadata",
                message=f"{file} has no target build-{function.name}",
                fix=f"name the target build-{function.name}",
            )
        return
    yield from _left_out(application, function, file, recipe)


def _recipe(content: str, name: str) -> Recipe | None:
    """The recipe of a function's target, or of the pattern that makes it."""
    by_target: dict[str, Recipe] = {}
    for match in TARGET.finditer(content):
        line = content.count("\n", 0, match.start()) + 1
        by_target |= dict.fromkeys(match[1].split(), (line, match[2]))
    exact = by_target.get(f"build-{name}")
    if exact is not None:
        return exact
    patterns = [target for target in by_target if "%" in target]
    fitting = [item for item in patterns if fnmatchcase(f"build-{name}", item.replace("%", "*"))]
    return by_target[fitting[0]] if fitting else None


def _left_out(
    application: Application, function: WrittenFunction, file: str, recipe: Recipe
) -> Iterator[Finding]:
    """A recipe that copies by name copies every module that the handler can import."""
    line, text = recipe
    copied, code = _copied(text), code_of(application, function)
    if copied is None or code is None:
        return
    folder = f"{function.folder}/".removeprefix("./")
    for module in code.modules:
        name = module.removeprefix(folder)
        if not any(_covers(source, name) for source in copied):
            yield Finding(
                file,
                line,
                f"build-{function.name} does not copy {name}, which {function.handler} imports",
                "copy it to $(ARTIFACTS_DIR)",
                "build-copy",
            )


def _copied(recipe: str) -> list[str] | None:
    """What a recipe copies to the artifact; None if it does more than copy by name."""
    sources: list[str] = []
    for command in re.split(r"\n|&&|;", recipe.replace("\\\n", " ")):
        try:
            words = shlex.split(command.strip().lstrip("@-+"), comments=True)
        except ValueError:
            return None
        if not words or words[0] in OTHERS or "pip" in words or "compileall" in words:
            continue
        if words[0] != "cp" or not ARTIFACTS.search(words[-1]):
            return None
        sources += [word for word in words[1:-1] if not word.startswith("-")]
    if not sources or any("$" in source for source in sources):
        return None
    return sources


def _covers(source: str, module: str) -> bool:
    """Whether a path, folder or pattern of `cp` brings the module along."""
    plain = source.removeprefix("./").rstrip("/").removesuffix("/.")
    if plain in ("", ".", "*"):
        return True
    names = module.split("/")
    parents = ["/".join(names[: index + 1]) for index in range(len(names))]
    depth = plain.count("/")
    return fnmatchcase(parents[depth], plain) if depth < len(parents) else False
