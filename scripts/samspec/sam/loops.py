"""Fn::ForEach of AWS::LanguageExtensions: a part of a template, repeated.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from samspec.sam.functions import as_text

PREFIX = "Fn::ForEach::"


def are_in(document: Any) -> bool:
    """Whether the document has a loop."""
    if isinstance(document, Mapping):
        return any(str(key).startswith(PREFIX) or are_in(item) for key, item in document.items())
    return isinstance(document, list) and any(are_in(item) for item in document)


def expanded(value: Any, resolve: Callable[[Any], Any]) -> Any:
    """The value with each loop replaced by what it makes; `resolve` gives a collection's items."""
    if isinstance(value, list):
        return [expanded(item, resolve) for item in value]
    if not isinstance(value, Mapping):
        return value
    result: dict[str, Any] = {}
    for key, item in value.items():
        if str(key).startswith(PREFIX):
            result |= _repeated(item, resolve)
        else:
            result[key] = expanded(item, resolve)
    return result


def _repeated(loop: list[Any], resolve: Callable[[Any], Any]) -> dict[str, Any]:
    identifier, collection, content = loop
    items = resolve(collection)
    result: dict[str, Any] = {}
    for item in items if isinstance(items, list) else [items]:
        result |= expanded(_filled(content, str(identifier), as_text(item)), resolve)
    return result


def _filled(value: Any, identifier: str, item: str) -> Any:
    """The value with the loop's identifier replaced: in names, texts, and by Ref."""
    if value == {"Ref": identifier}:
        return item
    if isinstance(value, list):
        return [_filled(inner, identifier, item) for inner in value]
    if isinstance(value, Mapping):
        filled = {}
        for key, inner in value.items():
            filled[_text(str(key), identifier, item)] = _filled(inner, identifier, item)
        text = filled.get("Fn::Sub")  # with nothing left to substitute it is a text
        return text if isinstance(text, str) and "${" not in text else filled
    return _text(value, identifier, item) if isinstance(value, str) else value


def _text(text: str, identifier: str, item: str) -> str:
    """`&{x}` is the item without what names of resources may not have."""
    plain = "".join(character for character in item if character.isalnum())
    return text.replace(f"${{{identifier}}}", item).replace(f"&{{{identifier}}}", plain)
