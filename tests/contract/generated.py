"""OpenAPI documents and requests for them, made at random: parameters of every style, types,
formats, composition, bodies. A request is often valid, and often nearly so.
"""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from api.proxy import Request
from hypothesis import strategies as st
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

Draw = st.DrawFn
Schema = dict[str, Any]

TEXTS = ["", "a", "ab", "0", "-1", "12", "1.5", "true", "false", "null", "x y", "é", "2026-11-27"]
FORMATTED = {
    "date": "2024-02-29",
    "date-time": "2026-11-23T01:26:38Z",
    "uuid": "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c",
    "byte": "YQ==",
    "email": "a@b",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "phone": "1",
}
PATTERNS = ["^a", "b$", "^[0-9]+$", "^$", "[^x]"]
NAMES = ["a", "b", "c"]
COMPONENTS = [f"#/components/schemas/{name}" for name in ("A", "B", "C")]


@dataclass
class Sent:
    """A request, in pieces."""

    path: dict[str, str] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    header: dict[str, str] = field(default_factory=dict)
    cookie: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""
    path_keys: dict[str, str] = field(default_factory=dict)  # by openapi-core's names

    def ours(self) -> Request:
        query: dict[str, list[str]] = {}
        for name, value in self.query:
            query.setdefault(name, []).append(value.replace("%20", " "))
        header = dict(self.header)
        if self.content_type:
            header["content-type"] = self.content_type
        if self.cookie:
            header["cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookie.items())
        path = {name: quote(text, safe=",;=.") for name, text in self.path.items()}
        return Request(path, query, header, self.body)


class Theirs:
    """The same as openapi-core's protocol has it."""

    host_url = "http://localhost"
    method = "post"
    path = path_pattern = "/things/{p}"

    def __init__(self, sent: Sent) -> None:
        self.body = sent.body or None
        self.content_type = sent.content_type
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(sent.query),
            header=Headers(list(sent.header.items())),
            cookie=ImmutableMultiDict(sent.cookie),
            path={**sent.path, **sent.path_keys},
        )


@st.composite
def primitives(draw: Draw) -> Schema:
    return draw(st.just({"type": "boolean"}) | strings() | numbers("integer") | numbers("number"))


@st.composite
def strings(draw: Draw) -> Schema:
    schema: Schema = {"type": "string"}
    keyword = draw(st.sampled_from(["format", "pattern", "length", "enum", "none"]))
    if keyword == "format":
        schema["format"] = draw(st.sampled_from(sorted(FORMATTED)))
    elif keyword == "pattern":
        schema["pattern"] = draw(st.sampled_from(PATTERNS))
    elif keyword == "length":
        schema["minLength"] = draw(st.integers(0, 2))
        schema["maxLength"] = draw(st.integers(1, 3))
    elif keyword == "enum":
        schema["enum"] = draw(st.lists(st.sampled_from(TEXTS), min_size=1, unique=True))
    return schema


@st.composite
def numbers(draw: Draw, value_type: str) -> Schema:
    schema: Schema = {"type": value_type}
    for bound in draw(st.sets(st.sampled_from(["minimum", "maximum"]))):
        schema[bound] = draw(st.integers(-2, 13))
        if draw(st.booleans()):
            schema[f"exclusive{bound.title()}"] = draw(st.booleans())
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.sampled_from([1, 2, 3, 0.5]))
    if value_type == "integer" and draw(st.booleans()):
        schema["format"] = draw(st.sampled_from(["int32", "int64"]))
    return schema


