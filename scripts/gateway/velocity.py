"""Mapping templates, by the airspeed library where a template is more than literal text."""

import base64
import json
import urllib.parse
from functools import lru_cache
from typing import Any

from gateway import variables
from gateway.errors import ProjectError


def rendered(template: str | None, known: variables.Known) -> str:
    template = template or ""
    if "$" not in template and "#" not in template:
        return template
    names = {"context": known.context, "stageVariables": known.stage, "input": Input(known), "util": Util()}
    return str(_compiled(template).merge(names))


@lru_cache
def _compiled(template: str) -> Any:
    import airspeed  # type: ignore[import-untyped] # most specs need no VTL: they should not wait for it

    return airspeed.Template(template)


def check(template: str | None, where: str) -> None:
    """Refuse a template that cannot be parsed, or that asks for what is not emulated here."""
    for name in ("$input.path(", "$util.parseJson("):
        if name in (template or ""):
            raise ProjectError(f"{where}: {name}...) is not emulated in mapping templates: use $input.params('name')")
    if template and "#" in template:
        try:
            _compiled(template).merge({})
        except Exception as error:
            raise ProjectError(f"{where}: the mapping template cannot be read: {str(error).splitlines()[0]}") from None


class Input:
    """`$input`: the request's body and parameters."""

    def __init__(self, known: variables.Known):
        self._known = known

    @property
    def body(self) -> str:
        return self._known.request.body.decode("utf-8", "replace")

    def params(self, name: str | None = None) -> Any:
        """One parameter, from path, then query, then headers; or all of them."""
        request = self._known.request
        if name is None:
            query, headers = dict(request.query), dict(request.headers)
            return {"path": self._known.parameters, "querystring": query, "header": headers}
        found = self._known.parameters.get(name) or dict(request.query).get(name) or request.header(name)
        return found or ""

    def json(self, path: str) -> str:
        if path != "$":
            raise ProjectError(f"$input.json('{path}') is not emulated in mapping templates, only $input.json('$')")
        return self.body


class Util:
    """`$util`: its functions on strings."""

    def escapeJavaScript(self, text: str) -> str:  # noqa: N802
        return json.dumps(str(text))[1:-1].replace("'", "\\'")

    def urlEncode(self, text: str) -> str:  # noqa: N802
        return urllib.parse.quote_plus(str(text))

    def urlDecode(self, text: str) -> str:  # noqa: N802
        return urllib.parse.unquote_plus(str(text))

    def base64Encode(self, text: str) -> str:  # noqa: N802
        return base64.b64encode(str(text).encode()).decode()

    def base64Decode(self, text: str) -> str:  # noqa: N802
        return base64.b64decode(str(text)).decode("utf-8", "replace")
