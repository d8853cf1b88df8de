"""What a stack serves is what the project says: read by API Gateway's own export and stage."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.application import Application, is_proxy
from samspec.drift.importability import GATEWAY_RESPONSES
from samspec.drift.security import AUTH
from samspec.drift.targets import target
from samspec.drift.validators import VALIDATOR, VALIDATORS
from samspec.sam.documents import Keys
from samspec.sam.errors import ProjectError
from samspec.sam.finding import Finding
from samspec.sam.operations import INTEGRATION, Operation
from samspec.sam.variants import UNKNOWN, Variant, is_known
from samspec.sam.written import WrittenApi

FIX = "deploy again, and change nothing by hand"
SETTINGS = {
    "ThrottlingRateLimit": "throttlingRateLimit",
    "ThrottlingBurstLimit": "throttlingBurstLimit",
    "LoggingLevel": "loggingLevel",
    "DataTraceEnabled": "dataTraceEnabled",
    "MetricsEnabled": "metricsEnabled",
    "CachingEnabled": "cachingEnabled",
}
Fault = tuple[Keys, str]


def check(application: Application, stack: str, session: Any = None) -> Iterator[Finding]:
    """The differences of a stack. `session` makes clients as botocore's does.

    Without a session, the shell's own credentials and region are used. Raises ProjectError if the
    stack cannot be read.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.session import Session

    apis = [api for api in application.definitions if api.protocol == "rest"]
    if not apis:
        application.notes.append(f"{stack}: the project has no REST API with a definition")
    for api in apis:
        try:
            deployment = Deployment(application, api, stack, session or Session())
        except (BotoCoreError, ClientError, ProjectError) as error:
            raise ProjectError(
                f"--stack {stack}: {error}: check its name, the region and the credentials"
            ) from None
        for at, message in deployment.differences():
            yield api.finding("deployed-difference", at, f"{stack} {message}", FIX)
        for at, message in deployment.settings():
            yield application.template.finding("deployed-difference", at, f"{stack} {message}", FIX)


