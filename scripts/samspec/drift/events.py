"""Every operation has a proxy event in the folder of events, and each event fits its operation."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.application import Application
from samspec.drift.examples import broken, parameter_fault
from samspec.drift.functions import event_routes
from samspec.sam.documents import Keys
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.written import WrittenApi, is_json

# What breaks the spec in create_user.invalid-name.json is meant to, as its name says.
INVALID = "invalid"
PLACES = {
    "path": ("pathParameters", ""),
    "query": ("queryStringParameters", "multiValueQueryStringParameters"),
    "header": ("headers", "multiValueHeaders"),
}
VERSION_2 = "2.0"  # of the payload of HTTP APIs
SAMPLE = "/{proxy+}"  # the route in events that `sam local generate-event` writes
Fault = tuple[str, Keys, str, str]


def check(application: Application) -> Iterator[Finding]:
    """Events of operations; those of other triggers are nothing that a definition knows."""
    folder = application.conventions.events
    if not application.applies(application.conventions.require_events, folder):
        return
    operations = {operation.named("_"): (api, operation) for api, operation in application.calls()}
    files = {name: _label(name, folder) for name in application.files(f"{folder}/*.json")}
    is_convention = application.conventions.require_events is True or any(
        key in operations for key, _ in files.values()
    )
    for key, (api, operation) in operations.items() if is_convention else ():
        if f"{folder}/{key}.json" not in files:
            yield api.finding(
                "event-missing",
                operation.keys,
                f"{operation.id} has no {folder}/{key}.json",
                "write it, or save a request at /_/requests",
            )
    for name, (key, label) in files.items():
        yield from _file(application, name, key, label, operations, is_convention)


def _label(name: str, folder: str) -> tuple[str, str]:
    key, *label, _ = name.removeprefix(f"{folder}/").split(".")
    return key, "".join(label)


def _file(
    application: Application,
    name: str,
    key: str,
    label: str,
    operations: Mapping[str, tuple[WrittenApi, Operation]],
    is_convention: bool,
) -> Iterator[Finding]:
    document = application.document(name)
    event = document.data
    if not _is_proxy_event(event):
        if is_convention and not event and key not in operations:
            yield Finding(name, 1, "it is empty", "write an event, or remove it", "event-form")
        if key in operations:
            yield Finding(
                name, 1, "it is not a proxy event", "save one at /_/requests", "event-form"
            )
        return
    if key in operations:
        api, operation = operations[key]
    elif _by_route(application, event) and not is_convention:
        api, operation = _by_route(application, event)[0]
    else:
        yield from _no_route(application, name, event)
        if is_convention and not _names_function(application, key):
            yield Finding(
                name,
                1,
                "it is named after no operation",
                "name it operation.json or operation.label.json",
                "event-name",
            )
        return
    for rule, at, message, fix in _faults(api, operation, event, label.startswith(INVALID)):
        yield document.finding(rule, at, message, fix)


def _by_route(
    application: Application, event: Mapping[str, Any]
) -> list[tuple[WrittenApi, Operation]]:
    """The operations with the route that an event says."""
    route = _route_of(event)
    return [pair for pair in application.calls() if (pair[1].method, pair[1].path) == route]


def _no_route(application: Application, name: str, event: Mapping[str, Any]) -> Iterator[Finding]:
    """An event of a REST API says a route that some API has; the SAM CLI's sample says none."""
    method, path = _route_of(event)
    if path in ("", SAMPLE) or not application.definitions:
        return
    routes = set()
    for api in application.definitions:
        for item in api.operations:
            routes.add((item.method, item.path))
    routes |= event_routes(application)
    if not routes & {(method, path), ("ANY", path)}:
        yield Finding(
            name,
            1,
            f"it is an event of {method} {path}, which no API has",
            "correct httpMethod and resource",
            "event-no-route",
        )


def _route_of(event: Mapping[str, Any]) -> tuple[str, str]:
    """The method and path of an event, in either form of payload; an empty path if it says none."""
    if event.get("version") == VERSION_2:
        method, _, path = str(event.get("routeKey")).partition(" ")
        return method, path
    resource = event.get("resource")
    return str(event.get("httpMethod")), resource if isinstance(resource, str) else ""


def _is_proxy_event(event: Any) -> bool:
    return isinstance(event, dict) and ("httpMethod" in event or "requestContext" in event)


def _names_function(application: Application, key: str) -> bool:
    plain = key.replace("_", "").replace("-", "").lower()
    return any(plain in name.lower() for name in application.functions)


def _faults(
    api: WrittenApi, operation: Operation, event: Mapping[str, Any], is_invalid: bool
) -> Iterator[Fault]:
    if event.get("version") != VERSION_2:
        yield from _route(operation, event)
        yield from _pairs(event)
    queries = (event.get("queryStringParameters") or {}).values()
    breaks = [*_media(api, operation, event)]
    if event.get("version") != VERSION_2 or not any("," in str(value) for value in queries):
        breaks += _parameters(api, operation, event)  # version 2 joins values by commas
    breaks += _body(api, operation, event)
    if not is_invalid:
        yield from breaks
    elif not breaks:
        yield (
            "event-valid",
            ("body",),
            f"its request is valid, and its name says {INVALID}",
            "break it, or rename the file",
        )


