"""Request bodies of the spec, as data that media.py reads requests by."""

import re
from collections.abc import Mapping
from typing import Any

from .document import Document, Node, Place
from .parameters import Parameters
from .schemas import Schemas
from .statement import KEYWORDS, media_form


class Bodies:
    def __init__(self, document: Document, schemas: Schemas) -> None:
        self._document = document
        self._schemas = schemas
        self._parameters = Parameters(document, schemas)

    def compiled(self, node: Any, place: Place) -> dict[str, Any]:
        node, place = self._document.resolve(node, place)
        content = {}
        for key, media in (node.get("content") or {}).items():
            media_type = str(key).partition(";")[0].strip().lower()
            where = (*place, "content", key)
            if not re.fullmatch(r"\*/\*|[^/*\s]+/(\*|[^/*\s]+)", media_type):
                self._document.gap(where, f"{key} is not a media type or a range such as text/*")
            if media_type in content:
                self._document.gap(
                    where, "another key has this media type: its parameters are not read"
                )
            content[media_type] = self._media(media_type, media or {}, where)
        if not content:
            self._document.gap(place, "a request body needs content")
        return {"required": bool(node.get("required")), "content": content}

    def _media(self, media_type: str, media: Node, place: Place) -> dict[str, Any]:
        form = "" if media_type.endswith("/*") else media_form(media_type)
        plan: dict[str, Any] = {"form": form}  # of a range, only a request tells
        if "schema" not in media:
            return plan
        schema, where = media["schema"], (*place, "schema")
        plan["schema"] = self._schemas.compiled(schema, where)
        plan["completes"] = self._schemas.completes(plan["schema"])
        shapes = self._document.shapes(schema, where)
        if form == "text" and shapes - {"string"}:
            self._document.gap(where, f"a body of {media_type} is a text: write type: string")
        if form == "bytes":
            self._check_bytes(schema, where)
        if form in ("form", "multipart"):
            if shapes - {"object"}:
                self._document.gap(where, "a form is an object: write type: object")
            plan["fields"] = self._fields(form, schema, where, media.get("encoding") or {}, place)
        return plan

    def _check_bytes(self, node: Any, place: Place) -> None:
        checked = {"type", "format", "nullable", "readOnly", "writeOnly", "default"}
        for schema, where in self._document.parts(node, place):
            is_text = schema.get("type", "string") == "string"
            for keyword in [*schema] if is_text else ["type"]:
                if not is_text or (keyword in KEYWORDS and keyword not in checked):
                    reason = "these bytes are not checked: write type: string, format: binary"
                    self._document.gap((*where, keyword), reason)

    def _fields(
        self, form: str, node: Any, place: Place, encodings: Node, media: Place
    ) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for schema, where in self._document.parts(node, place):
            for name, member in (schema.get("properties") or {}).items():
                encoding = encodings.get(name) or {}
                inner = (*where, "properties", name)
                if "headers" in encoding:
                    self._document.gap(
                        (*media, "encoding", name, "headers"), "headers of parts are not read"
                    )
                fields.setdefault(name, self._form_field(form, member, inner, encoding))
        return fields

    def _form_field(self, form: str, node: Any, place: Place, encoding: Node) -> dict[str, Any]:
        style = encoding.get("style", "form")
        explode = encoding.get("explode", style in ("form", "deepObject"))
        if form == "multipart" and not {"style", "explode"} & encoding.keys():
            shape = self._document.shape(node, place)
            field = {"schema": self._schemas.compiled(node, place), "repeated": shape == "array"}
            member, where = self._document.resolve(node, place)
            if shape == "array":
                member, where = self._document.resolve(member.get("items", {}), (*where, "items"))
            field["content"] = self._part_kind(member, where, encoding)
            return field
        field = self._parameters.field(node, place, style, explode)
        if style != "form" or field.get("shape") == "object":
            self._parameters.check_style("query", field, place)
        return field

    def _part_kind(self, member: Any, place: Place, encoding: Node) -> str:
        if "contentType" in encoding and "," not in encoding["contentType"]:
            return media_form(encoding["contentType"].lower())
        shape = self._document.shape(member, place)
        if shape in ("object", "array"):
            return "json"
        is_bytes = isinstance(member, Mapping) and member.get("format") in ("binary", "base64")
        return "bytes" if is_bytes else "value"
