"""Mapping templates, by the airspeed library if a template is more than literal text.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

import base64
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from samspec.gateway import jsonpath
from samspec.sam.errors import ProjectError


class TemplateFailed(Exception):
    """A template met a value that it cannot work with."""


def rendered(template: str, names: Callable[[], Mapping[str, Any]]) -> str:
    """The template with its variables, which `names` gives if it has any.

    Raises TemplateFailed for one that uses what is not there, because API Gateway fails too.
    """
    if "$" not in template and "#" not in template:
        return template
    try:
        return str(_compiled(template).merge(dict(names())))
    except Exception as error:  # whatever a method of a template's values raises
        cause = getattr(error, "__cause__", None) or getattr(error, "__context__", None) or error
        raise TemplateFailed(f"the mapping template fails: {cause}") from error


@lru_cache
def _compiled(template: str) -> Any:
    _teach_java()
    import airspeed  # type: ignore[import-untyped] # most definitions need no VTL

    return airspeed.Template(template)


def check(template: str) -> None:
    """Raise a ProjectError for a template that cannot be parsed."""
    if "#" not in template and "$" not in template:
        return
    try:
        _compiled(template).ensure_compiled()
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise ProjectError(f"the mapping template cannot be read: {reason}") from None


class Map(dict[str, Any]):
    """A JSON object, with the methods of Java's maps."""

    def size(self) -> int:
        return len(self)

    def isEmpty(self) -> bool:  # noqa: N802
        return not self

    def keySet(self) -> "List":  # noqa: N802
        return List(self)

    def entrySet(self) -> "List":  # noqa: N802
        return List(Map(key=key, value=value) for key, value in self.items())

    def containsKey(self, key: str) -> bool:  # noqa: N802
        return key in self

    def put(self, key: str, value: Any) -> Any:
        former = self.get(key)
        self[key] = value
        return "" if former is None else former

    def putAll(self, values: Mapping[str, Any]) -> str:  # noqa: N802
        self.update(values)
        return ""

    def remove(self, key: str) -> Any:
        return self.pop(key, "")

    def __str__(self) -> str:
        return "{" + ", ".join(f"{key}={_java(value)}" for key, value in self.items()) + "}"


class List(list[Any]):
    """A JSON array, with the methods of Java's lists."""

    def size(self) -> int:
        return len(self)

    def isEmpty(self) -> bool:  # noqa: N802
        return not self

    def get(self, index: int) -> Any:
        return self[index]

    def contains(self, value: Any) -> bool:
        return value in self

    def add(self, value: Any) -> bool:
        self.append(value)
        return True

    def set(self, index: int, value: Any) -> Any:
        former, self[index] = self[index], value
        return former

    def __str__(self) -> str:
        return json.dumps(self, separators=(",", ":"))


def wrapped(value: Any) -> Any:
    """A JSON value as templates see it."""
    if isinstance(value, Mapping):
        return Map({key: wrapped(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return List(map(wrapped, value))
    return value


def _java(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


class Input:
    """`$input`: a body, and the request's parameters by place."""

    def __init__(self, body: str, parameters: Mapping[str, Mapping[str, str]]):
        self.body = body
        self._parameters = parameters

    def params(self, name: str | None = None) -> Any:
        """One parameter, from path, then query, then headers; or all of them, or those of a place.

        `$input.params('x')` of an absent x is empty.
        """
        if name is None:
            return wrapped(self._parameters)
        if name in self._parameters:
            return wrapped(self._parameters[name])
        for place in self._parameters.values():
            if name in place:
                return place[name]
        return ""

    def path(self, path: str) -> Any:
        """What a JSONPath finds in the body, to work with; empty if nothing."""
        value = self._found(path)
        return "" if value in (jsonpath.MISSING, None) else wrapped(value)

    def json(self, path: str) -> str:
        """What a JSONPath finds in the body, as JSON; an empty string if nothing."""
        value = self._found(path)
        if value is jsonpath.MISSING:
            return '""'
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

    def _found(self, path: str) -> Any:
        try:
            body = json.loads(self.body or "{}")
        except ValueError:
            return jsonpath.MISSING
        return jsonpath.find(body, path)


class Util:
    """`$util`: its functions on strings."""

    def escapeJavaScript(self, text: Any) -> str:  # noqa: N802
        return json.dumps(str(text))[1:-1].replace("'", "\\'")

    def urlEncode(self, text: str) -> str:  # noqa: N802
        return quote_plus(str(text))

    def urlDecode(self, text: str) -> str:  # noqa: N802
        return unquote_plus(str(text))

    def base64Encode(self, text: str) -> str:  # noqa: N802
        return base64.b64encode(str(text).encode()).decode()

    def base64Decode(self, text: str) -> str:  # noqa: N802
        return base64.b64decode(str(text)).decode("utf-8", "replace")

    def parseJson(self, text: str) -> Any:  # noqa: N802
        return wrapped(json.loads(text))


@lru_cache
def _teach_java() -> None:
    """Java's methods of strings and maps, as far as airspeed has none of the name."""
    from airspeed import operators

    operators.__additional_methods__[dict] |= {
        "containsKey": lambda values, key: key in values,
        "entrySet": lambda values: Map(values).entrySet(),
        "isEmpty": lambda values: not values,
        "remove": lambda values, key: values.pop(key, ""),
        "size": len,
    }
    operators.__additional_methods__[str] |= {
        "concat": lambda text, other: text + str(other),
        "endsWith": lambda text, suffix: text.endswith(suffix),
        "equals": lambda text, other: text == other,
        "equalsIgnoreCase": lambda text, other: text.lower() == str(other).lower(),
        "indexOf": lambda text, part: text.find(part),
        "isEmpty": lambda text: not text,
        "lastIndexOf": lambda text, part: text.rfind(part),
        "toLowerCase": lambda text: text.lower(),
        "toString": lambda text: text,
        "toUpperCase": lambda text: text.upper(),
        "trim": lambda text: text.strip(),
    }
