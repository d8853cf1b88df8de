"""Every operation reaches its function, and every function is reached as the definition says."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.application import Application, is_proxy
from samspec.drift.targets import Target, target
from samspec.sam.finding import Finding
from samspec.sam.operations import INTEGRATION, Operation
from samspec.sam.variants import is_known
from samspec.sam.written import WrittenApi, WrittenFunction

TYPES = ("aws", "aws_proxy", "http", "http_proxy", "mock")
REFERENCE = re.compile(r"\$\{(?!!)([\w:]+)")
LEAST_TIMEOUT, MOST_TIMEOUT = 50, 29000  # milliseconds
VALUES = {
    "connectionType": ("INTERNET", "VPC_LINK"),
    "contentHandling": ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT"),
    "passthroughBehavior": ("never", "when_no_match", "when_no_templates"),
}
MOST_OF_HTTP = 30000  # milliseconds, of an HTTP API
PLACES = ("querystring", "path", "header", "multivaluequerystring", "multivalueheader")
MAPPED = re.compile(rf"method\.request\.({'|'.join(PLACES)})\.(.+)")
Fault = tuple[str, str, str]  # rule, what is wrong, how to fix it


def check(application: Application) -> Iterator[Finding]:
    """The references of each definition, then each operation's integration."""
    for api in application.definitions:
        yield from _references(application, api)
        for operation in api.operations:
            yield from _operation(application, api, operation)


def _references(application: Application, api: WrittenApi) -> Iterator[Finding]:
    """What the definition's intrinsic functions name has to be in the template."""
    existing = {
        *application.resources,
        *application.section("Parameters"),
        *application.section("Conditions"),
    }
    for at, node in api.nodes:
        if at[-1:] == ("uri",) or "uri" in at[-3:]:
            continue  # `_operation` says it better
        for name in _named(node):
            if (
                name not in existing
                and not name.startswith("AWS::")
                and not _generated(name, existing)
            ):
                yield api.finding(
                    "reference-missing",
                    at,
                    f"{name} is not in {application.template.name}",
                    "name a parameter, condition or resource of the template",
                )


def _generated(name: str, existing: set[str]) -> bool:
    """Whether SAM makes a resource of that name: FunctionRole, FunctionAliaslive."""
    return any(name.startswith(other) and len(other) > 3 for other in existing) or name.startswith(
        "Serverless"
    )


def _named(node: Any) -> list[str]:
    """The names that an intrinsic function mentions."""
    if not isinstance(node, dict) or len(node) != 1:
        return []
    name, argument = next(iter(node.items()))
    if name == "Fn::Sub":
        text, own = argument if isinstance(argument, list) else (argument, {})
        return [result for result in REFERENCE.findall(str(text)) if result not in own]
    if name in ("Ref", "Fn::GetAtt", "Fn::If"):
        first = argument[0] if isinstance(argument, list) and argument else argument
        return [str(first).split(".")[0]]
    return []


def _operation(
    application: Application, api: WrittenApi, operation: Operation
) -> Iterator[Finding]:
    at = (*operation.keys, INTEGRATION)
    for rule, message, fix in _integration(application, api, operation):
        yield api.finding(rule, at, f"{operation} {message}", fix)
    if api.protocol == "rest":
        yield from _request_parameters(api, operation)


