"""YAML, JSON and Markdown files: what they say, and on which line.

There is one YAML reader for the build, the gateway and the checks. CloudFormation's short tags
(`!Sub x`) become their long form (`{"Fn::Sub": x}`); an unquoted date stays text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from samspec.sam.errors import ProjectError
from samspec.sam.finding import Finding

Keys = tuple[str, ...]
LITERAL_PARENTS = ("example", "default", "enum", "value")  # what is under them is data
# Members of a schema's property map are schemas, whatever they are called.
MAPS = ("properties", "schemas", "parameters", "responses", "headers", "examples")
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
    """The mapping in the YAML or JSON file at `path`; a ProjectError says what is wrong."""
    try:
        content = yaml.load(path.read_bytes(), Loader)  # noqa: S506 (a subclass of the safe loader)
    except OSError as error:
        raise ProjectError(f"{path}: {error.strerror}: give the path of an existing file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ProjectError(
            f"{path}{f':{mark.line + 1}' if mark else ''}: not valid YAML: {problem}"
        ) from None
    if not isinstance(content, dict):
        raise ProjectError(f"{path}: expected a mapping, found {type(content).__name__}")
    return content


MERGE = "tag:yaml.org,2002:merge"


@dataclass(eq=False)
class Document:
    """A YAML file: its data, and the line of every value by the keys that lead to it."""

    name: str
    data: Any
    lines: dict[Keys, int] = field(default_factory=dict)
    scalars: dict[Keys, str] = field(default_factory=dict)
    tags: dict[Keys, str] = field(default_factory=dict)  # short forms: !Sub
    # Keys that a mapping has twice, of which YAML takes the last.
    repeated: list[Keys] = field(default_factory=list)
    merges: list[Keys] = field(default_factory=list)  # merge keys: <<
    aliases: list[Keys] = field(default_factory=list)  # *name
    numbers: list[Keys] = field(default_factory=list)  # keys that are not text: 200, true

    @classmethod
    @lru_cache(maxsize=64)  # copies and versions of a project differ in few files
    def parse(cls, content: str, name: str) -> "Document":
        """The document that a text is. Raises ProjectError with its place if it is not YAML."""
        document = cls(name, None)
        try:
            loader = Loader(content)
            node = loader.get_single_node()
            if node:
                document._walk(node, (), set())
                document.data = loader.construct_document(node)
        except (yaml.YAMLError, ValueError, TypeError) as error:
            mark = getattr(error, "problem_mark", None)
            reason = getattr(error, "problem", None) or str(error).splitlines()[0]
            raise ProjectError(
                f"{name}:{mark.line + 1 if mark else 1}: not valid YAML ({reason}): fix it first"
            ) from None
        return document

    @classmethod
    def front_matter(cls, content: str, name: str) -> "Document":
        """The mapping between a first line of `---` and the next; empty if there is none."""
        matter = FRONT_MATTER.match(content)
        # An empty first line takes the place of the first `---`.
        document = cls.parse("\n" + matter[1] if matter else "{}", name)
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
        """The line of the value under these keys, or of the nearest thing around it."""
        path = tuple(map(str, keys))
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def line_of(self, value: str, *keys: Any) -> int:
        """The line of this text under these keys."""
        for at, scalar in self.scalars.items():
            if scalar == value and at[: len(keys)] == keys:
                return self.line(*at)
        return self.line(*keys)

    def finding(self, rule: str, at: Keys, message: str, fix: str) -> Finding:
        """A finding of a rule at the place that these keys lead to."""
        return Finding(self.name, self.line(*at), message, fix, rule)

    def _walk(self, node: yaml.Node, at: Keys, seen: set[int]) -> None:
        self.lines.setdefault(at, node.start_mark.line + 1)
        if node.tag.startswith("!"):
            self.tags[at] = node.tag
        if not isinstance(node, yaml.ScalarNode):
            if id(node) in seen:
                self.aliases.append(at)
                return
            seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            self.scalars[at] = node.value
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._walk(item, (*at, str(index)), seen)
        elif isinstance(node, yaml.MappingNode):
            self._walk_mapping(node, at, seen)

    def _walk_mapping(self, node: yaml.MappingNode, at: Keys, seen: set[int]) -> None:
        own: set[Keys] = set()
        for key, value in node.value:
            if key.tag == MERGE:
                self.merges.append((*at, "<<"))
                self.lines[(*at, "<<")] = key.start_mark.line + 1
                continue
            inner = (*at, str(key.value))
            if inner in own:
                self.repeated.append(inner)
            own.add(inner)
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:str":
                self.numbers.append(inner)
            self.lines[inner] = key.start_mark.line + 1
            self._walk(value, inner, seen)


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


def is_data(at: Keys) -> bool:
    """Whether the place is inside an example or default, where no key has a meaning."""
    for index, key in enumerate(at):
        parent = at[index - 1] if index else ""
        if key in LITERAL_PARENTS and parent not in MAPS:
            return True
    return False
