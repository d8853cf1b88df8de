"""API Gateway can import the definition, by its documented rules, and means what it says."""

import difflib
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from samspec.drift.validators import validates_bodies
from samspec.sam.documents import Keys
from samspec.sam.finding import Finding
from samspec.sam.operations import INTEGRATION, Operation
from samspec.sam.references import steps
from samspec.sam.written import WrittenApi

COMPOSED = {"allOf", "anyOf", "oneOf"}
# What API Gateway's models, which are JSON Schema draft 4, leave out of their validation.
UNSUPPORTED = {
    "discriminator",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "minItems",
    "nullable",
    "readOnly",
    "writeOnly",
}
EXTENSION = "x-amazon-apigateway-"
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
EXTENSIONS = [
    EXTENSION + name
    for name in [
        "any-method",
        "api-key-source",
        "auth",
        "authorizer",
        "authtype",
        "binary-media-types",
        "cors",
        "documentation",
        "endpoint-access-mode",
        "endpoint-configuration",
        "gateway-responses",
        "importexport-version",
        "integration",
        "integrations",
        "minimum-compression-size",
        "policy",
        "request-validator",
        "request-validators",
        "security-policy",
        "tag-value",
    ]
]
LITERAL = re.compile(r"[A-Za-z0-9_.,:-]+")
VARIABLE = re.compile(r"\{([^}]*?)(\+?)\}")
PARAMETER_NAME = re.compile(r"[a-zA-Z0-9:._$-]+")
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"
RESERVED = ("/ping", "/sping")
MOST_BYTES = 6 * 1024 * 1024
MOST_RESOURCES = 300
Fault = tuple[str, Keys, str, str]


def check(api: WrittenApi) -> Iterator[Finding]:
    """The import rules of REST APIs; HTTP APIs import other parts of a definition."""
    checks = [_paths, _path_parameters, _links, _extensions]
    if api.protocol == "rest":
        checks += [_root, _names, _siblings, _models, _mapped, _gateway_responses, _sizes]
    for rule_of in checks:
        for fault in rule_of(api):
            yield api.finding(*fault)


def _extensions(api: WrittenApi) -> Iterator[Fault]:
    """A misspelled extension is one that API Gateway does not read."""
    for at, _ in api.nodes:
        key = at[-1] if at else ""
        if not key.startswith(EXTENSION) or key in EXTENSIONS:
            continue
        near = difflib.get_close_matches(key, EXTENSIONS, 1, 0.9)
        if near:
            message = f"{key} is not an extension that API Gateway reads"
            yield "import-extension", at, message, f"write {near[0]}"


def _root(api: WrittenApi) -> Iterator[Fault]:
    if api.data.get("security"):
        yield (
            "import-root-security",
            ("security",),
            "API Gateway ignores security at the root",
            "declare it on each operation",
        )
    folder = ("definitions",) if api.is_swagger else ("components", "schemas")
    schemas: Any = api.data
    for key in folder:
        schemas = schemas.get(key) if isinstance(schemas, dict) else None
    for name in schemas if isinstance(schemas, dict) else ():
        if not re.fullmatch("[A-Za-z0-9]+", name):
            yield (
                "import-model-name",
                (*folder, name),
                f"the model name {name} is not alphanumeric",
                "write letters and digits only",
            )


def _paths(api: WrittenApi) -> Iterator[Fault]:
    for path in api.paths:
        at = ("paths", path)
        if api.protocol == "http" and path == "/$default":
            continue
        if not path.startswith("/"):
            yield "import-path", at, f"the path {path} does not begin with /", f"write /{path}"
            continue
        if path in RESERVED and api.protocol == "rest":
            yield (
                "import-path",
                at,
                f"API Gateway keeps {path} for its own health checks",
                "choose another path",
            )
        segments = path.strip("/").split("/") if path.strip("/") else []
        for index, segment in enumerate(segments):
            yield from _segment(at, segment, index == len(segments) - 1)