def _integration(
    application: Application, api: WrittenApi, operation: Operation
) -> Iterator[Fault]:
    integration = operation.integration
    if not integration:
        if INTEGRATION not in operation.node and "Fn::Transform" not in operation.node:
            yield (
                "integration-missing",
                "has no integration",
                f"add {INTEGRATION}, by `samspec new-operation`: without one the deployment fails",
            )
        return
    type_name = str(integration.get("type"))
    if "$ref" in integration:
        return
    if type_name.lower() not in TYPES:
        yield (
            "integration-type",
            f"has an integration of type {type_name}",
            "write aws_proxy, or mock",
        )
        return
    yield from _timeout(application, integration, is_http=api.protocol == "http")
    yield from _connection(integration)
    yield from _values(integration)
    if api.protocol == "http":
        yield from _payload(integration, type_name)
    if type_name.lower() not in ("aws", "aws_proxy"):
        return
    yield from _credentials(application, integration)
    uri = integration.get("uri")
    if uri is None and "integrationSubtype" in integration:
        return  # an AWS service, which an HTTP API names so
    if uri is None:
        yield (
            "integration-uri",
            "has an integration without a uri",
            "write the function's: Fn::Sub: arn:...functions/${Function.Arn}/invocations",
        )
        return
    yield from _function(application, api, operation, uri)


def _function(
    application: Application, api: WrittenApi, operation: Operation, uri: Any
) -> Iterator[Fault]:
    destination = target(application, uri)
    if not destination.is_lambda:
        if destination.fault:
            yield "integration-uri", destination.fault, destination.fix
        return
    method = str(operation.integration.get("httpMethod")).upper()
    if method != "POST":
        yield (
            "integration-method",
            f"calls its function by {method}",
            "write httpMethod: POST: Lambda takes nothing else",
        )
    if destination.fault:
        yield destination.rule, destination.fault, destination.fix
        return
    yield from _proxy_responses(operation)
    if destination.function is None:
        return  # another stack's, by parameter or import
    function = application.functions[destination.function]
    yield from _existence(application, api, function)
    yield from _alias(application, function, destination)
    is_rest_proxy = api.protocol == "rest" and is_proxy(operation)
    if destination.is_unread_by_sam_local and is_rest_proxy:
        yield (
            "integration-sam-local",
            "names its function in a way that `sam local` does not read",
            "write Fn::Sub: arn:...functions/${Function.Arn}:alias/invocations",
        )


def _proxy_responses(operation: Operation) -> Iterator[Fault]:
    if str(operation.integration.get("type")).lower() == "aws" and not operation.integration.get(
        "responses"
    ):
        yield (
            "integration-responses",
            "has an integration of type aws without responses",
            "write type: aws_proxy, or the integration's responses",
        )


def _existence(
    application: Application, api: WrittenApi, function: WrittenFunction
) -> Iterator[Fault]:
    for environment in application.environments:
        if environment.is_made(api.name) and not environment.is_made(function.name):
            yield (
                "integration-condition",
                f"calls {function.name}, which does not exist with {environment.label}",
                "give both the same Condition, or none",
            )
            return


def _alias(
    application: Application, function: WrittenFunction, destination: Target
) -> Iterator[Fault]:
    published = application.environments[0].published_alias(function.name)
    if not is_known(published):
        return
    qualifier = destination.qualifier
    aliases = {published} if published else set()
    aliases |= _plain_aliases(application, function)
    if qualifier and qualifier not in aliases and qualifier != "$LATEST":
        if not qualifier.isdecimal():
            text = f"publishes {published}" if published else "publishes no alias"
            yield (
                "integration-alias",
                f"calls the alias {qualifier} of {function.name}, which {text}",
                "name the published alias in the uri, or publish it with AutoPublishAlias",
            )
    elif published and not qualifier:
        yield (
            "integration-alias",
            f"calls {function.name} without its alias {published}",
            f"write :{published} after the function's ARN: permission is for the alias only",
        )


def _plain_aliases(application: Application, function: WrittenFunction) -> set[str]:
    """The aliases that the template makes itself, as AWS::Lambda::Alias."""
    environment = application.environments[0]
    names = set()
    for resource in application.resources.values():
        if resource.get("Type") == "AWS::Lambda::Alias":
            properties = resource.get("Properties") or {}
            owner = str(environment.resolve(properties.get("FunctionName")))
            if owner in (environment.physical_name(function.name), environment.arn(function.name)):
                names.add(str(environment.resolve(properties.get("Name"))))
    return names


