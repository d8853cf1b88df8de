"""What the gateway itself responds with: MOCK integrations and gateway responses."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.application import Application
from samspec.drift.examples import broken
from samspec.drift.importability import GATEWAY_RESPONSES
from samspec.sam.documents import Keys
from samspec.sam.finding import Finding
from samspec.sam.operations import INTEGRATION, Operation
from samspec.sam.variants import Variant
from samspec.sam.written import WrittenApi, is_json

# The status of each type unless the definition sets another:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
STATUSES = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
# An unknown path gets it as well as a request without a token, so many APIs make it a 404.
CHANGEABLE = {"MISSING_AUTHENTICATION_TOKEN", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"}
METHOD_KEY = re.compile(r"method\.response\.(header|body)(\..+)?")
GATEWAY_KEY = re.compile(r"gatewayresponse\.(header|querystring|path)\.\S+")
METHOD_VALUE = re.compile(
    r"'[^']*'|integration\.response\.(header|multivalueheader|body)(\..+)?|integration\.response\."
    r"body|context\.[\w.]+|stageVariables\.\w+"
)
GATEWAY_VALUE = re.compile(
    r"'[^']*'|method\.request\.(header|querystring|path|body|multivalueheader|"
    r"multivaluequerystring)\S*|context\.[\w.]+|stageVariables\.\w+|integration\.\S+"
)
# Variables whose value has quotes of its own.
QUOTED = ("$context.error.messageString",)
VARIABLE = re.compile(r"\$\{?(?:context|stageVariables|method)\.[\w.]+\}?")
Fault = tuple[str, Keys, str, str]


def check(application: Application) -> Iterator[Finding]:
    """Both kinds, in every environment."""
    for api in application.definitions:
        if api.protocol == "rest":
            for fault in _faults(application, api):
                yield api.finding(*fault)


def _faults(application: Application, api: WrittenApi) -> Iterator[Fault]:
    seen: set[tuple[str, Keys]] = set()
    for environment in application.environments_of(api):
        for fault in _in(api, environment):
            if fault[:2] not in seen:
                seen.add(fault[:2])
                yield fault


def _in(api: WrittenApi, environment: Variant) -> Iterator[Fault]:
    for operation in api.operations:
        type_name = str(operation.integration.get("type")).lower()
        if type_name == "mock":
            yield from _request_template(api, environment, operation)
        if type_name in ("mock", "aws", "http"):
            yield from _integration_responses(api, environment, operation)
    yield from _gateway_responses(api, environment)


# MOCK


def _request_template(
    api: WrittenApi, environment: Variant, operation: Operation
) -> Iterator[Fault]:
    at = (*operation.keys, INTEGRATION)
    templates = environment.resolve(operation.integration.get("requestTemplates"))
    if not isinstance(templates, dict) or not templates:
        yield (
            "mock-request-template",
            at,
            f"{operation} is a MOCK without a request template, and responds with 500",
            "write requestTemplates: application/json: '{\"statusCode\": 200}'",
        )
        return
    if "application/json" not in templates and not any(is_json(media) for media in templates):
        yield (
            "mock-request-template",
            (*at, "requestTemplates"),
            f"{operation} has no request template for application/json, "
            "which a request without a body gets",
            "add application/json to requestTemplates",
        )
    for media, template in templates.items():
        yield from _status(environment, operation, (*at, "requestTemplates", media), str(template))


def _status(environment: Variant, operation: Operation, at: Keys, template: str) -> Iterator[Fault]:
    if "#" in template or "$" in template:
        return  # VTL: its result depends on the request
    try:
        content = json.loads(template)
    except ValueError as error:
        yield (
            "mock-request-template",
            at,
            f"the request template of {operation} is not JSON ({error})",
            "write '{\"statusCode\": 200}'",
        )
        return
    status = content.get("statusCode") if isinstance(content, dict) else None
    if status is None:
        yield (
            "mock-status",
            at,
            f"the request template of {operation} gives no statusCode",
            "write '{\"statusCode\": 200}'",
        )
        return
    responses = environment.resolve(operation.integration.get("responses")) or {}
    if not any(_selects(key, str(status)) for key in responses):
        yield (
            "mock-status",
            at,
            f"the statusCode {status} of {operation} matches none of the integration's responses",
            "add a response of that status, or default",
        )


def _selects(pattern: str, status: str) -> bool:
    """A response's key is `default` or a regular expression of the whole status."""
    if pattern == "default":
        return True
    try:
        return re.fullmatch(pattern, status) is not None
    except re.error:
        return pattern == status