def _segment(at: Keys, segment: str, is_last: bool) -> Iterator[Fault]:
    variable = VARIABLE.fullmatch(segment)
    if variable is None and ("{" in segment or "}" in segment):
        yield (
            "import-path-variable",
            at,
            f"{segment} is not a whole-segment parameter",
            "give it a segment of its own",
        )
    elif variable is None and not LITERAL.fullmatch(segment):
        yield (
            "import-path",
            at,
            f"API Gateway refuses the path segment {segment or '(empty)'}",
            "use letters, digits and _ - . , : only",
        )
    elif variable and not PARAMETER_NAME.fullmatch(variable[1]):
        yield (
            "import-parameter-name",
            at,
            f"API Gateway refuses the parameter name {variable[1]}",
            "use letters, digits and : . _ $ - only",
        )
    elif variable and variable[2] and not is_last:
        yield (
            "import-path-variable",
            at,
            f"{segment} takes the rest of the path, and more follows it",
            "make it the last segment",
        )


def _names(api: WrittenApi) -> Iterator[Fault]:
    for operation in api.operations:
        for parameter in api.parameters(operation):
            name = str(parameter["name"])
            if parameter["in"] in ("query", "header") and not PARAMETER_NAME.fullmatch(name):
                yield (
                    "import-parameter-name",
                    parameter_place(api, operation, parameter),
                    f"API Gateway refuses the parameter name {name}",
                    "use letters, digits and : . _ $ - only",
                )


def parameter_place(api: WrittenApi, operation: Operation, parameter: dict[str, Any]) -> Keys:
    """Where a parameter of an operation is written: there, at its path, or among components."""
    for keys in (operation.keys, ("paths", operation.path)):
        listed = api.data
        for key in keys:
            listed = listed.get(key) or {}
        for index, node in enumerate(listed.get("parameters") or []):
            if api.mapping(node) == parameter:
                return (*keys, "parameters", str(index))
    return operation.keys


def _siblings(api: WrittenApi) -> Iterator[Fault]:
    """API Gateway has one resource for `/users/{...}`, and so one name for its variable."""
    names: dict[Keys, tuple[str, str]] = {}
    for path in api.paths:
        segments = tuple(path.strip("/").split("/"))
        for index, segment in enumerate(segments):
            variable = VARIABLE.fullmatch(segment)
            if variable is None or variable[2]:
                continue
            before = tuple(VARIABLE.sub("{}", part) for part in segments[:index])
            first, where = names.setdefault(before, (segment, path))
            if first != segment:
                yield (
                    "import-sibling-variables",
                    ("paths", path),
                    f"{segment} of {path} is {first} in {where}, and API Gateway takes one name",
                    f"write {first}",
                )


def _path_parameters(api: WrittenApi) -> Iterator[Fault]:
    declares = any(p["in"] == "path" for item in api.operations for p in api.parameters(item))
    for operation in api.operations:
        variables = {name for name, _ in VARIABLE.findall(operation.path)}
        declared = {}
        for parameter in api.parameters(operation):
            if parameter["in"] == "path":
                declared[str(parameter["name"]).removesuffix("+")] = parameter
        for name in declared.keys() - variables:
            yield (
                "import-path-parameter",
                parameter_place(api, operation, declared[name]),
                f"{operation} has no {{{name}}} in its path",
                "remove the parameter, or add it to the path",
            )
        # API Gateway itself does not ask for it, so only definitions that do elsewhere need it.
        is_checked = declares and operation.method not in ("ANY", "OPTIONS")
        for name in sorted(variables - declared.keys()) if is_checked else ():
            yield (
                "import-path-parameter",
                operation.keys,
                f"{operation} does not declare {{{name}}}",
                f"declare it: name: {name}, in: path, required: true",
            )


def _models(api: WrittenApi) -> Iterator[Fault]:
    """What a body's model says and API Gateway does not check: once per keyword and API."""
    seen: dict[tuple[str, str], list[Keys]] = {}
    for operation in api.operations:
        rule = "import-model" if validates_bodies(api, operation) else "import-model-ignored"
        for at, schema in _body_schemas(api, operation):
            resolved = api.mapping(schema)
            place = _schema_place(api, at, schema)
            for keyword in COMPOSED & set(resolved):
                seen.setdefault((rule, f"{keyword} at the top of a body"), []).append(
                    (*place, keyword)
                )
            if rule == "import-model":
                for where, inner in within(api, place, resolved, set()):
                    for keyword in UNSUPPORTED & set(inner):
                        seen.setdefault((rule, keyword), []).append((*where, keyword))
    for (rule, keyword), places in seen.items():
        if rule == "import-model-ignored" and ("import-model", keyword) in seen:
            continue
        more = f" (and {len(set(places)) - 1} more places)" if len(set(places)) > 1 else ""
        if rule == "import-model":
            fix = (
                "turn body validation off (the functions check it), or write the schema without it"
            )
        else:
            fix = "nothing to fix as long as the functions check bodies; spell it out to validate"
        yield rule, places[0], f"API Gateway's models ignore {keyword}{more}", fix


