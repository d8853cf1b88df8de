"""Parameters of the spec, as data that parameters.py reads requests by."""

from collections.abc import Mapping
from typing import Any

from .document import Document, Node, Place
from .schemas import Schemas
from .statement import NEVER_EXPLODED, STYLES, media_form


class Parameters:
    def __init__(self, document: Document, schemas: Schemas) -> None:
        self._document = document
        self._schemas = schemas

    def of(self, place: Place) -> list[dict[str, Any]]:
        """The parameters of an operation. Its own replace those of its path item."""
        plans: dict[tuple[str, str], dict[str, Any]] = {}
        for owner in (place[:-1], place):
            for number, node in enumerate(self._document.at(owner).get("parameters") or ()):
                plan = self._parameter(node, (*owner, "parameters", number))
                plans[plan["in"], plan["name"]] = plan
        return [*plans.values()]

    def _parameter(self, node: Any, place: Place) -> dict[str, Any]:
        node, place = self._document.resolve(node, place)
        where, name = str(node.get("in")), str(node.get("name"))
        plan: dict[str, Any] = {
            "in": where,
            # API Gateway's greedy variables: {proxy+} in the path is the parameter proxy.
            "name": name.removesuffix("+") if where == "path" else name,
            "required": bool(node.get("required")),
        }
        if "content" in node:
            return plan | self._content_parameter(node["content"], (*place, "content"))
        if "schema" not in node:
            self._document.gap(place, "a parameter needs a schema")
        style = node.get("style") or ("form" if where in ("query", "cookie") else "simple")
        explode = node.get("explode", style in ("form", "deepObject"))
        field = self.field(node.get("schema", {}), (*place, "schema"), style, explode)
        self.check_style(where, field, place)
        empty = bool(node.get("allowEmptyValue"))
        return plan | field | {"empty": empty or where != "query"}

    def _content_parameter(self, content: Node, place: Place) -> dict[str, Any]:
        media_type, media = next(iter(content.items()))
        place = (*place, media_type)
        form = media_form(media_type.lower())
        if form not in ("json", "text"):
            self._document.gap(place, "the content of a parameter is JSON or text")
        schema = self._schemas.compiled(media.get("schema", {}), (*place, "schema"))
        return {"content": form, "schema": schema, "empty": True}

    def field(self, node: Any, place: Place, style: str, explode: bool) -> dict[str, Any]:
        """How a parameter, or a field of a form, is written and what it holds."""
        schema = self._schemas.compiled(node, place)
        shape = self._document.shape(node, place)
        field: dict[str, Any] = {"style": style, "explode": explode, "schema": schema}
        if shape in ("array", "object"):
            field["shape"] = shape
            self._check_members(node, place)
        elif self._document.shapes(node, place) & {"array", "object"}:
            self._document.gap(
                place, "a value that may be a list or an object, or not, has no one form"
            )
        resolved, _ = self._document.resolve(node, place)
        if isinstance(resolved, Mapping) and "default" in resolved:
            field["default"] = resolved["default"]
        return field

    def check_style(self, where: str, field: Node, place: Place) -> None:
        style, shape = field["style"], field.get("shape", "")
        carried = STYLES.get((where, style))
        if carried is None:
            self._document.gap(place, f"style {style} is not one of a {where} parameter")
        elif shape not in carried:
            self._document.gap(place, f"style {style} does not carry a value of this type")
        elif style in NEVER_EXPLODED and field["explode"]:
            self._document.gap(place, f"style {style} is not exploded: write explode: false")
        elif style == "deepObject" and not field["explode"]:
            self._document.gap(place, "style deepObject is always exploded: write explode: true")

    def _check_members(self, node: Any, place: Place) -> None:
        """Lists and objects in URLs and forms hold single values."""
        for schema, where in self._document.parts(node, place):
            members = [*(schema.get("properties") or {}).items()]
            if "items" in schema:
                members.append(("items", schema["items"]))
            for name, member in members:
                inner = (*where, name) if name == "items" else (*where, "properties", name)
                if self._document.shapes(member, inner) & {"array", "object"}:
                    self._document.gap(inner, "a list or object inside another has no form here")