def _integration_responses(
    api: WrittenApi, environment: Variant, operation: Operation
) -> Iterator[Fault]:
    responses = environment.resolve(operation.integration.get("responses"))
    at = (*operation.keys, INTEGRATION, "responses")
    for key, response in responses.items() if isinstance(responses, dict) else ():
        if not isinstance(response, dict):
            continue
        yield from _parameters(
            f"{operation}",
            (*at, key),
            response,
            METHOD_KEY,
            METHOD_VALUE,
            "method.response.header.",
        )
        if str(operation.integration.get("type")).lower() == "mock":
            yield from _mock_response(api, operation, (*at, key), response)


def _parameters(
    label: str,
    at: Keys,
    response: Mapping[str, Any],
    key_form: re.Pattern[str],
    value_form: re.Pattern[str],
    prefix: str,
) -> Iterator[Fault]:
    parameters = response.get("responseParameters")
    for key, value in parameters.items() if isinstance(parameters, dict) else ():
        place = (*at, "responseParameters", key)
        if not key_form.fullmatch(key):
            yield (
                "response-parameter-key",
                place,
                f"{label} sets {key}, which API Gateway does not know",
                f"write {prefix}Name",
            )
        if not value_form.fullmatch(str(value)):
            yield (
                "response-parameter-value",
                place,
                f"{label} sets {key.rpartition('.')[2]} to {value}, which is not a mapping",
                f"put a fixed value into single quotes: \"'{value}'\"",
            )


def _mock_response(
    api: WrittenApi, operation: Operation, at: Keys, response: Mapping[str, Any]
) -> Iterator[Fault]:
    status = str(response.get("statusCode"))
    templates = response.get("responseTemplates")
    for media, template in templates.items() if isinstance(templates, dict) else ():
        place = (*at, "responseTemplates", media)
        if "#" in str(template) or "$input" in str(template):
            continue
        documented: Mapping[str, Any] = api.responses(operation).get(status, {})
        if "content" not in documented:
            # An error that documents no body has the body of other errors.
            documented = _problem(api, api.documented, status, response, media)
        yield from _body(api, f"{operation}", place, str(template), status, documented, response)


# Bodies


def _body(
    api: WrittenApi,
    label: str,
    at: Keys,
    template: str,
    status: str,
    documented: Mapping[str, Any],
    response: Mapping[str, Any],
) -> Iterator[Fault]:
    media = _content_type(response, at[-1])
    # A template of plain text is one on purpose, whatever its media type.
    if not is_json(media) or not template.lstrip().startswith(("{", "[")):
        return
    try:
        content = json.loads(_filled(template))
    except ValueError as error:
        yield (
            "response-template",
            at,
            f"the template of {label} is not JSON ({error})",
            "correct it; $context.error.messageString brings its own quotes, other variables none",
        )
        return
    stated = str(content.get("status", status)) if isinstance(content, dict) else status
    if stated != status and status.isdecimal() and stated.isdecimal():
        yield (
            "response-status",
            at,
            f"the template of {label} says status {stated}, and the response is a {status}",
            "make both the same",
        )
        return
    schema = _schema(api, documented, media)
    fault = broken(api, schema, content) if schema else None
    if fault:
        yield (
            "response-schema",
            at,
            f"the body of {label} breaks the documented schema ({fault})",
            "correct the template, or the schema",
        )


def _filled(template: str) -> str:
    """The template with a text in the place of each variable."""
    for variable in QUOTED:
        template = template.replace(variable, '"text"')
    return VARIABLE.sub("text", template)


def _content_type(response: Mapping[str, Any], fallback: str) -> str:
    for key, value in (response.get("responseParameters") or {}).items():
        if key.lower().endswith(".header.content-type"):
            return str(value).strip("'")
    return fallback


def _schema(api: WrittenApi, documented: Mapping[str, Any], media: str) -> Any:
    content = documented.get("content")
    for name, node in content.items() if isinstance(content, dict) else ():
        if name.partition(";")[0].strip().lower() == media.partition(";")[0].strip().lower():
            return node.get("schema") if isinstance(node, dict) else None
    return None


# Gateway responses


def _gateway_responses(api: WrittenApi, environment: Variant) -> Iterator[Fault]:
    declared = environment.resolve(api.data.get(GATEWAY_RESPONSES))
    if not isinstance(declared, dict) or not declared:
        return
    declared = {name: node for name, node in declared.items() if isinstance(node, dict)}
    documented = api.documented
    common = _common_headers(declared)
    for name, response in declared.items():
        at = (GATEWAY_RESPONSES, name)
        yield from _parameters(
            name, at, response, GATEWAY_KEY, GATEWAY_VALUE, "gatewayresponse.header."
        )
        yield from _gateway_status(api, name, at, response, documented)
        yield from _gateway_headers(name, at, response, documented, common)
        status = str(response.get("statusCode", STATUSES.get(name, "")))
        for media, template in (response.get("responseTemplates") or {}).items():
            place = (*at, "responseTemplates", media)
            shared = _problem(api, documented, status, response, media)
            yield from _body(api, name, place, str(template), status, shared, response)
    yield from _left_out(declared, documented)