def _body_schemas(api: WrittenApi, operation: Operation) -> Iterator[tuple[Keys, Any]]:
    for media, content in api.contents(operation).items():
        if isinstance(content, dict) and isinstance(content.get("schema"), dict):
            at = (*operation.keys, "requestBody", "content", media, "schema")
            yield at, content["schema"]
    for index, node in enumerate(operation.node.get("parameters") or []):
        parameter = api.mapping(node)
        if parameter.get("in") == "body" and isinstance(parameter.get("schema"), dict):
            yield (*operation.keys, "parameters", str(index), "schema"), parameter["schema"]


def _schema_place(api: WrittenApi, at: Keys, schema: Any) -> Keys:
    while isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        at = tuple(steps(schema["$ref"]))
        schema = api.target(schema["$ref"])
    return at


def within(
    api: WrittenApi, at: Keys, schema: Any, seen: set[int]
) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """A schema and those in it, through references, each with its place."""
    at, schema = _schema_place(api, at, schema), api.resolve(schema)
    if not isinstance(schema, dict) or id(schema) in seen:
        return
    seen.add(id(schema))
    yield at, schema
    for key in ("items", "additionalProperties", "not"):
        if isinstance(schema.get(key), dict):
            yield from within(api, (*at, key), schema[key], seen)
    properties = schema.get("properties")
    for name, inner in properties.items() if isinstance(properties, dict) else ():
        yield from within(api, (*at, "properties", name), inner, seen)
    for key in sorted(COMPOSED):
        for index, inner in enumerate(schema.get(key) or []):
            yield from within(api, (*at, key, str(index)), inner, seen)


def _links(api: WrittenApi) -> Iterator[Fault]:
    by_id = {operation.id: operation for operation in api.operations}
    for operation in api.operations:
        for status, response in api.responses(operation).items():
            links = response.get("links")
            for name, node in links.items() if isinstance(links, dict) else ():
                at = (*operation.keys, "responses", status, "links", name)
                yield from _link(api, at, name, api.mapping(node), response, by_id)
    used = set(by_id)
    components = api.data.get("components")
    shared = components.get("links") if isinstance(components, dict) else None
    for name, node in shared.items() if isinstance(shared, dict) else ():
        identifier = api.mapping(node).get("operationId")
        if identifier is not None and identifier not in used:
            yield (
                "link-operation",
                ("components", "links", name),
                f"the link {name} leads to {identifier}, which is not an operation",
                "name an operation's operationId",
            )


def _link(
    api: WrittenApi,
    at: Keys,
    name: str,
    link: dict[str, Any],
    response: dict[str, Any],
    by_id: dict[str, Operation],
) -> Iterator[Fault]:
    target = by_id.get(str(link.get("operationId")))
    if target is None:
        components = api.data.get("components") or {}
        if (
            link.get("operationId") is not None
            and link not in (components.get("links") or {}).values()
        ):
            yield (
                "link-operation",
                at,
                f"the link {name} leads to {link['operationId']}, which is not an operation",
                "name an operation's operationId",
            )
        return
    taken = {str(parameter["name"]) for parameter in api.parameters(target)}
    for parameter, expression in (link.get("parameters") or {}).items():
        plain_name = str(parameter).partition(".")[2] or str(parameter)
        if plain_name not in taken and parameter not in taken:
            yield (
                "link-parameter",
                at,
                f"the link {name} gives {target.id} the parameter {parameter}, which it lacks",
                f"give one of {', '.join(sorted(taken)) or 'none'}",
            )
        elif not _leads_somewhere(api, str(expression), response):
            yield (
                "link-parameter",
                at,
                f"the link {name} reads {expression}, which the response does not have",
                "name a property of the response's schema",
            )


def _leads_somewhere(api: WrittenApi, expression: str, response: dict[str, Any]) -> bool:
    """Whether a `$response.body#/...` expression names a property of the documented body."""
    if expression.startswith("$response.header."):
        names = {str(name).lower() for name in response.get("headers") or {}}
        return expression.removeprefix("$response.header.").lower() in names
    if not expression.startswith("$response.body#/"):
        return True
    content = response.get("content") or {}
    schemas = [media.get("schema") for media in content.values() if isinstance(media, dict)]
    inner = expression.partition("#/")[2].split("/")
    return any(_has(api, schema, inner) for schema in schemas) or not schemas


