"""What of OpenAPI 3.0 the functions check, stated once.

`compiled` turns one operation of a spec into the data that contract.py checks requests by: at build
time (Makefile), or in memory where nothing was built. `gaps` lists what of a spec lies outside. The
load error of a function, the findings of `samspec drift` and specs/contract.md all come from here.

This file needs only the standard library and no other file: samspec.sam.dialect is a link to it,
so that drift can say of any valid OpenAPI 3.0 document (`gaps(spec)`, places as keys from the top)
what functions with this contract would not check. A project whose functions check requests in
another way, without api/contract.py, is not concerned.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ANY_METHOD = "x-amazon-apigateway-any-method"

# Keywords of schemas, and what each of them makes the functions do.
KEYWORDS = {
    "type": "string, number, integer, boolean, array or object",
    "nullable": "null is valid next to `type`",
    "enum": "one of the listed values",
    "minimum": "the least number",
    "maximum": "the greatest number",
    "exclusiveMinimum": "true: `minimum` itself is not valid",
    "exclusiveMaximum": "true: `maximum` itself is not valid",
    "multipleOf": "in decimal, so that 19.99 is a multiple of 0.01",
    "minLength": "in characters",
    "maxLength": "in characters",
    "pattern": "found anywhere in the text, unless anchored; `$` is the very end",
    "format": "those of the next table; any other format is a comment",
    "items": "the schema of each item",
    "minItems": "the fewest items",
    "maxItems": "the most items",
    "uniqueItems": "no item is repeated",
    "properties": "the schemas of the properties",
    "required": "except for properties that are `readOnly`",
    "additionalProperties": "false, or the schema of the other properties",
    "minProperties": "the fewest properties",
    "maxProperties": "the most properties",
    "allOf": "every one of the schemas",
    "anyOf": "at least one of the schemas",
    "oneOf": "exactly one of the schemas",
    "not": "not the schema",
    "discriminator": "its property chooses the one schema of oneOf or anyOf to check",
    "readOnly": "not valid in a request",
    "writeOnly": "not valid in a response (checked locally and in tests)",
    "default": "filled in: parameters, and properties at any depth of a body",
}
ANNOTATIONS = {"title", "description", "example", "externalDocs", "deprecated", "xml"}
# Keywords of JSON Schema that OpenAPI 3.0 does not have, and what to write.
INSTEAD = {
    "const": "write `enum` with one value",
    "examples": "write `example`",
    "patternProperties": "write `additionalProperties`",
    "if": "write `oneOf`",
    "then": "write `oneOf`",
    "else": "write `oneOf`",
    "prefixItems": "write `items`",
    "contains": "say it in the description, and check it in the handler",
    "propertyNames": "say it in the description, and check it in the handler",
    "dependencies": "write `oneOf`",
    "dependentRequired": "write `oneOf`",
    "$defs": "write the schema under components/schemas",
    "definitions": "write the schema under components/schemas",
}
TYPES = ("string", "number", "integer", "boolean", "array", "object")
# Formats that are checked, and how a fault names them.
FORMATS = {
    "date": "a date such as 2026-11-27",
    "date-time": "a time such as 2026-11-27T06:00:00Z",
    "time": "a time of day such as 06:00:00Z",
    "uuid": "a UUID such as 5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c",
    "email": "an e-mail address",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "byte": "base64",
    "int32": "a number of 32 bits",
    "int64": "a number of 64 bits",
    "binary": "bytes",
    "decimal": "a number; its fraction stays exact, as a Decimal",
}
# Where a parameter may be, the styles it may have there, and the types each style can carry.
STYLES = {
    ("path", "simple"): {"", "array", "object"},
    ("path", "label"): {"", "array", "object"},
    ("path", "matrix"): {"", "array", "object"},
    ("query", "form"): {"", "array", "object"},
    ("query", "spaceDelimited"): {"array", "object"},
    ("query", "pipeDelimited"): {"array", "object"},
    ("query", "deepObject"): {"object"},
    ("header", "simple"): {"", "array", "object"},
    ("cookie", "form"): {"", "array", "object"},
}
NEVER_EXPLODED = {"spaceDelimited", "pipeDelimited"}
# How bodies are read. A key with a range (`text/*`, `*/*`) reads each by what was sent.
MEDIA_TYPES = {
    "json": "`application/json` and every `+json`: strict JSON in UTF-8",
    "form": "`application/x-www-form-urlencoded`: an object, each field in its type",
    "multipart": "`multipart/form-data`: an object, files as bytes",
    "text": "`text/*`, XML and YAML: the text, as one string",
    "bytes": "everything else: the bytes, unchecked",
}
SCHEMA_LISTS = ("allOf", "anyOf", "oneOf")
BOOLEANS = ("nullable", "exclusiveMinimum", "exclusiveMaximum", "uniqueItems", "readOnly")
COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
NUMBERS = ("minimum", "maximum", "multipleOf")
Place = tuple[str | int, ...]
Node = Mapping[str, Any]


@dataclass(frozen=True)
class Gap:
    """Something that the functions do not check: its place in the spec, as keys from the top, and
    what to do about it."""

    operation: str
    place: Place
    reason: str

    def __str__(self) -> str:
        return f"{pointer(self.place)}: {self.reason}"


class OutsideDialect(Exception):
    """An operation that the functions cannot check as its spec says."""

    def __init__(self, operation: str, gaps: list[Gap]) -> None:
        lines = "".join(f"\n  {gap}" for gap in gaps)
        super().__init__(f"{operation} uses what the functions do not check:{lines}")
        self.gaps = gaps


def operations(spec: Node) -> Iterator[tuple[str, Place]]:
    """The operationId and the place of each operation that has one."""
    for path, item in (spec.get("paths") or {}).items():
        for method in (*METHODS, ANY_METHOD):
            operation = (item or {}).get(method)
            if isinstance(operation, Mapping) and "operationId" in operation:
                yield str(operation["operationId"]), ("paths", path, method)


def gaps(spec: Node) -> list[Gap]:
    """What lies outside, in every operation that has an operationId."""
    found = []
    for operation, place in operations(spec):
        compiler = _Compiler(spec, operation)
        compiler.operation(place)
        found += compiler.gaps
    return found


def compiled(spec: Node, operation: str) -> dict[str, Any]:
    """The operation's parameters, body and schemas, as JSON. Raises OutsideDialect; LookupError if
    the spec has no such operation."""
    for name, place in operations(spec):
        if name == operation:
            compiler = _Compiler(spec, operation)
            plan = compiler.operation(place)
            if compiler.gaps:
                raise OutsideDialect(operation, compiler.gaps)
            return plan
    raise LookupError(f"the spec has no operation {operation!r}")


def pointer(place: Place) -> str:
    """A place as a JSON pointer in a URL's fragment: #/paths/~1users/get."""
    escaped = (str(key).replace("~", "~0").replace("/", "~1") for key in place)
    return "/".join(["#", *escaped])


