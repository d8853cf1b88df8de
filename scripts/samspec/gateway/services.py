"""Integrations with AWS services: an action by a mapping template, or an HTTP API's own kind.

They go to the emulated services, as the functions' calls do.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol
from urllib.parse import parse_qsl

from samspec.gateway import mapping, variables
from samspec.gateway.errors import GatewayError
from samspec.gateway.responses import Response
from samspec.gateway.routes import Route
from samspec.gateway.variables import Scope

URI = re.compile(r"^arn:[^:]+:apigateway:([^:]+):([\w.-]+):(action|path)/(.*)$")
JSON_SERVICES = ("dynamodb", "events", "kinesis", "states")
FORM_SERVICES = ("sns", "sqs")
FORM = "application/x-www-form-urlencoded"
# HTTP APIs name service and action in one: their parameters are the action's own.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
SUBTYPES = {
    "EventBridge-PutEvents": ("events", "PutEvents"),
    "Kinesis-PutRecord": ("kinesis", "PutRecord"),
    "SQS-DeleteMessage": ("sqs", "DeleteMessage"),
    "SQS-PurgeQueue": ("sqs", "PurgeQueue"),
    "SQS-ReceiveMessage": ("sqs", "ReceiveMessage"),
    "SQS-SendMessage": ("sqs", "SendMessage"),
    "StepFunctions-StartExecution": ("states", "StartExecution"),
    "StepFunctions-StartSyncExecution": ("states", "StartSyncExecution"),
    "StepFunctions-StopExecution": ("states", "StopExecution"),
}
CLIENTS = {"states": "stepfunctions"}
HINT = "try this route in AWS"


class Clients(Protocol):
    """Makes a client of an emulated service."""

    def __call__(self, service: str) -> Any: ...


def gap(route: Route) -> str:
    """Why the service is not called; empty if it is."""
    subtype = route.integration.get("integrationSubtype")
    if subtype:
        return "" if subtype in SUBTYPES else f"{subtype} is not emulated: {HINT}"
    match = URI.match(str(route.integration.get("uri", "")))
    if match is None:
        return (
            f"its uri {route.integration.get('uri')!r} names neither a function of the template "
            "nor a service: correct it in the definition"
        )
    service, form, action = match[2], match[3], match[4]
    if service in JSON_SERVICES and form == "action":
        return ""
    if service in FORM_SERVICES:
        return ""
    return f"{service}:{form}/{action} is not emulated: {HINT}"


def respond(route: Route, scope: Scope, binary: list[str], clients: Clients) -> Response:
    """The service's result, by the integration's templates."""
    if "integrationSubtype" in route.integration:
        return _first_class(route, scope, clients)
    match = URI.match(str(route.integration["uri"]))
    assert match  # noqa: S101 (a route without one has a gap)
    service, form, action = match[2], match[3], match[4]
    mapped = mapping.request(route, scope, binary)
    try:
        if service in JSON_SERVICES:
            status, body = _called(clients(_client(service)), action, _json(mapped.body))
        else:
            status, body = _posted(clients(service), service, form, action, mapped)
    except ValueError as error:
        body = {"__type": "com.amazon.coral.service#SerializationException"}
        status, body = 400, {**body, "message": str(error)}
    outcome = mapping.Outcome(str(status), json.dumps(body, separators=(",", ":"), default=str))
    return mapping.response(route, scope, outcome)


def _client(service: str) -> str:
    return CLIENTS.get(service, service)


def _json(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("the mapped request is not a JSON object")
    return value


def _called(client: Any, action: str, arguments: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """The status and the body of a service's response."""
    from botocore.exceptions import BotoCoreError, ClientError

    call = getattr(client, _method(action), None)
    if call is None:
        message = f"{action} is not an action of the service"
        return 400, {"__type": "UnknownOperationException", "message": message}
    try:
        result = call(**arguments)
    except ClientError as error:
        failure = error.response["Error"]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        return status, {"__type": failure["Code"], "message": failure.get("Message", "")}
    except BotoCoreError as error:  # arguments that the service does not have
        return 400, {"__type": "ValidationException", "message": str(error)}
    result.pop("ResponseMetadata", None)
    return 200, {name: _plain(value) for name, value in result.items()}