@st.composite
def schemas(draw: Draw, depth: int = 2) -> Schema:
    """Of JSON: any."""
    forms = ["primitive", "primitive", "enum", "free"]
    if depth:
        forms += ["array", "object", "object", "composed", "composed", "reference"]
    form = draw(st.sampled_from(forms))
    if form == "reference":
        return {"$ref": draw(st.sampled_from(COMPONENTS))}
    if form == "enum":
        choices = draw(st.lists(values(), min_size=1, max_size=3))
        return {"enum": choices}
    schema = draw(primitives()) if form == "primitive" else {}
    if form == "array":
        schema = {"type": "array", "items": draw(schemas(depth - 1))}
        for bound in draw(st.sets(st.sampled_from(["minItems", "maxItems"]))):
            schema[bound] = draw(st.integers(0, 2))
        schema["uniqueItems"] = draw(st.booleans())
    elif form == "object":
        schema = draw(objects(depth))
    elif form == "composed":
        keyword = draw(st.sampled_from(["allOf", "anyOf", "oneOf", "not"]))
        parts = draw(st.lists(schemas(depth - 1), min_size=1, max_size=3))
        schema = {keyword: parts[0] if keyword == "not" else parts}
    if draw(st.integers(0, 3)) == 0:
        schema["nullable"] = draw(st.booleans())
    return schema


@st.composite
def objects(draw: Draw, depth: int) -> Schema:
    names = draw(st.sets(st.sampled_from(NAMES)))
    schema: Schema = {"type": "object"}
    schema["properties"] = {name: draw(schemas(depth - 1)) for name in sorted(names)}
    for member in schema["properties"].values():
        if "$ref" not in member and draw(st.integers(0, 5)) == 0:
            member[draw(st.sampled_from(["readOnly", "writeOnly"]))] = draw(st.booleans())
    if draw(st.booleans()):
        schema["required"] = sorted(draw(st.sets(st.sampled_from(NAMES), min_size=1)))
    if draw(st.booleans()):
        schema["additionalProperties"] = draw(st.booleans() | schemas(depth - 1))
    for bound in draw(st.sets(st.sampled_from(["minProperties", "maxProperties"]))):
        schema[bound] = draw(st.integers(0, 2))
    return schema


def values() -> st.SearchStrategy[Any]:
    """Any JSON value, small."""
    leaves = (
        st.none()
        | st.booleans()
        | st.integers(-3, 14)
        | st.sampled_from([0.5, 1.0, -1.5, 2**31, 2**63])
        | st.sampled_from([*TEXTS, *FORMATTED.values()])
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
        ),
        max_leaves=4,
    )


@st.composite
def likely(draw: Draw, schema: Schema, components: dict[str, Schema], depth: int = 6) -> Any:
    """A value that has a good chance of being valid."""
    if depth == 0 or draw(st.integers(0, 9)) == 7:
        return draw(values())
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return draw(likely(components[name], components, depth - 1))
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword in schema:
            part = draw(st.sampled_from(schema[keyword]))
            return draw(likely(part, components, depth - 1))
    if schema.get("nullable") and draw(st.integers(0, 3)) == 0:
        return None
    value_type = schema.get("type")
    if value_type == "array":
        items = likely(schema["items"], components, depth - 1)
        return draw(st.lists(items, max_size=3))
    if value_type == "object":
        names = set(schema.get("required", ())) | draw(st.sets(st.sampled_from(NAMES), max_size=2))
        properties = schema["properties"]
        return {
            name: draw(likely(properties.get(name, {}), components, depth - 1))
            for name in sorted(names)
        }
    texts = [FORMATTED.get(schema.get("format", ""), "a"), *TEXTS]
    simple: dict[Any, st.SearchStrategy[Any]] = {
        "string": st.sampled_from(texts),
        "integer": st.integers(-3, 14),
        "number": st.integers(-3, 14) | st.sampled_from([0.5, 1.5, 2.25]),
        "boolean": st.booleans(),
    }
    return draw(simple.get(value_type, values()))


SINGLE = [("path", "simple", False), ("query", "form", True), ("header", "simple", False)]
SINGLE += [("cookie", "form", True), ("path", "label", False), ("path", "matrix", False)]
LISTS = [("query", "form", True), ("query", "form", False), ("query", "spaceDelimited", False)]
LISTS += [("query", "pipeDelimited", False), ("header", "simple", False), ("path", "simple", False)]
LISTS += [("path", "label", False), ("path", "label", True), ("path", "matrix", False)]
LISTS += [("path", "matrix", True), ("cookie", "form", False)]
OBJECTS = [("query", "form", False), ("query", "pipeDelimited", False), ("header", "simple", True)]
OBJECTS += [("query", "deepObject", True), ("path", "simple", True), ("path", "label", True)]
OBJECTS += [("header", "simple", False), ("path", "matrix", True), ("path", "simple", False)]


