"""YAML, JSON and Markdown files: what they say, and on which line.

There is one YAML reader for the build, the gateway and the checks. CloudFormation's short tags
(`!Sub x`) become their long form (`{"Fn::Sub": x}`); an unquoted date stays text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from samspec.sam.errors import ProjectError
from samspec.sam.finding import Finding

Keys = tuple[str, ...]
FRONT_MATTER = re.compile(r"---\n(.*?\n)---\n", re.DOTALL)


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The C loader, where PyYAML was built with it, plus CloudFormation's short tags."""


def _short_tag(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    node_type = type(node).__name__.removesuffix("Node").lower()
    construct = getattr(loader, f"construct_{node_type}")
    value = construct(node) if node_type == "scalar" else construct(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_tag)
# A date in an example is a string on the wire, so it stays one.
Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_yaml_str)


def read(path: Path) -> dict[str, Any]:
    """The mapping that the YAML (or JSON) file at `path` holds, or a ProjectError that says what is wrong."""
    try:
        content = yaml.load(path.read_bytes(), Loader)  # noqa: S506 (a subclass of the safe loader)
    except OSError as error:
        raise ProjectError(f"{path}: {error.strerror}: give the path of an existing file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ProjectError(
            f"{path}{f':{mark.line + 1}' if mark else ''}: not valid YAML: {said}"
        ) from None
    if not isinstance(content, dict):
        raise ProjectError(f"{path}: expected a mapping, found {type(content).__name__}")
    return content


@dataclass(eq=False)
class Document:
    name: str
    data: Any
    lines: dict[Keys, int] = field(default_factory=dict)
    scalars: dict[Keys, str] = field(default_factory=dict)
    tags: dict[Keys, str] = field(default_factory=dict)  # short forms: !Sub
    repeated: list[Keys] = field(
        default_factory=list
    )  # keys that a mapping has twice, of which YAML takes the last

    @classmethod
    @cache  # copies of a project differ in few files
    def parse(cls, content: str, name: str) -> "Document":
        try:
            loader = Loader(content)
            node = loader.get_single_node()
            document = cls(name, loader.construct_document(node) if node else None)
        except (yaml.YAMLError, ValueError, TypeError) as error:
            mark = getattr(error, "problem_mark", None)
            reason = getattr(error, "problem", None) or str(error).splitlines()[0]
            raise ProjectError(
                f"{name}:{mark.line + 1 if mark else 1}: not valid YAML ({reason}): mend it first"
            ) from None
        if node:
            document._walk(node, ())
        return document

    @classmethod
    def front_matter(cls, content: str, name: str) -> "Document":
        """The mapping between a first line of `---` and the next; empty where there is none."""
        found = FRONT_MATTER.match(content)
        document = cls.parse(
            "\n" + found[1] if found else "{}", name
        )  # an empty first line for the first `---`
        return document if isinstance(document.data, dict) else cls(name, {})

    def part(self, *keys: str) -> "Document":
        """What is under these keys as a document of its own, with its lines in this file."""
        depth = len(keys)
        data = self.data
        for key in keys:
            data = data[key]

        def inner(places: dict[Keys, Any]) -> dict[Keys, Any]:
            return {at[depth:]: value for at, value in places.items() if at[:depth] == keys}

        repeated = [at[depth:] for at in self.repeated if at[:depth] == keys]
        parts = (inner(self.lines), inner(self.scalars), inner(self.tags))
        return Document(self.name, data, *parts, repeated)

    def line(self, *keys: Any) -> int:
        """Where the value under these keys begins, or the nearest thing around it that there is."""
        path = tuple(map(str, keys))
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def line_of(self, value: str, *keys: Any) -> int:
        """Where this text stands under these keys."""
        inside = (
            at for at, found in self.scalars.items() if found == value and at[: len(keys)] == keys
        )
        return self.line(*next(inside, keys))

    def finding(self, at: Keys, differs: str, mend: str) -> Finding:
        return Finding(self.name, self.line(*at), differs, mend)

    def _walk(self, node: yaml.Node, at: Keys) -> None:
        self.lines.setdefault(at, node.start_mark.line + 1)
        if node.tag.startswith("!"):
            self.tags[at] = node.tag
        if isinstance(node, yaml.ScalarNode):
            self.scalars[at] = node.value
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._walk(item, (*at, str(index)))
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = (*at, str(key.value))
                if inner in self.lines:
                    self.repeated.append(inner)
                self.lines[inner] = key.start_mark.line + 1
                self._walk(value, inner)


def text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ProjectError(
            f"{name}: cannot be read ({reason}): is --root the project's folder?"
        ) from None


def nodes(value: Any, at: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Every value within a value, with the keys that lead to it."""
    yield at, value
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(inner, (*at, str(key)))
