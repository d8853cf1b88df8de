"""Browsers: what the gateway says of methods, headers and origins is what the operations have."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.application import Application
from samspec.drift.importability import GATEWAY_RESPONSES
from samspec.sam.documents import Keys
from samspec.sam.finding import Finding
from samspec.sam.operations import INTEGRATION
from samspec.sam.variants import UNKNOWN, Variant
from samspec.sam.written import WrittenApi

PREFIX = re.compile(r"(?:method\.response|gatewayresponse)\.header\.")
LISTS = {
    "allow",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
}
ORIGIN = "access-control-allow-origin"
# What browsers show of any response: https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
SAFE = {
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
    "www-authenticate",  # for the browser, not for a page's script
}
METHODS = {"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH"}
# What a browser may send without asking, and what signing adds.
Setting = tuple[Keys, str, str]  # place, header in lower case, value


def check(application: Application) -> Iterator[Finding]:
    """The lists, the origins and the preflights of each definition."""
    for api in application.definitions:
        if api.protocol != "rest":
            continue
        environment = application.environments[0]
        settings = list(_settings(api, environment))
        yield from _lists(api, settings)
        yield from _preflights(api)
        yield from _origins(application, api)
        yield from _credentials(api, settings)


def _settings(api: WrittenApi, environment: Variant) -> Iterator[Setting]:
    """Every header that the gateway itself sets to a fixed value."""
    for operation in api.operations:
        yield from _of(
            environment,
            operation.integration.get("responses"),
            (
                *operation.keys,
                INTEGRATION,
                "responses",
            ),
        )
    yield from _of(environment, api.data.get(GATEWAY_RESPONSES), (GATEWAY_RESPONSES,))


def _of(environment: Variant, responses: Any, at: Keys) -> Iterator[Setting]:
    resolved = environment.resolve(responses)
    for key, response in resolved.items() if isinstance(resolved, dict) else ():
        parameters = response.get("responseParameters") if isinstance(response, dict) else None
        for name, value in parameters.items() if isinstance(parameters, dict) else ():
            header = PREFIX.sub("", name)
            if header != name and str(value).startswith("'"):
                place = (*at, key, "responseParameters", name)
                yield place, header.lower(), str(value).strip("'")


def _lists(api: WrittenApi, settings: list[Setting]) -> Iterator[Finding]:
    exposed = _exposed(api)
    for at, header, value in settings:
        if header not in LISTS or value.strip() == "*" or UNKNOWN in value:
            continue
        wrong = _wrong(api, at, header, value, exposed)
        if wrong:
            label = f" of {at[1]}" if at[0] == "paths" else ""
            yield api.finding(
                "cors-list",
                at,
                f"{_title(header)}{label} is wrong about {', '.join(sorted(wrong))}",
                "list what the operations have",
            )


def _wrong(api: WrittenApi, at: Keys, header: str, value: str, exposed: set[str]) -> set[str]:
    """The names that a list has too many or too few."""
    listed = {item.strip() for item in value.split(",") if item.strip()}
    methods, sent = _taken(api, at[1] if at[0] == "paths" else "")
    if header in ("allow", "access-control-allow-methods"):
        upper = {item.upper() for item in listed}
        return methods ^ upper if "ANY" not in methods else upper - METHODS
    expected = exposed if "expose" in header else sent
    lower = {item.lower() for item in listed}
    return {name for name in expected if name.lower() not in lower}


def corrected(application: Application, api: WrittenApi, finding: Finding) -> str | None:
    """The list that a finding of this module asks for; None if it is about something else."""
    for at, header, value in _settings(api, application.environments[0]):
        document, keys = api.place(at)
        if (document.name, document.line(*keys)) != (finding.file, finding.line):
            continue
        if header in LISTS:
            wrong = _wrong(api, at, header, value, _exposed(api))
            listed = [item.strip() for item in value.split(",") if item.strip()]
            kept = [item for item in listed if item not in wrong and item.upper() not in wrong]
            added = sorted(wrong - set(listed) - {item.upper() for item in listed})
            return ", ".join([*kept, *added])
    return None


def _title(header: str) -> str:
    return "-".join(part.capitalize() for part in header.split("-"))


def _exposed(api: WrittenApi) -> set[str]:
    """The headers of responses that a script cannot read unless they are listed."""
    names: set[str] = set()
    for operation in api.operations:
        if str(operation.integration.get("type")).lower() == "aws_proxy":
            for response in api.responses(operation).values():
                names |= {str(name) for name in response.get("headers") or {}}
    exposed = set()
    for name in names:
        if name.lower() not in SAFE and not name.lower().startswith("access-control-"):
            exposed.add(name)
    return exposed


def _taken(api: WrittenApi, path: str) -> tuple[set[str], set[str]]:
    """The methods of a path, and the headers that their callers may send."""
    operations = [item for item in api.operations if item.path == path]
    named = {item.method for item in operations if item.method != "ANY"}
    headers: set[str] = set()
    for operation in operations:
        for parameter in api.parameters(operation):
            if parameter["in"] == "header":
                headers.add(str(parameter["name"]))
        if "requestBody" in operation.node:
            headers.add("Content-Type")
    is_any = any(
        item.method == "ANY" and str(item.integration.get("type")).lower() != "mock"
        for item in operations
    )
    return named | ({"ANY"} if is_any else set()), headers


def _preflights(api: WrittenApi) -> Iterator[Finding]:
    """A path that a browser may call from elsewhere needs a response to its preflight."""
    for path in api.paths:
        operations = [item for item in api.operations if item.path == path]
        methods = {item.method for item in operations}
        if methods & {"OPTIONS", "ANY"} and not _only_mock_any(operations):
            continue
        for operation in operations:
            if _is_cross_origin(api, operation) and operation.method != "ANY":
                yield api.finding(
                    "cors-preflight",
                    operation.keys,
                    f"{operation} allows other origins, and {path} has no OPTIONS",
                    "add options with a MOCK integration: browsers ask it first",
                )
                break


def _only_mock_any(operations: list[Any]) -> bool:
    """Whether only a MOCK for any method, which is for 405, would respond to OPTIONS."""
    methods = {item.method for item in operations}
    return "OPTIONS" not in methods and all(
        str(item.integration.get("type")).lower() == "mock"
        for item in operations
        if item.method == "ANY"
    )


def _is_cross_origin(api: WrittenApi, operation: Any) -> bool:
    for response in api.responses(operation).values():
        headers = response.get("headers")
        if any(str(name).lower() == ORIGIN for name in headers or {}):
            return True
    return False


def _origins(application: Application, api: WrittenApi) -> Iterator[Finding]:
    """One origin in each environment, from the gateway and from the functions."""
    for environment in application.environments_of(api):
        origins: dict[str, list[Keys]] = {}
        for at, header, value in _settings(api, environment):
            if header == ORIGIN and UNKNOWN not in value and "${" not in value:
                origins.setdefault(value, []).append(at)
        expected = max(origins, key=lambda value: len(origins[value]), default="")
        odd = {value: places for value, places in origins.items() if value != expected}
        for value, places in odd.items():
            yield api.finding(
                "cors-origin",
                places[0],
                f"the gateway allows the origin {value} here and {expected} elsewhere "
                f"(with {environment.label})",
                "use one parameter for all",
            )
        if odd:
            return
        for finding in _function_origins(application, environment, expected):
            yield finding
            return


def _function_origins(
    application: Application, environment: Variant, expected: str
) -> Iterator[Finding]:
    for function in application.functions.values():
        for name, value in function.variables.items():
            if "ORIGIN" not in name.upper() or not expected:
                continue
            own = environment.resolve(value)
            if isinstance(own, str) and UNKNOWN not in own and own != expected:
                at: Keys = (
                    "Resources",
                    function.name,
                    "Properties",
                    "Environment",
                    "Variables",
                    name,
                )
                if not application.template.lines.get(at):
                    at = ("Globals", "Function", "Environment", "Variables", name)
                yield application.template.finding(
                    "cors-origin",
                    at,
                    f"{name} is {own}, and the gateway allows {expected} "
                    f"(with {environment.label})",
                    "use one parameter for both",
                )
                return


def _credentials(api: WrittenApi, settings: list[Setting]) -> Iterator[Finding]:
    by_response: dict[Keys, Mapping[str, str]] = {}
    for at, header, value in settings:
        by_response[at[:-1]] = {**by_response.get(at[:-1], {}), header: value}
    for at, headers in by_response.items():
        allowed = headers.get("access-control-allow-credentials")
        if allowed is not None and allowed != "true":
            yield api.finding(
                "cors-credentials",
                at,
                f"Access-Control-Allow-Credentials is {allowed}, and only true has a meaning",
                "write 'true', or leave it out",
            )