@cache
def _method(action: str) -> str:
    from botocore import xform_name

    return str(xform_name(action))


def _plain(value: Any) -> Any:
    """Times as services write them in JSON: seconds."""
    return value.timestamp() if hasattr(value, "timestamp") else value


def _posted(
    client: Any, service: str, form: str, action: str, mapped: mapping.Mapped
) -> tuple[int, dict[str, Any]]:
    """An action of SQS or SNS, as a form: what API Gateway makes of its result."""
    fields = dict(parse_qsl(mapped.body, keep_blank_values=True)) | mapped.query
    if form == "action":
        fields.setdefault("Action", action)
    name = fields.pop("Action", "")
    fields.pop("Version", None)
    if form == "path" and service == "sqs" and "QueueUrl" not in fields:
        queue = action.rpartition("/")[2]
        fields["QueueUrl"] = client.get_queue_url(QueueName=queue)["QueueUrl"]
    status, result = _called(client, name, _typed(fields))
    if status != 200:
        failure = {"Code": result["__type"], "Message": result["message"], "Type": "Sender"}
        return status, {"Error": failure}
    metadata = {"RequestId": "00000000-0000-0000-0000-000000000000"}
    parts = {f"{name}Result": result, "ResponseMetadata": metadata}
    return 200, {f"{name}Response": parts}


def _typed(fields: Mapping[str, str]) -> dict[str, Any]:
    """A form's fields as a client wants them: `MessageAttribute.1.Name` and the like in maps."""
    arguments: dict[str, Any] = {}
    attributes: dict[str, dict[str, str]] = {}
    for name, value in fields.items():
        match = re.match(r"MessageAttributes?(?:\.entry)?\.(\d+)\.(.*)", name)
        if match:
            attributes.setdefault(match[1], {})[match[2].rpartition(".")[2]] = value
        else:
            is_number = name in ("DelaySeconds", "MaxNumberOfMessages", "WaitTimeSeconds")
            arguments[name] = int(value) if is_number else value
    if attributes:
        arguments["MessageAttributes"] = {
            attribute.pop("Name"): attribute for attribute in attributes.values()
        }
    return arguments


def _first_class(route: Route, scope: Scope, clients: Clients) -> Response:
    """An HTTP API's service integration: its response is the service's own JSON."""
    service, action = SUBTYPES[route.integration["integrationSubtype"]]
    values = {}
    for name, expression in (route.integration.get("requestParameters") or {}).items():
        if name != "Region":
            values[name] = _filled(str(expression), scope)
    arguments: Mapping[str, Any] = values
    if action == "PutEvents":
        arguments = {"Entries": [_entry(values)]}
    status, body = _called(clients(_client(service)), action, arguments)
    if status >= 500:
        raise GatewayError("DEFAULT_5XX", "Internal Server Error", status=500, reason=str(body))
    data = json.dumps(body, separators=(",", ":"), default=str).encode()
    return Response(status, [("Content-Type", "application/json")], data)


def _entry(values: dict[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = dict(values)
    if "Resources" in entry:
        entry["Resources"] = json.loads(entry["Resources"])
    return entry


def _filled(expression: str, scope: Scope) -> str:
    """The value of an HTTP API's parameter mapping: `$request.body.x`, `${context.y}` or text."""
    pattern = r"\$\{?((?:request|context|stageVariables)(?:\.[\w-]+)*)\}?"
    return re.sub(pattern, lambda match: _selected(match[1], scope), expression)


def _selected(expression: str, scope: Scope) -> str:
    if expression.startswith("request.body"):
        return mapping.in_body(scope.request.body, expression.removeprefix("request.body")) or ""
    for name in ("querystring", "header", "path"):
        if expression.startswith(f"request.{name}."):
            return variables.evaluated(f"method.{expression}", scope)
    return variables.evaluated(expression, scope)
