"""Mapping templates, by the airspeed library where a template is more than literal text."""

import base64
import json
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from samspec.gateway import variables
from samspec.sam.errors import ProjectError

UNKNOWN = (
    "$input.path(",
    "$input.json(",
    "$util.parseJson(",
    "$util.urlDecode(",
    "$util.base64Decode(",
)


def rendered(template: str, known: variables.Known) -> str:
    if "$" not in template and "#" not in template:
        return template
    names = {
        "context": known.context,
        "stageVariables": known.stage,
        "input": Input(known),
        "util": Util(),
    }
    return str(_compiled(template).merge(names))


@lru_cache
def _compiled(template: str) -> Any:
    import airspeed  # type: ignore[import-untyped] # most specs need no VTL: they should not wait for it

    return airspeed.Template(template)


def check(template: str) -> None:
    """Refuse a template that cannot be parsed, or that asks for what is not emulated here."""
    if unknown := [name for name in UNKNOWN if name in template]:
        raise ProjectError(f"{unknown[0]}...) is not emulated in mapping templates")
    if "#" in template:
        try:
            _compiled(template).merge({})
        except Exception as error:
            raise ProjectError(
                f"the mapping template cannot be read: {str(error).splitlines()[0]}"
            ) from None


class Input:
    """`$input`: the request's body and parameters."""

    def __init__(self, known: variables.Known):
        self.body = known.request.body.decode("utf-8", "replace")
        self._places = (known.parameters, dict(known.request.query), dict(known.request.headers))

    def params(self, name: str | None = None) -> Any:
        """One parameter, from path, then query, then headers; or all of them."""
        if name is None:
            return dict(zip(("path", "querystring", "header"), self._places, strict=True))
        return next((place[name] for place in self._places if name in place), "")


class Util:
    """`$util`: its functions on strings."""

    def escapeJavaScript(self, text: str) -> str:  # noqa: N802
        return json.dumps(str(text))[1:-1].replace("'", "\\'")

    def urlEncode(self, text: str) -> str:  # noqa: N802
        return quote_plus(str(text))

    def base64Encode(self, text: str) -> str:  # noqa: N802
        return base64.b64encode(str(text).encode()).decode()