def media_kind(media_type: str) -> str:
    """Which of MEDIA_TYPES reads a body of this type, written in lower case."""
    if re.fullmatch(r"application/json|text/json|[^/]+/[^/]+\+json", media_type):
        return "json"
    if media_type == "application/x-www-form-urlencoded":
        return "form"
    if media_type == "multipart/form-data":
        return "multipart"
    if re.fullmatch(r"text/.*|application/(xml|yaml)|[^/]+/[^/]+\+(xml|yaml)", media_type):
        return "text"
    return "bytes"


class _Compiler:
    def __init__(self, spec: Node, operation: str) -> None:
        self._spec = spec
        self._operation = operation
        self._schemas: dict[str, Any] = {}
        self.gaps: list[Gap] = []

    def operation(self, place: Place) -> dict[str, Any]:
        node = self._at(place)
        item = self._at(place[:-1])
        parameters: dict[tuple[str, str], dict[str, Any]] = {}
        for owner, where in (
            (item, place[:-1]),
            (node, place),
        ):  # the operation's replace the item's
            for number, parameter in enumerate(owner.get("parameters") or ()):
                plan = self._parameter(parameter, (*where, "parameters", number))
                parameters[plan["in"], plan["name"]] = plan
        body = None
        if "requestBody" in node:
            body = self._body(node["requestBody"], (*place, "requestBody"))
        return {"parameters": [*parameters.values()], "body": body, "schemas": self._schemas}

    def _gap(self, place: Place, reason: str) -> None:
        gap = Gap(self._operation, place, reason)
        if gap not in self.gaps:
            self.gaps.append(gap)

    def _at(self, place: Place) -> Any:
        node: Any = self._spec
        for key in place:
            node = node[key]
        return node

    def _resolve(self, node: Any, place: Place) -> tuple[Any, Place]:
        """What a node, or the references that start from it, leads to, and where that is."""
        seen = set()
        while isinstance(node, Mapping) and "$ref" in node:
            reference = node["$ref"]
            if place in seen:
                self._gap(place, f"{reference} leads back to itself")
                return {}, place
            seen.add(place)
            if not isinstance(reference, str) or not reference.startswith("#/"):
                self._gap(place, f"{reference} is in another file: API Gateway imports one file")
                return {}, place
            try:
                target = self._target(reference)
                node = self._at(target)
            except (LookupError, TypeError, ValueError):
                self._gap(place, f"{reference} leads nowhere")
                return {}, place
            place = target
        return node, place

    def _target(self, reference: str) -> Place:
        target: list[str | int] = []
        node: Any = self._spec
        for key in unquote(reference).removeprefix("#/").split("/"):
            name: str | int = key.replace("~1", "/").replace("~0", "~")
            if isinstance(node, list):
                name = int(name)
            node = node[name]
            target.append(name)
        return tuple(target)

    def _parameter(self, node: Any, place: Place) -> dict[str, Any]:
        node, place = self._resolve(node, place)
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
            self._gap(place, "a parameter needs a schema")
        style = node.get("style") or ("form" if where in ("query", "cookie") else "simple")
        explode = node.get("explode", style in ("form", "deepObject"))
        field = self._field(node.get("schema", {}), (*place, "schema"), style, explode)
        self._check_style(where, field, place)
        empty = bool(node.get("allowEmptyValue"))
        return plan | field | {"empty": empty or where != "query"}

    def _content_parameter(self, content: Node, place: Place) -> dict[str, Any]:
        media_type, media = next(iter(content.items()))
        place = (*place, media_type)
        kind = media_kind(media_type.lower())
        if kind not in ("json", "text"):
            self._gap(place, "the content of a parameter is JSON or text")
        schema = self._schema(media.get("schema", {}), (*place, "schema"))
        return {"content": kind, "schema": schema, "empty": True}

    def _field(self, node: Any, place: Place, style: str, explode: bool) -> dict[str, Any]:
        """How a parameter, or a field of a form, is written and what it holds."""
        schema = self._schema(node, place)
        kind = self._shape(node, place)
        field: dict[str, Any] = {"style": style, "explode": explode, "schema": schema}
        if kind in ("array", "object"):
            field["shape"] = kind
            self._check_members(node, place)
        elif self._shapes(node, place) & {"array", "object"}:
            self._gap(place, "a value that may be a list or an object, or not, has no one form")
        resolved, _ = self._resolve(node, place)
        if isinstance(resolved, Mapping) and "default" in resolved:
            field["default"] = resolved["default"]
        return field

    def _check_style(self, where: str, field: Node, place: Place) -> None:
        style, shape = field["style"], field.get("shape", "")
        carried = STYLES.get((where, style))
        if carried is None:
            self._gap(place, f"style {style} is not one of a {where} parameter")
        elif shape not in carried:
            self._gap(place, f"style {style} does not carry a value of this type")
        elif style in NEVER_EXPLODED and field["explode"]:
            self._gap(place, f"style {style} is not exploded: write explode: false")
        elif style == "deepObject" and not field["explode"]:
            self._gap(place, "style deepObject is always exploded: write explode: true")

    def _check_members(self, node: Any, place: Place) -> None:
        """Lists and objects in URLs and forms hold single values."""
        for schema, where in self._parts(node, place):
            members = [*(schema.get("properties") or {}).items()]
            if "items" in schema:
                members.append(("items", schema["items"]))
            for name, member in members:
                inner = (*where, name) if name == "items" else (*where, "properties", name)
                if self._shapes(member, inner) & {"array", "object"}:
                    self._gap(inner, "a list or object inside another has no form here")

    def _parts(
        self, node: Any, place: Place, keywords: tuple[str, ...] = SCHEMA_LISTS
    ) -> Iterator[tuple[Node, Place]]:
        """The schema and those that it is composed of, references followed."""
        waiting, seen = [(node, place)], set()
        while waiting:
            schema, where = self._resolve(*waiting.pop())
            if where in seen or not isinstance(schema, Mapping):
                continue
            seen.add(where)
            yield schema, where
            for keyword in keywords:
                for number, part in enumerate(schema.get(keyword) or ()):
                    waiting.append((part, (*where, keyword, number)))

    def _shapes(self, node: Any, place: Place) -> set[str]:
        shapes = {str(schema.get("type", "")) for schema, _ in self._parts(node, place)}
        return shapes - {""}

    def _shape(self, node: Any, place: Place) -> str:
        """The type that a schema, or any schema of its allOf, states; empty if none does."""
        shape = ""
        for schema, _ in self._parts(node, place, ("allOf",)):
            implied = "object" if "properties" in schema else ""
            shape = shape or str(schema.get("type", implied))
        return shape

    def _body(self, node: Any, place: Place) -> dict[str, Any]:
        node, place = self._resolve(node, place)
        content = {}
        for key, media in (node.get("content") or {}).items():
            media_type = str(key).partition(";")[0].strip().lower()
            where = (*place, "content", key)
            if not re.fullmatch(r"\*/\*|[^/*\s]+/(\*|[^/*\s]+)", media_type):
                self._gap(where, f"{key} is not a media type or a range such as text/*")
            if media_type in content:
                self._gap(where, "another key has this media type: its parameters are not read")
            content[media_type] = self._media(media_type, media or {}, where)
        if not content:
            self._gap(place, "a request body needs content")
        return {"required": bool(node.get("required")), "content": content}

    def _media(self, media_type: str, media: Node, place: Place) -> dict[str, Any]:
        kind = "" if media_type.endswith("/*") else media_kind(media_type)
        plan: dict[str, Any] = {"kind": kind}  # of a range, only a request tells
        if "schema" not in media:
            return plan
        schema, where = media["schema"], (*place, "schema")
        plan["schema"] = self._schema(schema, where)
        plan["completes"] = self._completes(plan["schema"])
        shapes = self._shapes(schema, where)
        if kind == "text" and shapes - {"string"}:
            self._gap(where, f"a body of {media_type} is a text: write type: string")
        if kind == "bytes":
            self._check_bytes(schema, where)
        if kind in ("form", "multipart"):
            if shapes - {"object"}:
                self._gap(where, "a form is an object: write type: object")
            plan["fields"] = self._fields(kind, schema, where, media.get("encoding") or {}, place)
        return plan

    def _check_bytes(self, node: Any, place: Place) -> None:
        checked = {"type", "format", "nullable", "readOnly", "writeOnly", "default"}
        for schema, where in self._parts(node, place):
            is_text = schema.get("type", "string") == "string"
            for keyword in [*schema] if is_text else ["type"]:
                if not is_text or (keyword in KEYWORDS and keyword not in checked):
                    reason = "these bytes are not checked: write type: string, format: binary"
                    self._gap((*where, keyword), reason)

    def _fields(
        self, kind: str, node: Any, place: Place, encodings: Node, media: Place
    ) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for schema, where in self._parts(node, place):
            for name, member in (schema.get("properties") or {}).items():
                encoding = encodings.get(name) or {}
                inner = (*where, "properties", name)
                if "headers" in encoding:
                    self._gap(
                        (*media, "encoding", name, "headers"), "headers of parts are not read"
                    )
                fields.setdefault(name, self._form_field(kind, member, inner, encoding))
        return fields

    def _form_field(self, kind: str, node: Any, place: Place, encoding: Node) -> dict[str, Any]:
        style = encoding.get("style", "form")
        explode = encoding.get("explode", style in ("form", "deepObject"))
        if kind == "multipart" and not {"style", "explode"} & encoding.keys():
            shape = self._shape(node, place)
            field = {"schema": self._schema(node, place), "repeated": shape == "array"}
            member, where = self._resolve(node, place)
            if shape == "array":
                member, where = self._resolve(member.get("items", {}), (*where, "items"))
            field["content"] = self._part_kind(member, where, encoding)
            return field
        field = self._field(node, place, style, explode)
        if style != "form" or field.get("shape") == "object":
            self._check_style("query", field, place)
        return field

    def _part_kind(self, member: Any, place: Place, encoding: Node) -> str:
        if "contentType" in encoding and "," not in encoding["contentType"]:
            return media_kind(encoding["contentType"].lower())
        shape = self._shape(member, place)
        if shape in ("object", "array"):
            return "json"
        is_bytes = isinstance(member, Mapping) and member.get("format") in ("binary", "base64")
        return "bytes" if is_bytes else "value"

    def _completes(self, plan: Any) -> bool:
        """Whether a value changes by its schema: a default, or a fraction that stays exact."""
        waiting, seen = [plan], set()
        while waiting:
            part = waiting.pop()
            if isinstance(part, list):
                waiting += part
            elif isinstance(part, dict):
                if "default" in part or part.get("format") == "decimal":
                    return True
                reference = part.get("$ref")
                if isinstance(reference, str) and reference not in seen:
                    seen.add(reference)
                    waiting.append(self._schemas.get(reference))
                waiting += part.values()
        return False

    def _schema(self, node: Any, place: Place, above: tuple[str, ...] = ()) -> dict[str, Any]:
        """`above` are the schemas of which this one is a part, by allOf and its like."""
        if not isinstance(node, Mapping):
            self._gap(place, "a schema is an object")
            return {}
        if "$ref" in node:
            resolved, target = self._resolve(node, place)
            key = pointer(target)
            if key in above:
                self._gap(place, f"{key} is a part of itself")
            elif key not in self._schemas:
                self._schemas[key] = {}  # a schema may refer to itself
                self._schemas[key] = self._schema(resolved, target, (*above, key))
            return {"$ref": key}
        plan = {}
        for keyword, value in node.items():
            if keyword in KEYWORDS:
                plan[keyword] = self._keyword(keyword, value, (*place, keyword), above)
            elif keyword not in ANNOTATIONS and not str(keyword).startswith("x-"):
                advice = INSTEAD.get(keyword, "it is checked by nothing")
                self._gap((*place, keyword), f"OpenAPI 3.0 has no keyword {keyword}: {advice}")
        if "items" not in plan and plan.get("type") == "array":
            self._gap(place, "an array needs `items`, the schema of its items")
        if plan.pop("discriminator", None) and plan.keys() & {"oneOf", "anyOf"}:
            plan["discriminator"] = self._discriminator(node, place)
        return plan

    def _keyword(self, keyword: str, value: Any, place: Place, above: tuple[str, ...]) -> Any:
        if keyword in SCHEMA_LISTS:
            parts = enumerate(value)
            return [self._schema(part, (*place, number), above) for number, part in parts]
        if keyword == "not":
            return self._schema(value, place, above)
        if keyword == "items":
            return self._schema(value, place)
        if keyword == "additionalProperties":
            return value if isinstance(value, bool) else self._schema(value, place)
        if keyword == "properties":
            return {name: self._schema(node, (*place, name)) for name, node in value.items()}
        self._check_value(keyword, value, place)
        if keyword == "pattern":
            return {"source": value, "python": python_pattern(str(value))}
        return value

    def _check_value(self, keyword: str, value: Any, place: Place) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if keyword == "type" and value not in TYPES:
            hint = "; for null, write nullable: true" if "null" in value else ""
            self._gap(place, f"type is one of {', '.join(TYPES)}{hint}")
        elif keyword in BOOLEANS and not isinstance(value, bool):
            self._gap(place, f"{keyword} is true or false in OpenAPI 3.0")
        elif keyword in NUMBERS and not is_number:
            self._gap(place, f"{keyword} is a number")
        elif keyword == "multipleOf" and value <= 0:
            self._gap(place, "multipleOf is greater than 0")
        elif keyword in COUNTS and not (is_number and value == int(value)):
            self._gap(place, f"{keyword} is a whole number")
        elif keyword in ("enum", "required") and not isinstance(value, list):
            self._gap(place, f"{keyword} is a list")
        elif keyword == "pattern":
            try:
                re.compile(python_pattern(value))
            except (re.error, TypeError) as error:
                self._gap(place, f"Python cannot read this pattern: {error}")

    def _discriminator(self, node: Node, place: Place) -> dict[str, Any]:
        """The property, and the schema for each of its values."""
        name = node["discriminator"]["propertyName"]
        mapping = {}
        for keyword in ("oneOf", "anyOf"):
            for number, part in enumerate(node.get(keyword) or ()):
                if "$ref" in part:
                    _, target = self._resolve(part, (*place, keyword, number))
                    mapping[str(target[-1])] = part
        for value, reference in (node["discriminator"].get("mapping") or {}).items():
            if "/" not in reference:
                reference = f"#/components/schemas/{reference}"
            mapping[value] = {"$ref": reference}
        where = (*place, "discriminator", "mapping")
        schemas = {value: self._schema(part, where) for value, part in mapping.items()}
        return {"propertyName": name, "mapping": schemas}


def python_pattern(pattern: str) -> str:
    """A pattern of JSON Schema for Python, whose `$` also matches before a last line feed."""
    parts = r"\\.|\[(?:\\.|[^\]\\])*\]|\$"
    return re.sub(
        parts, lambda part: r"\Z" if part[0] == "$" else part[0], pattern, flags=re.DOTALL
    )