def _has(api: WrittenApi, schema: Any, path: list[str]) -> bool:
    schema = api.mapping(schema)
    if not path or not schema:
        return True
    members = [inner for key in COMPOSED for inner in schema.get(key) or []]
    if any(_has(api, inner, path) for inner in members):
        return True
    if path[0].isdecimal() and "items" in schema:
        return _has(api, schema["items"], path[1:])
    properties = schema.get("properties") or {}
    if path[0] in properties:
        return _has(api, properties[path[0]], path[1:])
    # An open object may have the property, unless it lists others.
    return not members and not properties and schema.get("type", "object") == "object"


def _mapped(api: WrittenApi) -> Iterator[Fault]:
    """What an integration response sets has to be declared on the method, or the import fails."""
    for operation in api.operations:
        responses = operation.integration.get("responses")
        for key, response in responses.items() if isinstance(responses, dict) else ():
            if not isinstance(response, dict) or operation.integration.get("type") == "aws_proxy":
                continue
            at = (*operation.keys, INTEGRATION, "responses", key)
            yield from _mapped_response(api, operation, at, response)


def _mapped_response(
    api: WrittenApi, operation: Operation, at: Keys, response: dict[str, Any]
) -> Iterator[Fault]:
    status = str(response.get("statusCode", "200"))
    documented = api.responses(operation).get(status)
    if documented is None:
        if isinstance(response.get("statusCode"), dict):
            return  # an intrinsic function
        yield (
            "import-mapped-status",
            at,
            f"{operation} responds with {status}, which it does not document",
            "document the status",
        )
        return
    headers = documented.get("headers") or {}
    by_name = {str(name).lower(): (name, node) for name, node in headers.items()}
    for key in response.get("responseParameters") or {}:
        header = str(key).removeprefix("method.response.header.")
        if header == key:
            continue  # the quotes and keys of values are another module's
        if header.lower() not in by_name:
            yield (
                "import-mapped-header",
                (*at, "responseParameters", key),
                f"{operation} sets {header}, which its {status} does not declare",
                "declare the header",
            )
            continue
        name, node = by_name[header.lower()]
        if isinstance(node, dict) and "$ref" in node:
            yield (
                "import-header-reference",
                (*operation.keys, "responses", status, "headers", name),
                f"{operation} sets {header}, whose declaration is a $ref",
                "write the header in place: an importer that drops the reference refuses the API",
            )


def _gateway_responses(api: WrittenApi) -> Iterator[Fault]:
    for name in api.data.get(GATEWAY_RESPONSES) or {}:
        if name not in response_types():
            yield (
                "gateway-response-type",
                (GATEWAY_RESPONSES, name),
                f"{name} is not a gateway response type",
                f"name one of {', '.join(_nearest(name))}",
            )
        elif name == "REQUEST_TOO_LARGE":
            yield (
                "gateway-response-fixed",
                (GATEWAY_RESPONSES, name),
                "API Gateway does not let REQUEST_TOO_LARGE be customized",
                "remove it: the 413 keeps API Gateway's own body",
            )


def _nearest(name: str) -> list[str]:
    import difflib

    return difflib.get_close_matches(name, response_types(), 1) or ["API Gateway's types"]


@cache
def response_types() -> tuple[str, ...]:
    """API Gateway's own list, from the model of its service."""
    from botocore.loaders import Loader

    model = Loader().load_service_model("apigateway", "service-2")
    return tuple(model["shapes"]["GatewayResponseType"]["enum"])


def _sizes(api: WrittenApi) -> Iterator[Fault]:
    import json

    resources = set()
    for path in api.paths:
        for index in range(path.strip("/").count("/") + 1):
            resources.add(tuple(path.strip("/").split("/")[: index + 1]))
    if len(resources) > MOST_RESOURCES:
        yield (
            "import-size",
            ("paths",),
            f"{len(resources)} path segments, and an API has {MOST_RESOURCES} resources by default",
            "ask AWS for a higher quota, or split the API",
        )
    if len(api.data.get("paths") or {}) > MOST_RESOURCES / 2:
        size = len(json.dumps(api.data, default=str))
        if size > MOST_BYTES:
            yield (
                "import-size",
                (),
                f"the definition has {size} bytes, and API Gateway imports {MOST_BYTES} at most",
                "split the API",
            )
