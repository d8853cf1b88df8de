"""The spec, as the check of one operation's requests.

dialect/statement.py states what is checked; openapi-core judges the same requests in the tests.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

from api.errors import InvalidRequest, UnsupportedMediaType
from api.faults import COUNTED, LISTED, Faults, TooMany
from api.linker import Linker
from api.media import Media, parsed
from api.parameters import Field, cookies
from api.proxy import Caller, Request

FOLDER = Path(__file__).parent.parent
PLACES = ("path", "query", "header", "cookie")
NO_BODY: Mapping[str, Any] = {"required": False, "content": {}}


class Arguments(NamedTuple):
    """A valid request's values: parameters by the spec's names, in the types of their schemas,
    defaults filled in. `body` is None if there is none; `media_type` is what it was sent as.
    `target` is the path of the request's URL, with the stage or base path. `caller` is None where
    the operation is open.
    """

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    header: Mapping[str, Any]
    cookie: Mapping[str, Any] = MappingProxyType({})
    body: Any = None
    media_type: str = ""
    target: str = ""
    caller: Caller | None = None

    @property
    def subject(self) -> str | None:
        """The caller's name, where callers are known."""
        return self.caller.subject if self.caller else None


class Contract:
    def __init__(self, plan: Mapping[str, Any]) -> None:
        """`plan` is what dialect.compiled made."""
        linker = Linker(plan["schemas"])
        self._parameters: dict[str, list[Field]] = {}
        for parameter in plan["parameters"]:
            fields = self._parameters.setdefault(parameter["in"], [])
            fields.append(Field(parameter, linker))
        body = plan["body"] or NO_BODY
        self._body_required: bool = body["required"]
        self._media = {key: Media(media, linker) for key, media in body["content"].items()}

    @classmethod
    def of(cls, operation_id: str) -> "Contract":
        """Raises LookupError if the spec has no such operation, OutsideDialect if the functions
        cannot check it.
        """
        path = built(operation_id, FOLDER)
        if path.exists():
            return cls(json.loads(path.read_bytes()))
        from api import build  # not on Lambda: it reads YAML

        return cls(build.plan(operation_id, FOLDER))

    def check(self, request: Request) -> Arguments:
        """Raises InvalidRequest with the faults of the parameters, or else of the body;
        UnsupportedMediaType; InvalidJson.
        """
        arguments: dict[str, dict[str, Any]] = {place: {} for place in PLACES}
        faults = []
        for place, parameters in self._parameters.items():
            part = Faults(place)
            values = _values(request, place)
            for parameter in parameters:
                parameter.take(values, arguments[place], part)
            faults.append(part)
        _raise_if_any(faults)
        media_type, options = parsed(request.header.get("content-type", ""))
        return Arguments(
            **arguments,
            body=self._body(request.body, media_type, options) if self._media else None,
            media_type=media_type,
            target=request.target,
            caller=request.caller,
        )

    def _body(self, body: bytes, media_type: str, options: Mapping[str, str]) -> Any:
        if not body and not self._body_required:
            return None
        faults = Faults("body")
        value = None
        if body:
            with suppress(TooMany):
                value = self._chosen(media_type).read(body, media_type, options, faults)
        else:
            faults.add("", "is required")
        _raise_if_any([faults])
        return value

    def _chosen(self, media_type: str) -> Media:
        """By the most specific key that fits."""
        for key in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
            if key in self._media:
                return self._media[key]
        raise UnsupportedMediaType([*self._media])


def built(operation_id: str, folder: Path) -> Path:
    """Where `sam build` leaves what it makes of an operation (build.py)."""
    return folder / "contracts" / f"{quote(operation_id, safe='')}.json"


def _raise_if_any(parts: list[Faults]) -> None:
    listed = []
    for part in parts:
        listed += part.listed
    if listed:
        more = sum(part.more for part in parts) + len(listed[LISTED:])
        raise InvalidRequest(listed[:LISTED], more, is_exact=more < COUNTED)


def _values(request: Request, place: str) -> Mapping[str, list[str]]:
    if place == "query":
        return request.query
    if place == "cookie":
        return cookies(request.header.get("cookie", ""))
    return {name: [text] for name, text in getattr(request, place).items()}
