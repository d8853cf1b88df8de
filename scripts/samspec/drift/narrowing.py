"""Where one schema takes less than another."""

from collections.abc import Iterator, Mapping
from typing import Any

from samspec.sam.references import resolve

Specs = tuple[Mapping[str, Any], Mapping[str, Any]]
Rule = tuple[str, str]
LEAST = ("minimum", "minLength", "minItems", "minProperties")
MOST = ("maximum", "maxLength", "maxItems", "maxProperties")
SWITCHES = ("exclusiveMinimum", "exclusiveMaximum", "uniqueItems")
OPAQUE = (
    "pattern",
    "format",
    "multipleOf",
    "not",
    "allOf",
    "anyOf",
    "oneOf",
)  # narrower wherever it is another


def narrowed(
    wide: Any, narrow: Any, specs: Specs, answer: bool, seen: tuple[str, ...] = ()
) -> Iterator[Rule]:
    """The rules by which `narrow` takes less than `wide`, and how. Of an answer, `narrow` is the schema before."""
    pair = f"{wide} {narrow}"
    if pair in seen:
        return  # a schema within itself
    seen = (*seen, pair)
    wide, narrow = resolve(specs[0], wide), resolve(specs[1], narrow)
    for key in _keywords(wide, narrow, answer):
        was, now = (narrow, wide) if answer else (wide, narrow)
        yield (
            f"{key}-{'widened' if answer else 'narrowed'}",
            f" has {key} {now.get(key)}, which was {was.get(key)}",
        )
    yield from _members(wide, narrow, answer)
    ours, theirs = wide.get("properties", {}), narrow.get("properties", {})
    inner = [(f".{name}", ours[name], theirs[name]) for name in ours if name in theirs]
    inner += [
        (sign, wide[key], narrow[key])
        for key, sign in (("items", "[]"),)
        if key in wide and key in narrow
    ]
    for sign, one, other in inner:
        for rule, differs in narrowed(one, other, specs, answer, seen):
            yield rule, f"{sign}{differs}"


def _members(wide: Any, narrow: Any, answer: bool) -> Iterator[Rule]:
    required = set(narrow.get("required", []))
    for name in required - set(wide.get("required", [])):
        yield "required", f".{name} may be missing now" if answer else f".{name} is required now"
    ours, theirs = wide.get("properties", {}).keys(), narrow.get("properties", {}).keys()
    closed = narrow.get("additionalProperties") is False
    for name in theirs - ours - required if answer else ours - theirs if closed else ():
        yield "property-removed", f".{name} is gone"


def _keywords(wide: Any, narrow: Any, answer: bool) -> Iterator[str]:
    """The keywords by which it takes less."""
    kinds = wide.get("type"), narrow.get("type")
    if kinds[1] and kinds[0] != kinds[1] and kinds != ("integer", "number"):
        yield "type"
    if "enum" in narrow and not (
        "enum" in wide and {*map(str, wide["enum"])} <= {*map(str, narrow["enum"])}
    ):
        yield "enum"
    for key, sign in (*((key, 1) for key in LEAST), *((key, -1) for key in MOST)):
        if key in narrow and (key not in wide or sign * narrow[key] > sign * wide[key]):
            yield key
    yield from (key for key in SWITCHES if narrow.get(key) and not wide.get(key))
    yield from (key for key in OPAQUE if key in narrow and narrow[key] != wide.get(key))
    if wide.get("nullable") and not narrow.get("nullable"):
        yield "nullable"
    if (
        not answer
        and narrow.get("additionalProperties") is False
        and wide.get("additionalProperties") is not False
    ):
        yield "additionalProperties"