def _route(operation: Operation, event: Mapping[str, Any]) -> Iterator[Fault]:
    parameters = event.get("pathParameters") or {}

    def filled(match: re.Match[str]) -> str:
        return str(parameters.get(match[1], match[0]))

    path = re.sub(r"\{([^}+]+)\+?\}", filled, operation.path)
    method = event.get("httpMethod") if operation.method == "ANY" else operation.method
    outer = {"resource": operation.path, "httpMethod": method, "path": path}
    inner = {"resourcePath": operation.path, "httpMethod": method}
    context = event.get("requestContext")
    for around, where, expected in (((), event, outer), (("requestContext",), context, inner)):
        for key, value in expected.items():
            actual = where.get(key) if isinstance(where, Mapping) else None
            if around and (not isinstance(where, Mapping) or key not in where):
                continue
            if actual != value and not _is_with_base_path(key, str(actual), str(value)):
                yield (
                    "event-route-file",
                    (*around, key),
                    f"its {key} is {actual}, and the definition says {value}",
                    f"write {value}",
                )


def _is_with_base_path(key: str, actual: str, expected: str) -> bool:
    """A custom domain puts its base path before `path`; values may be percent-encoded."""
    from urllib.parse import unquote

    return key == "path" and (unquote(actual) == expected or actual.endswith(expected))


def _pairs(event: Mapping[str, Any]) -> Iterator[Fault]:
    for single, multiple in (PLACES["header"], PLACES["query"]):
        if multiple not in event or single not in event:
            continue
        last = {name: values[-1] for name, values in (event[multiple] or {}).items() if values}
        if (event[single] or {}) != last:
            yield (
                "event-pairs",
                (single,),
                f"its {single} and {multiple} differ",
                "make them say the same",
            )


def _parameters(api: WrittenApi, operation: Operation, event: Mapping[str, Any]) -> Iterator[Fault]:
    for parameter in api.parameters(operation):
        place, name = str(parameter["in"]), str(parameter["name"]).removesuffix("+")
        if place not in PLACES:
            continue
        single, multiple = PLACES[place]
        values = _values(event, single, multiple, name, place)
        if not values:
            if parameter.get("required"):
                yield (
                    "event-parameter",
                    (single,),
                    f"it has no {place} parameter {name}, which is required",
                    "add it",
                )
            continue
        fault = parameter_fault(api, parameter, values)
        if fault:
            yield (
                "event-parameter",
                (single, name),
                f"its {place} parameter {name} breaks the definition ({fault})",
                f"correct it, or name the file ....{INVALID}-why.json",
            )
    existing = {str(item["name"]) for item in api.parameters(operation) if item["in"] == "query"}
    for name in event.get("queryStringParameters") or {}:
        if name not in existing:
            yield (
                "event-parameter",
                ("queryStringParameters", name),
                f"its query parameter {name} is not one of {operation}",
                f"use {', '.join(sorted(existing)) or 'none'}",
            )


def _values(
    event: Mapping[str, Any], single: str, multiple: str, name: str, place: str
) -> list[str]:
    for key in (multiple, single):
        for other, value in (event.get(key) or {}).items() if key else ():
            if other == name or (place == "header" and other.lower() == name.lower()):
                return [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return []


def _media(api: WrittenApi, operation: Operation, event: Mapping[str, Any]) -> Iterator[Fault]:
    """Its Content-Type is one that the operation takes."""
    contents = api.contents(operation)
    if not contents or not event.get("body"):
        return
    stated = _values(event, "headers", "multiValueHeaders", "Content-Type", "header")
    actual = stated[-1].partition(";")[0].strip().lower() if stated else ""
    taken = {media.partition(";")[0].strip().lower() for media in contents}
    if not any(_fits(actual, media) for media in taken):
        yield (
            "event-media-type",
            ("headers", "Content-Type") if stated else ("headers",),
            f"its Content-Type is {actual or 'missing'}, and {operation} takes "
            f"{', '.join(sorted(taken))}",
            "write one that the operation takes",
        )


def _fits(actual: str, pattern: str) -> bool:
    if pattern in ("*/*", actual):
        return True
    return pattern.endswith("/*") and actual.startswith(pattern[:-1])


def _body(api: WrittenApi, operation: Operation, event: Mapping[str, Any]) -> Iterator[Fault]:
    schema = api.body_schema(operation)
    body = event.get("body")
    if schema is None:
        return
    stated = _values(event, "headers", "multiValueHeaders", "Content-Type", "header")
    if stated and not is_json(stated[-1]):
        return
    required = api.mapping(operation.node.get("requestBody")).get("required", False)
    if body in (None, ""):
        if required:
            yield "event-body", ("body",), "it has no body, which is required", "add one"
        return
    try:
        text = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body
        value = json.loads(text)
    except (TypeError, ValueError, binascii.Error) as error:
        fault: str | None = f"not JSON: {error}"
    else:
        fault = broken(api, schema, value)
    if fault:
        yield (
            "event-body",
            ("body",),
            f"its body breaks the definition ({fault})",
            f"correct it, or name the file ....{INVALID}-why.json",
        )