@st.composite
def single(draw: Draw) -> Schema:
    """Schemas of one value in a URL."""
    form = draw(st.sampled_from(["primitive"] * 4 + ["anyOf", "oneOf", "allOf", "enum"]))
    if form == "primitive":
        return draw(primitives())
    if form == "enum":
        return {"enum": draw(st.lists(st.sampled_from(TEXTS), min_size=1, unique=True))}
    parts = draw(st.lists(primitives(), min_size=1, max_size=2))
    types = {part["type"] for part in parts}
    if {"integer", "number"} <= types:  # a known difference
        parts = parts[:1]
    return {form: parts}


@st.composite
def parameters(draw: Draw, name: str, place: str | None = None) -> dict[str, Any]:
    shape = draw(st.sampled_from(["", "", "array", "object"]))
    styles = {"": SINGLE, "array": LISTS, "object": OBJECTS}[shape]
    if place:
        styles = [style for style in styles if style[0] == place]
    else:
        styles = [style for style in styles if style[0] != "path"]
    where, style, explode = draw(st.sampled_from(styles))
    if shape == "array":
        schema: Schema = {"type": "array", "items": draw(single())}
        schema["maxItems"] = draw(st.integers(1, 3))
    elif shape == "object":
        properties = {member: draw(primitives()) for member in draw(st.sets(st.sampled_from("xy")))}
        schema = {"type": "object", "properties": dict(sorted(properties.items()))}
        if draw(st.booleans()):
            schema["required"] = ["x"]
        if draw(st.booleans()):
            schema["additionalProperties"] = False
    else:
        schema = draw(single())
    required = where == "path" or draw(st.booleans())
    parameter = {"in": where, "name": name, "required": required, "schema": schema}
    if (style, explode) not in (("simple", False), ("form", True)) or draw(st.booleans()):
        parameter |= {"style": style, "explode": explode}
    if where == "query" and not shape and draw(st.integers(0, 5)) == 0:
        document = {"application/json": {"schema": draw(schemas(1))}}
        return {"in": where, "name": name, "required": required, "content": document}
    return parameter


def plain(value: Any) -> str:
    """A value as a text in a URL."""
    if isinstance(value, str):
        return value
    return json.dumps(value)


@st.composite
def filled(draw: Draw, parameter: dict[str, Any], components: dict[str, Schema], sent: Sent) -> Any:
    """Puts the parameter into the request."""
    if not parameter["required"] and draw(st.integers(0, 2)) == 0:
        return
    if parameter["in"] != "path" and draw(st.integers(0, 9)) == 7:
        return
    name = parameter["name"]
    if "content" in parameter:
        schema = parameter["content"]["application/json"]["schema"]
        sent.query.append((name, json.dumps(draw(likely(schema, components)))))
        return
    schema, place = parameter["schema"], parameter["in"]
    style = parameter.get("style", "form" if place in ("query", "cookie") else "simple")
    explode = parameter.get("explode", style in ("form", "deepObject"))
    value = draw(likely(schema, components))
    value_type = schema.get("type")
    if value_type == "array":
        value = value if isinstance(value, list) else [value]
        texts = [clean(plain(member)) for member in value] or ["a"]
        if place == "query" and style == "form" and explode:
            sent.query += [(name, text) for text in texts]
            return
        separators = {"spaceDelimited": "%20", "pipeDelimited": "|"}
        exploded = {"label": ".", "matrix": f";{name}="}.get(style, ",")
        text = (exploded if explode else separators.get(style, ",")).join(texts)
    elif value_type == "object":
        value = value if isinstance(value, dict) else {"x": value}
        pairs = [(key, clean(plain(member))) for key, member in value.items()] or [("x", "1")]
        if style == "deepObject":
            sent.query += [(f"{name}[{key}]", text) for key, text in pairs]
            return
        separators = {"spaceDelimited": "%20", "pipeDelimited": "|", "label": ".", "matrix": ";"}
        separator = separators.get(style, ",") if explode or style[-1] == "d" else ","
        members = [f"{key}={text}" for key, text in pairs]
        if not explode:
            members = [part for pair in pairs for part in pair]
        text = separator.join(members)
    else:
        text = clean(plain(value)) if style != "form" else plain(value)
    put(sent, place, name, style, explode, value_type == "object", text)


