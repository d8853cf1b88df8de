"""Check 1, second half: API Gateway can import the spec (its documented rules), and the functions read it alike."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from samspec.sam.documents import Keys, nodes
from samspec.sam.finding import Finding
from samspec.sam.operations import INTEGRATION
from samspec.sam.project import Project

COMPOSED = {"allOf", "anyOf", "oneOf"}
# What API Gateway's models (JSON Schema draft 4, less some) do not know; the second line is OpenAPI's own.
UNSUPPORTED = {
    "discriminator",
    "example",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "readOnly",
    "default",
}
UNSUPPORTED |= {"nullable", "writeOnly", "xml"}
PARAMETER = re.compile(r"\{[\w.:-]+\+?\}")
CLASS = re.compile(r"\[(?:\\.|[^\]\\])*\]")
ESCAPED = re.compile(r"\\(.)")
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"
VALIDATOR = "x-amazon-apigateway-request-validator"
Fault = tuple[Keys, str, str]


def check(project: Project) -> Iterator[Finding]:
    for rule in (_root, _schemas, _paths, _bodies, _links, _mapped_headers, _gateway_responses):
        for fault in rule(project):
            yield project.spec.finding(*fault)


def _root(project: Project) -> Iterator[Fault]:
    if "security" in project.spec.data:
        yield (
            ("security",),
            "API Gateway ignores security at the root",
            "declare it on each operation",
        )
    for name in project.spec.data.get("components", {}).get("schemas", {}):
        if not re.fullmatch("[A-Za-z0-9]+", name):
            at = ("components", "schemas", name)
            yield at, f"the model name {name} is not alphanumeric", "write letters and digits alone"


def _schemas(project: Project) -> Iterator[Fault]:
    is_body_validated = any(validator.get("validateRequestBody") for validator in _used(project))
    for at, node in nodes(project.spec.data):
        component = at[:2] == ("components", "schemas") and len(at) == 3
        if isinstance(node, dict) and (
            component or (at[-1:] == ("schema",) and at[-2] != "properties")
        ):
            for inner, schema in _within(at, node):
                model = component or "content" in at  # and not of a parameter or header
                for key, differs, mend in (
                    *_pattern(str(schema.get("pattern", ""))),
                    *(_model(schema) if model else ()),
                ):
                    if key == "nullable" and not is_body_validated:
                        continue  # only the functions check bodies, and they know it
                    yield (*inner, key), differs, mend


def _used(project: Project) -> list[dict[str, Any]]:
    """The validators that operations, or the whole API, ask for."""
    spec = project.spec.data
    names = {spec.get(VALIDATOR)} | {o.node.get(VALIDATOR) for o in project.operations}
    validators = spec.get(f"{VALIDATOR}s") or {}
    return [validators[name] for name in names if name in validators]


def _within(at: Keys, schema: dict[str, Any]) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """A schema and those in it."""
    yield at, schema
    for key in ("items", "additionalProperties", "not", "properties", *COMPOSED):
        for keys, node in nodes(schema.get(key)):
            deep = 1 if key == "properties" or key in COMPOSED else 0
            if len(keys) == deep and isinstance(node, dict):
                yield from _within((*at, key, *keys), node)


def _model(schema: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for keyword in sorted(UNSUPPORTED & set(schema)):
        yield keyword, f"models do not know {keyword}", "state it otherwise, or in the description"
    if schema.get("format") in ("int32", "int64"):
        yield (
            "format",
            f"models do not know the format {schema['format']}",
            "write minimum and maximum",
        )


def _pattern(pattern: str) -> Iterator[tuple[str, str, str]]:
    try:
        re.compile(pattern)
    except re.error as error:
        yield "pattern", f"the pattern is no regular expression ({error})", "mend it"
    if any("$" in ESCAPED.sub("", found) for found in CLASS.findall(pattern)):
        yield (
            "pattern",
            "a $ in a character class is an anchor to the functions' validator",
            r"write \x24",
        )
    for letter in sorted(set("dwsDWSbB") & set(ESCAPED.findall(pattern))):
        yield (
            "pattern",
            rf"\{letter} means other characters in Python than in ECMA-262",
            "write the characters out",
        )


def _paths(project: Project) -> Iterator[Fault]:
    for path in project.spec.data["paths"]:
        for segment in path.split("/"):
            if "{" in segment and not PARAMETER.fullmatch(segment):
                yield (
                    ("paths", path),
                    f"{segment} is not a whole-segment parameter",
                    "give it a segment of its own",
                )
    for operation in project.operations:
        for parameter in project.parameters(operation):
            name = parameter["name"]
            if parameter["in"] == "path" and f"{{{name}}}" not in operation.path.replace("+}", "}"):
                yield (
                    operation.keys,
                    f"{operation} has no {{{name}}} in its path",
                    "remove the parameter or add it there",
                )


def _bodies(project: Project) -> Iterator[Fault]:
    for operation in project.proxies:
        bodies: dict[Keys, Any] = {
            ("requestBody",): project.resolve(operation.node.get("requestBody", {}))
        }
        bodies |= {
            ("responses", status): response
            for status, response in project.responses(operation).items()
        }
        for at, body in bodies.items():
            for content in body.get("content", {}).values():
                for found in COMPOSED & set(project.resolve(content.get("schema", {}))):
                    differs = f"API Gateway ignores {found} at the top of a body"
                    yield (*operation.keys, *at), differs, "spell the schema out"


def _links(project: Project) -> Iterator[Fault]:
    known = {operation.id for operation in project.operations}
    for at, node in nodes(project.spec.data):
        if (
            at[-2:-1] == ("links",)
            and isinstance(node, dict)
            and node.get("operationId", next(iter(known))) not in known
        ):
            yield (
                at,
                f"the link {at[-1]} leads to {node['operationId']}, which is no operation",
                "name one",
            )


def _mapped_headers(project: Project) -> Iterator[Fault]:
    """A header that an integration sets has to be declared on the method, or the import fails."""
    for operation in project.operations:
        for key, response in operation.integration.get("responses", {}).items():
            status, at = (
                str(response.get("statusCode")),
                (*operation.keys, INTEGRATION, "responses", key),
            )
            declared = project.responses(operation).get(status)
            if declared is None:
                yield at, f"{operation} answers {status}, which it does not document", "document it"
                continue
            for name in response.get("responseParameters", {}):
                header = name.removeprefix("method.response.header.")
                if header not in declared.get("headers", {}):
                    yield (
                        (*at, "responseParameters", name),
                        f"{operation} sets {header}, undeclared",
                        "declare the header",
                    )


def _gateway_responses(project: Project) -> Iterator[Fault]:
    for name in project.spec.data.get(GATEWAY_RESPONSES, {}):
        if name not in _response_types():
            yield (
                (GATEWAY_RESPONSES, name),
                f"{name} is no gateway response type",
                "name one of API Gateway's",
            )


@cache
def _response_types() -> list[str]:
    """API Gateway's own list, from the model of its service."""
    from botocore.loaders import Loader

    model = Loader().load_service_model("apigateway", "service-2")
    return list(model["shapes"]["GatewayResponseType"]["enum"])