def _problem(
    api: WrittenApi,
    documented: Mapping[str, list[dict[str, Any]]],
    status: str,
    response: Mapping[str, Any],
    media: str,
) -> Mapping[str, Any]:
    """A documented response of that status, or another error with a body of that media type."""
    actual = _content_type(response, media)
    candidates = list(documented.get(status, []))
    if actual != "application/json":  # too common to tell what shape an error has
        for other, responses in documented.items():
            if other[:1] in ("4", "5"):
                candidates += responses
    for candidate in candidates:
        if _schema(api, candidate, actual) is not None:
            return candidate
    return {}


def _gateway_status(
    api: WrittenApi,
    name: str,
    at: Keys,
    response: Mapping[str, Any],
    documented: Mapping[str, list[dict[str, Any]]],
) -> Iterator[Fault]:
    status, default = str(response.get("statusCode", "")), STATUSES.get(name)
    if "statusCode" in response and not re.fullmatch("[1-5][0-9][0-9]", status):
        yield (
            "response-status",
            (*at, "statusCode"),
            f"{name} has the statusCode {status}, which is not an HTTP status",
            'write a text of three digits, such as "429"',
        )
    elif default in documented and status not in ("", default) and name not in CHANGEABLE:
        yield (
            "gateway-response-status",
            (*at, "statusCode"),
            f"{name} responds with {status}, and the operations document {default} for it",
            f'write "{default}"',
        )


def _common_headers(declared: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The headers that nearly all gateway responses have."""
    counts: dict[str, int] = {}
    for response in declared.values():
        for header in _headers(response):
            counts[header] = counts.get(header, 0) + 1
    if len(declared) < 4:
        return set()
    return {header for header, count in counts.items() if count >= len(declared) * 0.75}


def _headers(response: Mapping[str, Any]) -> set[str]:
    parameters = response.get("responseParameters")
    prefix = "gatewayresponse.header."
    headers = set()
    for key in parameters if isinstance(parameters, dict) else ():
        if key.startswith(prefix):
            headers.add(key.removeprefix(prefix).lower())
    return headers


def _gateway_headers(
    name: str,
    at: Keys,
    response: Mapping[str, Any],
    documented: Mapping[str, list[dict[str, Any]]],
    common: set[str],
) -> Iterator[Fault]:
    """What callers count on: headers that the status documents as required, and CORS."""
    status = str(response.get("statusCode", STATUSES.get(name, "")))
    required = _required_headers(documented.get(status, []))
    for header in sorted((required | common) - _headers(response)):
        yield (
            "gateway-response-header",
            at,
            f"{name} sets no {header}, which "
            + (f"every {status} has" if header in required else "the others set"),
            f"add gatewayresponse.header.{header} to its responseParameters",
        )


def _required_headers(responses: list[dict[str, Any]]) -> set[str]:
    """The headers that all these responses declare as required."""
    sets = []
    for response in responses:
        headers = response.get("headers")
        names = set()
        for header, node in headers.items() if isinstance(headers, dict) else ():
            if isinstance(node, dict) and node.get("required"):
                names.add(str(header).lower())
        sets.append(names)
    return set.intersection(*sets) - {"content-type", "content-length"} if sets else set()


def _left_out(
    declared: Mapping[str, Mapping[str, Any]],
    documented: Mapping[str, list[dict[str, Any]]],
) -> Iterator[Fault]:
    """A type that is not declared gets DEFAULT_4XX or DEFAULT_5XX, with the status of that."""
    for fallback in ("DEFAULT_4XX", "DEFAULT_5XX"):
        shared = declared.get(fallback)
        names = []
        for name, status in STATUSES.items():
            if name in declared or status[0] != fallback[8]:
                continue
            if shared is None:
                # Whoever declares most types means to declare all that callers can get.
                if status in documented and len(declared) >= len(STATUSES) / 2:
                    names.append(f"{name} ({status})")
            elif str(shared.get("statusCode", status)) != status:
                names.append(f"{name} ({status})")
        if names:
            effect = f"{fallback} makes it a {shared['statusCode']}" if shared else "is plain JSON"
            yield (
                "gateway-response-missing",
                (GATEWAY_RESPONSES, *((fallback,) if shared else ())),
                f"{', '.join(names)} is not declared: {effect}",
                f"declare it, or give {fallback} no statusCode",
            )
