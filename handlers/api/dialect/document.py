"""A spec, its references followed, and what of it lies outside the dialect."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

Place = tuple[str | int, ...]  # keys from the top of the spec
Node = Mapping[str, Any]
SCHEMA_LISTS = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True)
class Gap:
    """Something that the functions do not check: its place in the spec, as keys from the top, and
    what to do about it.
    """

    operation: str
    place: Place
    reason: str

    def __str__(self) -> str:
        return f"{pointer(self.place)}: {self.reason}"


class OutsideDialect(Exception):
    """An operation that the functions cannot check as its spec says."""

    def __init__(self, operation: str, gaps: list[Gap]) -> None:
        lines = "".join(f"\n  {gap}" for gap in gaps)
        super().__init__(f"{operation} uses what the functions do not check:{lines}")
        self.gaps = gaps


class Document:
    """A spec, read for one operation."""

    def __init__(self, spec: Node, operation: str) -> None:
        self._spec = spec
        self._operation = operation
        self.gaps: list[Gap] = []

    def gap(self, place: Place, reason: str) -> None:
        gap = Gap(self._operation, place, reason)
        if gap not in self.gaps:
            self.gaps.append(gap)

    def at(self, place: Place) -> Any:
        node: Any = self._spec
        for key in place:
            node = node[key]
        return node

    def resolve(self, node: Any, place: Place) -> tuple[Any, Place]:
        """What a node, or the references that start from it, leads to, and where that is."""
        seen = set()
        while isinstance(node, Mapping) and "$ref" in node:
            reference = node["$ref"]
            if place in seen:
                self.gap(place, f"{reference} leads back to itself")
                return {}, place
            seen.add(place)
            if not isinstance(reference, str) or not reference.startswith("#/"):
                self.gap(place, f"{reference} is in another file: API Gateway imports one file")
                return {}, place
            try:
                target = self._target(reference)
                node = self.at(target)
            except (LookupError, TypeError, ValueError):
                self.gap(place, f"{reference} leads nowhere")
                return {}, place
            place = target
        return node, place

    def _target(self, reference: str) -> Place:
        target: list[str | int] = []
        node: Any = self._spec
        for key in unquote(reference).removeprefix("#/").split("/"):
            name: str | int = key.replace("~1", "/").replace("~0", "~")
            if isinstance(node, list):
                name = int(name)
            node = node[name]
            target.append(name)
        return tuple(target)

    def parts(
        self, node: Any, place: Place, keywords: tuple[str, ...] = SCHEMA_LISTS
    ) -> Iterator[tuple[Node, Place]]:
        """The schema and those that it is composed of, references followed."""
        waiting, seen = [(node, place)], set()
        while waiting:
            schema, where = self.resolve(*waiting.pop())
            if where in seen or not isinstance(schema, Mapping):
                continue
            seen.add(where)
            yield schema, where
            for keyword in keywords:
                for number, part in enumerate(schema.get(keyword) or ()):
                    waiting.append((part, (*where, keyword, number)))

    def shapes(self, node: Any, place: Place) -> set[str]:
        shapes = {str(schema.get("type", "")) for schema, _ in self.parts(node, place)}
        return shapes - {""}

    def shape(self, node: Any, place: Place) -> str:
        """The type that a schema, or any schema of its allOf, states; empty if none does."""
        shape = ""
        for schema, _ in self.parts(node, place, ("allOf",)):
            implied = "object" if "properties" in schema else ""
            shape = shape or str(schema.get("type", implied))
        return shape


def pointer(place: Place) -> str:
    """A place as a JSON pointer in a URL's fragment: #/paths/~1users/get."""
    escaped = (str(key).replace("~", "~0").replace("/", "~1") for key in place)
    return "/".join(["#", *escaped])