class Deployment:
    """The stage as API Gateway describes it, next to what the project says for its parameters."""

    def __init__(self, application: Application, api: WrittenApi, stack: str, session: Any) -> None:
        formation = session.create_client("cloudformation")
        gateway = session.create_client("apigateway")
        described = formation.describe_stacks(StackName=stack)["Stacks"][0]
        pages = formation.get_paginator("list_stack_resources").paginate(StackName=stack)
        resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
        self.names = {}
        for item in resources:
            self.names[item["LogicalResourceId"]] = item.get("PhysicalResourceId")
        if not self.names.get(api.name):
            raise ProjectError(f"it has no {api.name}: name a stack of this template")
        parameters = {}
        for item in described.get("Parameters", []):
            parameters[item["ParameterKey"]] = item["ParameterValue"]
        unknown = parameters.keys() - application.section("Parameters").keys()
        if unknown:
            raise ProjectError(f"the template has no parameter {min(unknown)!r}")
        defaults = application.environments[0].parameters
        self.application, self.api = application, api
        self.environment = Variant(stack, application.template.data, {**defaults, **parameters})
        stage = str(self.environment.resolve(api.properties.get("StageName", "Prod")))
        place = {"restApiId": self.names[api.name], "stageName": stage}
        self.stage = gateway.get_stage(**place)
        export = gateway.get_export(
            **place, exportType="oas30", parameters={"extensions": "apigateway"}
        )
        self.export = json.loads(export["body"].read())

    def differences(self) -> Iterator[Fault]:
        """Routes, integrations, authorization, validators and gateway responses."""
        yield from self._routes()
        yield from self._gateway_responses()
        yield from self._schemes()

    def _routes(self) -> Iterator[Fault]:
        paths = self.export.get("paths", {})
        served = {
            (path, method): node for path, item in paths.items() for method, node in item.items()
        }
        for operation in self.api.operations:
            node = served.pop((operation.path, operation.keys[-1]), None)
            if node is None:
                yield operation.keys, f"has no {operation}"
                continue
            for message in self._operation(operation, node):
                yield operation.keys, f"{message} of {operation}"
        for path, method in served:
            if method != "parameters":
                yield ("paths",), f"has {method.upper()} {path}, which the definition lacks"

    def _operation(self, operation: Operation, node: Mapping[str, Any]) -> Iterator[str]:
        actual = node.get(INTEGRATION, {})
        wanted = self.environment.resolve(operation.integration)
        for key in ("type", "httpMethod") if is_proxy(operation) else ("type",):
            if str(actual.get(key)).lower() != str(wanted.get(key)).lower():
                yield f"has {actual.get(key)}, not {wanted.get(key)}, as integration {key}"
        yield from self._target(operation, actual)
        yield from self._timeout(actual, wanted)
        validation = _validation(self.export, node), _validation(self.api.data, operation.node)
        if is_proxy(operation) and validation[0] != validation[1]:
            yield f"has {validation[0]}, not {validation[1]}, as request validator"
        yield from self._authorization(operation, node)
        if not is_proxy(operation):
            yield from _responses(actual.get("responses") or {}, wanted.get("responses") or {})
            yield from _templates(actual.get("requestTemplates"), wanted.get("requestTemplates"))

    def _target(self, operation: Operation, actual: Mapping[str, Any]) -> Iterator[str]:
        destination = target(self.application, operation.integration.get("uri"))
        if destination.function is None:
            return
        qualifier = f":{destination.qualifier}" if destination.qualifier else ""
        name = self.names.get(destination.function)
        if not str(actual.get("uri")).endswith(f":{name}{qualifier}/invocations"):
            wanted = f"{destination.qualifier or 'the latest version'} of {destination.function}"
            yield f"calls {actual.get('uri')}, not {wanted}, as integration"

    def _timeout(self, actual: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
        stated = wanted.get("timeoutInMillis", 29000)
        if str(actual.get("timeoutInMillis", stated)) != str(stated):
            yield f"has {actual['timeoutInMillis']}, not {stated}, as timeoutInMillis"

    def _authorization(self, operation: Operation, node: Mapping[str, Any]) -> Iterator[str]:
        wanted = _authorization(self.environment.resolve(dict(operation.node)))
        actual = _authorization(node)
        if wanted != actual:
            yield f"has {actual}, not {wanted}, as authorization"

    def _schemes(self) -> Iterator[Fault]:
        from samspec.drift.security import AUTHORIZER, schemes

        at, declared = schemes(self.api)
        actual = (self.export.get("components") or {}).get("securitySchemes") or {}
        for name, scheme in declared.items():
            wanted = self.environment.resolve(scheme.get(AUTHORIZER) or {})
            served = (actual.get(name) or {}).get(AUTHORIZER) or {}
            for key in ("type", "identityValidationExpression", "authorizerResultTtlInSeconds"):
                if key in wanted and str(served.get(key)) != str(wanted[key]):
                    yield (
                        (*at, name),
                        f"has {served.get(key)}, not {wanted[key]}, as {key} of the authorizer "
                        f"{name}",
                    )

    def _gateway_responses(self) -> Iterator[Fault]:
        served = self.export.get(GATEWAY_RESPONSES, {})
        declared = self.environment.resolve(self.api.data.get(GATEWAY_RESPONSES)) or {}
        for type_name, wanted in declared.items():
            actual = served.get(type_name, {})
            for key, value in wanted.items():
                for inner, expected, result in _compared(value, actual.get(key)):
                    yield (
                        (GATEWAY_RESPONSES, type_name, key),
                        f"has {key}{inner} {result}, not {expected}, in its response {type_name}",
                    )
        for type_name in served.keys() - declared.keys():
            if not _is_default(served[type_name]):
                yield (
                    (GATEWAY_RESPONSES,),
                    f"has a response {type_name}, which the definition lacks",
                )

    def settings(self) -> Iterator[Fault]:
        """The stage's settings for methods, tracing and variables."""
        at = ("Resources", self.api.name, "Properties")
        listed = self.environment.resolve(self.api.properties.get("MethodSettings")) or []
        served = dict(self.stage.get("methodSettings", {}))
        for wanted in listed:
            key = _method_key(wanted)
            actual = served.pop(key, {})
            for name, attribute in SETTINGS.items():
                is_stated = attribute in actual or name.startswith("Throttling")
                if (
                    name in wanted
                    and is_stated
                    and not _is_same(actual.get(attribute), wanted[name])
                ):
                    yield (
                        (*at, "MethodSettings"),
                        f"has {actual.get(attribute)}, not {wanted[name]}, as {attribute} of {key}",
                    )
        for key in served if listed else ():
            yield (*at, "MethodSettings"), f"has settings of {key}, which the template lacks"
        yield from self._stage_settings(at)

    def _stage_settings(self, at: Keys) -> Iterator[Fault]:
        tracing = self.environment.resolve(self.api.properties.get("TracingEnabled"))
        actual = self.stage.get("tracingEnabled")
        if tracing is not None and actual is not None and not _is_same(actual, tracing):
            yield (*at, "TracingEnabled"), f"has {actual}, not {tracing}, as tracingEnabled"
        variables = self.environment.resolve(self.api.properties.get("Variables")) or {}
        for name, value in variables.items():
            result = (self.stage.get("variables") or {}).get(name)
            if is_known(value) and str(result) != str(value):
                yield (*at, "Variables"), f"has {result}, not {value}, as stage variable {name}"


def _method_key(setting: Mapping[str, Any]) -> str:
    path = str(setting.get("ResourcePath", "/*"))
    inner = "*" if path == "/*" else path.replace("/", "~1").removeprefix("~1~1")
    return f"{inner}/{setting.get('HttpMethod', '*')}"


def _is_same(actual: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or str(wanted).lower() in ("true", "false"):
        return str(actual).lower() == str(wanted).lower()
    try:
        return float(actual) == float(wanted)
    except (TypeError, ValueError):
        return str(actual) == str(wanted)


def _authorization(node: Mapping[str, Any]) -> str:
    """What an operation asks of callers: the export has signatures as a scheme called sigv4."""
    names = sorted(
        name
        for requirement in node.get("security") or []
        if isinstance(requirement, dict)
        for name in requirement
    )
    auth = node.get(AUTH)
    type_name = str(auth.get("type", "")).upper() if isinstance(auth, dict) else ""
    if type_name == "AWS_IAM" or names == ["sigv4"]:
        return "AWS_IAM"
    return ", ".join(names) or "none"


def _responses(actual: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """The statuses, headers and bodies of a MOCK."""
    for key, response in wanted.items():
        served = actual.get(key)
        if served is None:
            yield f"has no integration response {key}"
            continue
        for name in ("statusCode", "responseParameters", "responseTemplates"):
            for inner, expected, result in _compared(response.get(name), served.get(name)):
                yield f"has {name}{inner} {result}, not {expected}, in the response {key}"


def _templates(actual: Any, wanted: Any) -> Iterator[str]:
    for inner, expected, result in _compared(wanted, actual):
        yield f"has requestTemplates{inner} {result}, not {expected}"


def _compared(wanted: Any, actual: Any) -> Iterator[tuple[str, Any, Any]]:
    """The differences of two values, by key if they are mappings."""
    if wanted is None or (isinstance(wanted, str) and UNKNOWN in wanted):
        return
    if isinstance(wanted, dict):
        served = actual if isinstance(actual, dict) else {}
        for key, value in wanted.items():
            result = served.get(key)
            if str(result) != str(value) and UNKNOWN not in str(value):
                yield f" {key}", value, result
    elif str(actual) != str(wanted):
        yield "", wanted, actual


def _is_default(response: Any) -> bool:
    return not isinstance(response, dict) or not response.get("responseParameters")


def _validation(spec: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """What the operation's validator checks."""
    chosen = (spec.get(VALIDATORS) or {}).get(node.get(VALIDATOR, spec.get(VALIDATOR)), {})
    return " and ".join(sorted(key for key, value in chosen.items() if value)) or "none"
