"""JSONPath as mapping templates use it: names, indexes, slices, wildcards, descent."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

STEP = re.compile(
    r"\.\.(?P<deep>[\w$-]+|\*)|\.(?P<name>[\w$ -]+)|\.\*|\[\*\]"
    r"|\[(?P<quote>['\"])(?P<key>.*?)(?P=quote)\]|\[(?P<index>-?\d+)\]|\[(?P<slice>-?\d*:-?\d*)\]"
)
MISSING = object()


def find(value: Any, path: str) -> Any:
    """What the path points at; MISSING if nothing, a list if it may point at several things.

    Raises a ValueError for a path that cannot be read.
    """
    path = path.strip()
    if not path.startswith("$"):
        path = f"$.{path}"
    values, several, at = [value], False, 1
    while at < len(path):
        step = STEP.match(path, at)
        if step is None:
            raise ValueError(f"the JSONPath {path} cannot be read at {path[at:]!r}")
        several = several or step[0] in (".*", "[*]") or bool(step["deep"] or step["slice"])
        values = list(chain.from_iterable(_inner(value, step) for value in values))
        at = step.end()
    if several:
        return values
    return values[0] if values else MISSING


def _inner(value: Any, step: re.Match[str]) -> Iterator[Any]:
    if step["deep"]:
        yield from _deep(value, step["deep"])
    elif step["slice"]:
        start, end = step["slice"].split(":")
        if isinstance(value, list):
            yield from value[int(start) if start else None : int(end) if end else None]
    elif step["index"]:
        if isinstance(value, list) and -len(value) <= int(step["index"]) < len(value):
            yield value[int(step["index"])]
    elif step["name"] or step["quote"]:
        name = step["name"] or step["key"]
        if isinstance(value, dict) and name in value:
            yield value[name]
        elif isinstance(value, list) and name == "length()":
            yield len(value)
    else:
        yield from _members(value)


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _deep(value: Any, name: str) -> Iterator[Any]:
    if isinstance(value, dict) and name in value:
        yield value[name]
    for member in _members(value):
        if name == "*":
            yield member
        yield from _deep(member, name)