def put(
    sent: Sent, place: str, name: str, style: str, explode: bool, spread: bool, text: str
) -> None:
    if place == "path":
        prefix = {"label": ".", "matrix": ";" if spread and explode else f";{name}="}
        text = prefix.get(style, "") + text
        sent.path[name] = text
        key = {"label": f".{name}", "matrix": f";{name}"}.get(style, name)
        sent.path_keys[key + ("*" if explode and style != "simple" else "")] = text
    elif place == "query":
        sent.query.append((name, text))
    elif place == "header":
        sent.header[name.lower()] = text.strip()
    else:
        sent.cookie[name] = clean(text).replace('"', "").strip()


def clean(text: str) -> str:
    """Without the separators of any style, which would make it several values."""
    for separator in ",;=.|&% \n[]{}":
        text = text.replace(separator, "")
    return text


JSON_TYPES = ["application/json", "application/merge-patch+json"]
FORM = "application/x-www-form-urlencoded"


@st.composite
def operations(draw: Draw) -> dict[str, Any]:
    """A document with one operation, POST /things/{p}."""
    unaliased = schemas(1).filter(lambda schema: "$ref" not in schema)
    components = {name: draw(unaliased) for name in "ABC"}
    item = [draw(parameters("p", "path"))]
    if draw(st.booleans()):
        item.append(draw(parameters("shared")))
    own = [draw(parameters(f"q{number}")) for number in range(draw(st.integers(0, 3)))]
    operation: dict[str, Any] = {"operationId": "do", "parameters": own, "responses": {}}
    if draw(st.integers(0, 3)):
        content = {}
        for media_type in draw(
            st.sets(st.sampled_from([*JSON_TYPES, "text/plain", FORM]), min_size=1, max_size=2)
        ):
            content[media_type] = {"schema": draw(body_schemas(media_type))}
        operation["requestBody"] = {"required": draw(st.booleans()), "content": content}
    return {
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "paths": {"/things/{p}": {"parameters": item, "post": operation}},
        "components": {"schemas": components},
    }


@st.composite
def body_schemas(draw: Draw, media_type: str) -> Schema:
    if media_type in JSON_TYPES:
        return draw(schemas())
    if media_type == "text/plain":
        return draw(primitives().filter(lambda schema: schema["type"] == "string"))
    properties = {}
    for name in draw(st.sets(st.sampled_from("xy"), min_size=1)):
        member = draw(primitives())
        properties[name] = {"type": "array", "items": member} if draw(st.booleans()) else member
    schema: Schema = {"type": "object", "properties": dict(sorted(properties.items()))}
    if "x" in properties and draw(st.booleans()):
        schema["required"] = ["x"]
    return schema


@st.composite
def requests(draw: Draw, spec: dict[str, Any]) -> Sent:
    item, components = spec["paths"]["/things/{p}"], spec["components"]["schemas"]
    sent = Sent()
    for parameter in (*item["parameters"], *item["post"]["parameters"]):
        draw(filled(parameter, components, sent))
    body = item["post"].get("requestBody")
    if body and draw(st.integers(0, 9)):
        media_type = draw(st.sampled_from(sorted(body["content"])))
        schema = body["content"][media_type]["schema"]
        value = draw(likely(schema, components))
        if media_type == FORM:
            sent.body = form(value)
        else:
            text = value if media_type == "text/plain" and isinstance(value, str) else None
            sent.body = (json.dumps(value) if text is None else text).encode()
        sent.content_type = draw(
            st.sampled_from([media_type, f"{media_type}; charset=utf-8", media_type, "image/png"])
        )
    return sent


def form(value: Any) -> bytes:
    texts = {}
    for name, member in value.items() if isinstance(value, dict) else ():
        parts = member if isinstance(member, list) else [member]
        texts[name] = [plain(part) for part in parts]
    return urlencode(texts, doseq=True).encode()