def _timeout(
    application: Application, integration: Mapping[str, Any], is_http: bool
) -> Iterator[Fault]:
    stated = application.environments[0].resolve(integration.get("timeoutInMillis", MOST_TIMEOUT))
    if not str(stated).isdecimal():
        return
    if int(stated) < LEAST_TIMEOUT:
        yield (
            "integration-timeout",
            f"has a time-out of {stated} ms",
            f"API Gateway takes {LEAST_TIMEOUT} ms or more",
        )
    if is_http and int(stated) > MOST_OF_HTTP:
        yield (
            "integration-timeout",
            f"has a time-out of {stated} ms",
            f"an HTTP API takes {MOST_OF_HTTP} ms at most",
        )
    destination = target(application, integration.get("uri"))
    function = application.functions.get(str(destination.function))
    if function is None:
        return
    for environment in application.environments:
        seconds = environment.resolve(function.properties.get("Timeout", 3))
        if str(seconds).isdecimal() and int(seconds) * 1000 > int(stated):
            yield (
                "integration-timeout",
                f"gives up after {int(stated) / 1000:g} s, and {function.name} may run {seconds} s",
                "give the function a shorter Timeout: the caller gets a 504 while it still works",
            )
            return


def _values(integration: Mapping[str, Any]) -> Iterator[Fault]:
    """Values of which API Gateway takes few."""
    for key, allowed in VALUES.items():
        stated = integration.get(key)
        if isinstance(stated, str) and stated.lower() not in map(str.lower, allowed):
            yield (
                "integration-value",
                f"has the {key} {stated}",
                f"write one of: {', '.join(allowed)}",
            )


def _connection(integration: Mapping[str, Any]) -> Iterator[Fault]:
    is_private = str(integration.get("connectionType")).upper() == "VPC_LINK"
    if is_private and not integration.get("connectionId"):
        yield (
            "integration-connection",
            "goes through a VPC link, and names none",
            "add connectionId",
        )


def _payload(integration: Mapping[str, Any], type_name: str) -> Iterator[Fault]:
    """An HTTP API states the form of its events: only a function may have the second."""
    stated = integration.get("payloadFormatVersion")
    if isinstance(stated, dict):
        return
    is_proxy_type = type_name.lower() == "aws_proxy" and "integrationSubtype" not in integration
    allowed = ("1.0", "2.0") if is_proxy_type else ("1.0",)
    if str(stated) not in allowed:
        yield (
            "integration-payload",
            f"has the payloadFormatVersion {stated or '(none)'}",
            f'write "{allowed[-1]}"',
        )


def _credentials(application: Application, integration: Mapping[str, Any]) -> Iterator[Fault]:
    credentials = integration.get("credentials")
    if credentials is None:
        return
    values = [environment.resolve(credentials) for environment in application.environments]
    first, other = str(values[0]), str(values[-1])
    if first.startswith("arn:") and "*" not in first and first == other and is_known(first):
        yield (
            "integration-credentials",
            f"has the fixed credentials {first}",
            "name a role of the template: Fn::GetAtt: [Role, Arn]",
        )


def _request_parameters(api: WrittenApi, operation: Operation) -> Iterator[Finding]:
    mapped = operation.integration.get("requestParameters")
    declared = set()
    for parameter in api.parameters(operation):
        declared.add((str(parameter["in"]), str(parameter["name"]).removesuffix("+").lower()))
    for key, value in mapped.items() if isinstance(mapped, dict) else ():
        source = MAPPED.fullmatch(str(value))
        if source is None:
            continue
        place = source[1].removeprefix("multivalue")
        place = "query" if place == "querystring" else place
        if (place, source[2].lower()) not in declared:
            yield api.finding(
                "integration-parameter",
                (*operation.keys, INTEGRATION, "requestParameters", key),
                f"{operation} passes on the {place} parameter {source[2]}, which it does not "
                "declare",
                "declare the parameter: the import fails without it",
            )
