"""Where one schema takes less than another."""

from collections.abc import Iterator, Mapping
from typing import Any

from samspec.sam.references import resolve

Specs = tuple[Mapping[str, Any], Mapping[str, Any]]
Rule = tuple[str, str]
LEAST = ("minimum", "minLength", "minItems", "minProperties")
MOST = ("maximum", "maxLength", "maxItems", "maxProperties")
SWITCHES = ("exclusiveMinimum", "exclusiveMaximum", "uniqueItems")
# Narrower wherever it is another: nobody can tell by looking.
OPAQUE = ("pattern", "format", "multipleOf", "not", "allOf", "anyOf", "oneOf")
# A composed schema is compared as it is written, and lists its members with their references.


def narrowed(
    wide: Any, narrow: Any, specs: Specs, is_response: bool, seen: tuple[str, ...] = ()
) -> Iterator[Rule]:
    """The rules by which `narrow` takes less than `wide`, and how.

    Of a response, `narrow` is the schema before.
    """
    pair = f"{wide} {narrow}"
    if pair in seen:
        return  # a schema within itself
    seen = (*seen, pair)
    wide, narrow = _mapping(specs[0], wide), _mapping(specs[1], narrow)
    for key in _keywords(wide, narrow, is_response):
        was, now = (narrow, wide) if is_response else (wide, narrow)
        yield (
            f"{key}-{'widened' if is_response else 'narrowed'}",
            f" has {key} {now.get(key)}, which was {was.get(key)}",
        )
    yield from _members(wide, narrow, is_response)
    if not is_response:
        yield from _defaults(wide, narrow)
    for sign, one_schema, other_schema in _inner(wide, narrow):
        for rule, message in narrowed(one_schema, other_schema, specs, is_response, seen):
            yield rule, f"{sign}{message}"


def _mapping(spec: Mapping[str, Any], schema: Any) -> Mapping[str, Any]:
    resolved = resolve(spec, schema)
    return resolved if isinstance(resolved, Mapping) else {}


def _inner(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The pairs of schemas inside, with how a path names them."""
    ours, theirs = wide.get("properties") or {}, narrow.get("properties") or {}
    for name in ours:
        if name in theirs:
            yield f".{name}", ours[name], theirs[name]
    for key, sign in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(wide.get(key), dict) and isinstance(narrow.get(key), dict):
            yield sign, wide[key], narrow[key]


def _defaults(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> Iterator[Rule]:
    ours, theirs = wide.get("properties") or {}, narrow.get("properties") or {}
    for name in ours:
        if name not in theirs or not isinstance(ours[name], dict):
            continue
        was, now = ours[name].get("default"), (theirs[name] or {}).get("default")
        if was is not None and was != now:
            yield "default-changed", f".{name} has the default {now}, which was {was}"


def _members(
    wide: Mapping[str, Any], narrow: Mapping[str, Any], is_response: bool
) -> Iterator[Rule]:
    required = set(narrow.get("required") or [])
    for name in sorted(required - set(wide.get("required") or [])):
        message = "may be missing now" if is_response else "is required now"
        yield "required", f".{name} {message}"
    ours = (wide.get("properties") or {}).keys()
    theirs = (narrow.get("properties") or {}).keys()
    gone: set[str] = set()
    if is_response:
        gone = set(theirs - ours - required)
    elif narrow.get("additionalProperties") is False:
        gone = set(ours - theirs)
    for name in sorted(gone):
        yield "property-removed", f".{name} is gone"


def _keywords(
    wide: Mapping[str, Any], narrow: Mapping[str, Any], is_response: bool
) -> Iterator[str]:
    """The keywords by which it takes less."""
    types = wide.get("type"), narrow.get("type")
    if types[1] and types[0] != types[1] and types != ("integer", "number"):
        yield "type"
    if "enum" in narrow and not _lists_all(wide, narrow):
        yield "enum"
    yield from _bounds(wide, narrow)
    yield from (key for key in SWITCHES if narrow.get(key) and not wide.get(key))
    yield from (key for key in OPAQUE if key in narrow and narrow[key] != wide.get(key))
    if wide.get("nullable") and not narrow.get("nullable"):
        yield "nullable"
    is_closed = narrow.get("additionalProperties") is False
    if is_closed and not is_response and wide.get("additionalProperties") is not False:
        yield "additionalProperties"


def _bounds(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> Iterator[str]:
    for key in LEAST:
        if key in narrow and (key not in wide or narrow[key] > wide[key]):
            yield key
    for key in MOST:
        if key in narrow and (key not in wide or narrow[key] < wide[key]):
            yield key


def _lists_all(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> bool:
    if "enum" not in wide:
        return False
    return {str(value) for value in wide["enum"]} <= {str(value) for value in narrow["enum"]}
