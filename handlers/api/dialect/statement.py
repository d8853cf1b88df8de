"""The statement: keywords, formats, styles and media types that the functions check."""

import re

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


def media_form(media_type: str) -> str:
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
