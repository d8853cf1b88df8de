"""Parameters and fields of forms: from text to the types of their schemas.

dialect.STYLES states the styles; https://spec.openapis.org/oas/v3.0.3#style-values shows each.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from api import strict_json
from api.faults import Faults
from api.linker import Linker
from api.schema import Schema

INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
BOOLEANS = {"true": True, "false": False}
SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}  # API Gateway has decoded the query
ABSENT: Any = object()
NOT_JSON: Any = object()

Values = Mapping[str, list[str]]  # the texts of each name, as in a query


class Field:
    """One parameter, or one field of a form, by its plan of dialect.compiled."""

    def __init__(self, plan: Mapping[str, Any], linker: Linker) -> None:
        self.place: str = plan.get("in", "")
        self.name: str = plan["name"]
        self.schema = linker.schema(plan["schema"])
        self._key = self.name.lower() if self.place == "header" else self.name
        self._required = plan.get("required", False)
        self._may_be_empty = plan.get("empty", True)
        self._default = plan.get("default", ABSENT)
        self._style = plan.get("style", "")
        self._explode = plan.get("explode", False)
        self._shape = plan.get("shape", "")
        self._content = plan.get("content", "")

    def take(self, values: Values, into: dict[str, Any], faults: Faults) -> None:
        """Puts the field's value, or its default, into a dictionary, or adds what is wrong."""
        value = self.read(values)
        if value is ABSENT:
            if self._required:
                faults.add(self.name, "is required")
            elif self._default is not ABSENT:
                into[self.name] = self._default
        elif value is NOT_JSON:
            faults.add(self.name, "must be JSON")
        elif value == "" and not self._may_be_empty:
            faults.add(self.name, "must not be empty")
        else:
            into[self.name] = value
            try:
                self.schema.check(value, self.name, faults)
            except RecursionError:
                faults.add(self.name, "is nested too deeply")
            faults.memory.clear()  # it knows values by identity, and parts of this one may go

    def read(self, values: Values) -> Any:
        """The value, each part in its schema's type if it has the form of one, or as text."""
        if self._is_spread:
            pairs = [(self._property(key), values[key][-1]) for key in self.names(values)]
            return self._object(pairs) if pairs else ABSENT
        texts = values.get(self._key)
        if not texts:
            return ABSENT
        if self._shape == "array":
            is_repeated = self._style == "form" and self._explode
            parts = texts if is_repeated else self._split(texts[-1])
            items = self._first("items")
            return [typed(part, items) for part in parts]
        if self._shape == "object":
            return self._object(self._pairs(self._split(texts[-1])))
        text = self._decoded(texts[-1].removeprefix(self._prefix()))
        return _document(text, self._content) if self._content else typed(text, self.schema)

    def names(self, values: Values) -> list[str]:
        """The names whose texts this field reads."""
        if self._is_spread:
            return [key for key in values if self._property(key)]
        return [self._key]

    def _prefix(self) -> str:
        if self._style == "label":
            return "."
        if self._style == "matrix":
            return ";" if self._shape == "object" and self._explode else f";{self.name}="
        return ""

    def _split(self, text: str) -> list[str]:
        separator = SEPARATORS.get(self._style, ",")
        prefix = self._prefix()
        if prefix and self._explode:
            separator = prefix
        parts = text.removeprefix(prefix).split(separator)
        return [self._decoded(part) for part in parts]

    def _decoded(self, text: str) -> str:
        if self.place == "path":
            return unquote(text)  # after the split: an encoded separator is a part of the value
        if self.place == "header":
            return text.strip(" \t")  # around commas (RFC 9110, 5.6.1)
        return text

    def _pairs(self, parts: list[str]) -> list[tuple[str, str]]:
        if not self._explode:
            return [*zip(parts[::2], [*parts[1::2], ""], strict=False)]
        split = [part.partition("=") for part in parts]
        return [(name, text) for name, _, text in split]

    @property
    def _is_spread(self) -> bool:
        """Whether each property of an object has a name of its own in the query."""
        return self._shape == "object" and self._explode and self._style in ("form", "deepObject")

    def _property(self, key: str) -> str:
        """The property that a name belongs to; empty if there is none."""
        if self._style == "deepObject":
            match = re.fullmatch(re.escape(self.name) + r"\[([^\[\]]+)\]", key)
            return match[1] if match else ""
        is_known = any(key in schema.properties for schema in _parts(self.schema))
        return key if is_known else ""

    def _object(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        additional = self._first("additional")
        value = {}
        for name, text in pairs:
            member = additional
            for schema in _parts(self.schema):
                member = schema.properties.get(name, member)
            value[name] = typed(text, member)
        return value

    def _first(self, attribute: str) -> Schema | None:
        for schema in _parts(self.schema):
            if getattr(schema, attribute):
                first: Schema = getattr(schema, attribute)
                return first
        return None


def typed(text: str, schema: Schema | None) -> Any:
    """The value that the text is by its schema; the text itself if it is none, which the schema's
    check then refuses.
    """
    try:
        return _cast(text, schema) if schema else text
    except ValueError:
        return text


def _cast(text: str, schema: Schema) -> Any:
    """Raises ValueError if the text does not have the form of the schema's type."""
    if schema.type == "boolean" and text in BOOLEANS:
        return BOOLEANS[text]
    if schema.type in ("integer", "number") and INTEGER.fullmatch(text):
        return int(text)
    if schema.type == "number" and NUMBER.fullmatch(text):
        is_exact = schema.format == "decimal"
        return strict_json.decimal_of(text) if is_exact else strict_json.float_of(text)
    if schema.type == "string":
        return text
    if schema.type:
        raise ValueError(text)
    value: Any = text
    for part in schema.all_of:
        if isinstance(value, str):
            value = typed(value, part)
    for choice in schema.choices:
        try:
            return _cast(text, choice)
        except ValueError:
            continue
    return value


def _parts(schema: Schema) -> Iterator[Schema]:
    yield schema
    for part in (*schema.all_of, *schema.choices):
        yield from _parts(part)


def _document(text: str, content: str) -> Any:
    if content == "text":
        return text
    try:
        return strict_json.parse(text.encode())
    except (ValueError, RecursionError):
        return NOT_JSON


def cookies(header: str) -> dict[str, list[str]]:
    """The values of each cookie of a request (RFC 6265, 4.2.1)."""
    values: dict[str, list[str]] = {}
    for pair in re.split("[;,]", header):  # a comma where two headers were joined
        name, _, value = pair.strip().partition("=")
        values.setdefault(name, []).append(value.strip('"'))
    return values
