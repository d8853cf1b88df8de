"""`samspec new-environment staging --like prod`: another environment, in template and
samconfig.toml.

The copy has the same settings; what should differ is edited afterwards, where it now is.
"""

import argparse
import re
from pathlib import Path

from samspec.sam import environments
from samspec.sam.documents import Document
from samspec.sam.environments import KIND, Environment
from samspec.sam.errors import ProjectError
from samspec.sam.project import template_at
from samspec.scaffold.blocks import block, end

NAME = re.compile("[a-z][a-z0-9-]*")


def main(arguments: list[str] | None = None) -> int:
    """Add the environment and say what is left to do."""
    parser = argparse.ArgumentParser(prog="samspec new-environment", description=__doc__)
    parser.add_argument("name", help="such as staging")
    parser.add_argument("--like", default="prod", help="whose settings it begins with")
    options = parser.parse_args(arguments)
    root = Path.cwd()
    like = environments.named(root, options.like)
    if not NAME.fullmatch(options.name) or options.name == "default":
        raise ProjectError(f"{options.name!r}: a name has small letters, digits and hyphens")
    if options.name in environments.read(root):
        raise ProjectError(f"samconfig.toml has the environment {options.name} already")
    template, samconfig = template_at(root), root / "samconfig.toml"
    if KIND in like.parameters:  # else the parameters of samconfig.toml are all that differs
        text = extended_template(template.read_text(), template.name, like, options.name)
        template.write_text(text)
        print(f"extended {template.name}")
    samconfig.write_text(extended_samconfig(samconfig.read_text(), like, options.name))
    print(f"extended samconfig.toml: {options.name} has the settings of {like.name}")
    print(f"Next: scripts/rehearse {options.name}, then scripts/deploy {options.name}")
    print(f"GitHub: copy the job of {like.name} in .github/workflows, and its role")
    return 0


def extended_template(text: str, name: str, like: Environment, new: str) -> str:
    """The template in which each mapping by environment has the new one, and the parameter too."""
    document, lines = Document.parse(text, name), text.splitlines()
    value = like.parameters.get(KIND, like.name)
    mappings = document.data.get("Mappings") or {}
    starts = []
    for mapping, keys in mappings.items():
        if value in keys:
            starts.append(document.line("Mappings", mapping, value) - 1)
    if not starts:
        raise ProjectError(f"{name}: no mapping has the key {value}: nothing to copy")
    for start in sorted(starts, reverse=True):
        copied = block(lines, start)
        behind = end(lines, start)
        first = re.sub(rf"\b{value}\b", new, copied[0], count=1)
        lines[behind:behind] = [first, *copied[1:]]
    allowed = document.line("Parameters", KIND, "AllowedValues") - 1
    if "AllowedValues" in lines[allowed]:
        lines[allowed] = lines[allowed].replace("]", f", {new}]", 1)
    return "\n".join(lines) + "\n"


def extended_samconfig(text: str, like: Environment, new: str) -> str:
    """The file with the sections of an environment copied, its name replaced wherever it occurs."""
    copied: list[str] = []
    is_copied = False
    for line in text.splitlines():
        section = re.match(r"\[([\w-]+)\.", line)
        if section:
            is_copied = section[1] == like.section
        if is_copied:
            header = re.sub(rf"^\[{like.section}\.", f"[{new}.", line)
            copied.append(re.sub(rf"(?<![\w.]){like.name}(?![\w.])", new, header))
    return text.rstrip("\n") + "\n\n" + "\n".join(copied).strip("\n") + "\n"
