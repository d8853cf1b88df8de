"""Request bodies of each media type; dialect.MEDIA_TYPES lists them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from api import strict_json
from api.errors import InvalidJson
from api.faults import Faults
from api.linker import Linker
from api.parameters import ABSENT, Field, typed
from api.schema import Schema, completed

MOST_FIELDS = 10_000  # of one form; more are a 400

Options = Mapping[str, str]  # of a Content-Type header, such as charset


class Upload(bytes):
    """A file in a multipart form."""

    filename: str | None = None
    media_type: str | None = None


class _Unreadable(Exception):
    """A body, or a field of it, that is not what its media type says."""

    def __init__(self, detail: str, field: str = "") -> None:
        self.detail = detail
        self.field = field


class Media:
    """What a body of one media type, or of a range of them, must be."""

    def __init__(self, plan: Mapping[str, Any], linker: Linker) -> None:
        self._schema = linker.schema(plan["schema"]) if "schema" in plan else None
        self._form: str = plan["form"]
        self._completes = plan.get("completes", False)
        self._fields: dict[str, Field] = {}
        self._parts: dict[str, _Part] = {}
        for name, field in plan.get("fields", {}).items():
            if "repeated" in field:
                self._parts[name] = _Part({"name": name, **field}, linker)
            else:
                self._fields[name] = Field({"name": name, **field}, linker)

    def read(self, body: bytes, media_type: str, options: Options, faults: Faults) -> Any:
        """The value of a body of that type, with the options of its Content-Type; adds what is
        wrong with it. Raises InvalidJson.
        """
        form = self._form or _form_of(media_type)
        try:
            value = READERS[form](self, body, options)
        except _Unreadable as unreadable:
            return faults.add(unreadable.field, unreadable.detail)
        if self._schema is None or form == "bytes":
            return value
        try:
            self._schema.check(value, "", faults)
            if self._completes and not faults.listed:
                value = completed([self._schema], value, faults)
        except RecursionError:
            faults.add("", "is nested too deeply")
        return value

    def _json(self, body: bytes, options: Options) -> Any:
        try:
            return strict_json.parse(body, decimals=self._completes)
        except (ValueError, RecursionError) as error:
            raise InvalidJson from error

    def _text(self, body: bytes, options: Options) -> str:
        return _decoded(body, options.get("charset", "utf-8"))

    def _bytes(self, body: bytes, options: Options) -> bytes:
        return body

    def _urlencoded(self, body: bytes, options: Options) -> dict[str, Any]:
        values: dict[str, list[str]] = {}
        try:
            text = body.decode()
            pairs = parse_qsl(text, True, errors="strict", max_num_fields=MOST_FIELDS)
        except ValueError as error:
            raise _Unreadable("is not a form in UTF-8") from error
        for name, text in pairs:
            values.setdefault(name, []).append(text)
        return self._object(values)

    def _multipart(self, body: bytes, options: Options) -> dict[str, Any]:
        uploads: dict[str, list[Upload]] = {}
        for name, upload in _uploads(body, options.get("boundary", "")):
            uploads.setdefault(name, []).append(upload)
        value: dict[str, Any] = {}
        texts: dict[str, list[str]] = {}
        for name, parts in uploads.items():
            if name in self._parts:
                value[name] = self._parts[name].read(parts)
            else:
                texts[name] = [_decoded(part, "utf-8", name) for part in parts]
        return value | self._object(texts)

    def _object(self, values: Mapping[str, list[str]]) -> dict[str, Any]:
        rest = {name: texts[-1] for name, texts in values.items()}
        value: dict[str, Any] = {}
        for name, field in self._fields.items():
            read = field.read(values)
            for taken in field.names(values):
                rest.pop(taken, None)
            if read is not ABSENT:
                value[name] = read
        return rest | value


class _Part:
    """A property whose value is a part of a multipart form, or several of them."""

    def __init__(self, plan: Mapping[str, Any], linker: Linker) -> None:
        self._name: str = plan["name"]
        self._content: str = plan["content"]
        self._repeated: bool = plan["repeated"]
        schema = linker.schema(plan["schema"])
        self._schema: Schema | None = schema.items if self._repeated else schema

    def read(self, uploads: list[Upload]) -> Any:
        if self._repeated:
            return [self._value(upload) for upload in uploads]
        return self._value(uploads[-1])

    def _value(self, upload: Upload) -> Any:
        if self._content == "bytes":
            return upload
        if self._content == "json":
            try:
                return strict_json.parse(upload)
            except (ValueError, RecursionError) as error:
                raise _Unreadable("must be JSON", self._name) from error
        text = _decoded(upload, "utf-8", self._name)
        return typed(text, self._schema) if self._content == "value" else text


READERS: dict[str, Callable[[Media, bytes, Options], Any]] = {
    "json": Media._json,
    "text": Media._text,
    "bytes": Media._bytes,
    "form": Media._urlencoded,
    "multipart": Media._multipart,
}


def parsed(content_type: str) -> tuple[str, dict[str, str]]:
    """The media type in lower case, and its parameters (RFC 9110, 8.3.1)."""
    media_type, *parameters = content_type.split(";")
    options = {}
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        options[name.strip().lower()] = value.strip().strip('"')
    return media_type.strip().lower(), options


def _form_of(media_type: str) -> str:
    from api.dialect import media_form  # only for ranges: a cold start does without it

    return media_form(media_type)


def _decoded(body: bytes, charset: str, field: str = "") -> str:
    try:
        return body.decode(charset)
    except (LookupError, ValueError) as error:
        raise _Unreadable(f"must be text in {charset}", field) from error


def _uploads(body: bytes, boundary: str) -> Iterator[tuple[str, Upload]]:
    from multipart import MultipartError, MultipartSegment, PushMultipartParser

    try:
        with PushMultipartParser(boundary, len(body), max_segment_count=MOST_FIELDS) as parser:
            for event in parser.parse(body):
                if isinstance(event, MultipartSegment):
                    segment, chunks = event, []
                elif event:
                    chunks.append(event)
                else:
                    upload = Upload(b"".join(chunks))
                    upload.filename, upload.media_type = segment.filename, segment.content_type
                    yield segment.name, upload
    except MultipartError as error:
        raise _Unreadable("is not multipart/form-data") from error
