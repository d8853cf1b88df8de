"""Whether what is deployed is what the template and the spec say."""

import io
import json
import re
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

from deployment.stack import Stack, client
from gateway.errors import ProjectError

PARAMETER = re.compile(r"\{\w+\}")  # a `*` in the ARN of a route


class Inspection:
    def __init__(self, stack: Stack):
        self.stack = stack
        found = self.client("cloudformation").describe_stack_resources(StackName=stack.name)["StackResources"]
        self._found = {r["LogicalResourceId"]: r for r in found}
        self.api = self["UsersApi"]

    def client(self, service: str) -> Any:
        return client(service, self.stack.region)

    def __getitem__(self, logical_id: str) -> str:
        """The physical id."""
        return str(self._found[logical_id]["PhysicalResourceId"])

    def of_type(self, kind: str) -> set[str]:
        return {name for name, r in self._found.items() if r["ResourceType"] == kind}

    def export(self) -> dict[str, Any]:
        """The stage's OpenAPI document, as API Gateway gives it."""
        gateway = self.client("apigateway")
        wanted = {"extensions": "apigateway"}
        exported = gateway.get_export(restApiId=self.api, stageName="Prod", exportType="oas30", parameters=wanted)
        return dict(json.loads(exported["body"].read()))

    def report(self) -> Iterator[str]:
        """What was found right; raises ProjectError with what was not."""
        for check in (_resources, _functions, _permissions, _roles, _table, _logs, _stage, _alarms):
            yield check(self)


def _resources(found: Inspection) -> str:
    for kind in ("AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::KMS::Key", "AWS::CloudWatch::Alarm"):
        _same(f"resources of type {kind}", found.of_type(kind), set(found.stack.template.of_type(kind)))
    return f"{len(found._found)} resources"


def _functions(found: Inspection) -> str:
    functions = found.stack.template.of_type("AWS::Serverless::Function")
    for name, properties in functions.items():
        deployed = found.client("lambda").get_function(FunctionName=found[name], Qualifier="live")
        configuration = deployed["Configuration"]
        _same(f"{name}: handler", configuration["Handler"], properties["Handler"])
        _same(f"{name}: log group", configuration["LoggingConfig"]["LogGroup"], found["FunctionsLog"])
        _same(f"{name}: tracing", configuration["TracingConfig"]["Mode"], properties["Tracing"])
        wanted = {**properties["Environment"]["Variables"], "USERS_TABLE": found["UsersTable"]}
        _same(f"{name}: environment", configuration["Environment"]["Variables"], wanted)
        _import(
            name,
            deployed["Code"]["Location"],
            properties["Handler"],
            {**wanted, "AWS_DEFAULT_REGION": found.stack.region},
        )
    return f"{len(functions)} functions, published as live: code downloads and imports; environment, log, tracing"


def _import(name: str, location: str, handler: str, environment: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder, urllib.request.urlopen(location) as code:  # noqa: S310
        zipfile.ZipFile(io.BytesIO(code.read())).extractall(folder)
        module, attribute = handler.split(".")
        statement = f"import {module}; {module}.{attribute}"
        command = [sys.executable, "-c", statement]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProjectError(f"{name}: its code does not import: {done.stderr.strip().splitlines()[-1]}")


def _permissions(found: Inspection) -> str:
    routes = {}
    for path, item in found.export()["paths"].items():
        for method, operation in item.items():
            uri = str(operation.get("x-amazon-apigateway-integration", {}).get("uri", ""))
            if ":function:" in uri:
                routes[f"{method.upper()}{PARAMETER.sub('*', path)}"] = uri.split(":function:")[1].removesuffix(
                    "/invocations"
                )
    for route, function in routes.items():
        name, alias = function.split(":")
        policy = json.loads(found.client("lambda").get_policy(FunctionName=name, Qualifier=alias)["Policy"])
        sources = [s["Condition"]["ArnLike"]["AWS:SourceArn"].split(":", 5)[5] for s in policy["Statement"]]
        _same(f"{name}: who may call it", sources, [f"{found.api}/*/{route}"])
    return f"{len(routes)} routes, each permitted to call the function it names"


def _roles(found: Inspection) -> str:
    iam, table = found.client("iam"), found["UsersTable"]
    for function in found.of_type("AWS::Lambda::Function"):
        role = found[f"{function}Role"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]:
                _same(f"{role}: table", statement["Resource"].split(":table/")[1].split("/")[0], table)
                if any("*" in action for action in statement["Action"]):
                    raise ProjectError(f"{role}: a wildcard in {statement['Action']}")
    return "roles: actions by name, on the one table"


def _table(found: Inspection) -> str:
    wanted = found.stack.template.of_type("AWS::DynamoDB::Table")["UsersTable"]
    table = found.client("dynamodb").describe_table(TableName=found["UsersTable"])["Table"]
    protected = str(wanted["DeletionProtectionEnabled"]).lower() == "true"
    _same("table: key", table["KeySchema"], wanted["KeySchema"])
    _same("table: index", table["GlobalSecondaryIndexes"][0]["IndexName"], "email-index")
    _same("table: deletion protection", table["DeletionProtectionEnabled"], protected)
    return f"table: key, index, deletion protection {'on' if protected else 'off'}"


def _logs(found: Inspection) -> str:
    groups = found.client("logs").describe_log_groups()["logGroups"]
    by_name = {group["logGroupName"]: group for group in groups}
    for name, wanted in found.stack.template.of_type("AWS::Logs::LogGroup").items():
        group = by_name[found[name]]
        _same(f"{name}: retention", group["retentionInDays"], int(wanted["RetentionInDays"]))
        _same(f"{name}: has a key", "kmsKeyId" in group, "KmsKeyId" in wanted)
    encrypted = bool(found.of_type("AWS::KMS::Key"))
    return f"log groups: kept {wanted['RetentionInDays']} days, {'with the own key' if encrypted else 'no own key'}"


def _stage(found: Inspection) -> str:
    wanted = found.stack.template.of_type("AWS::Serverless::Api")["UsersApi"]["MethodSettings"][0]
    stage = found.client("apigateway").get_stage(restApiId=found.api, stageName="Prod")
    settings = stage["methodSettings"]["*/*"]
    _same("stage: rate", settings["throttlingRateLimit"], float(wanted["ThrottlingRateLimit"]))
    _same("stage: burst", settings["throttlingBurstLimit"], int(wanted["ThrottlingBurstLimit"]))
    return f"stage Prod: {settings['throttlingRateLimit']:g} requests a second, traced: {stage['tracingEnabled']}"


def _alarms(found: Inspection) -> str:
    alarms = found.client("cloudwatch").describe_alarms()["MetricAlarms"]
    for name in found.of_type("AWS::CloudWatch::Alarm"):
        alarm = next(a for a in alarms if a["AlarmName"] == found[name])
        _same(f"{name}: where it is sent", alarm["AlarmActions"], [found["AlarmTopic"]])
    return f"{len(alarms)} alarms, sent to the topic" if alarms else "no alarms"


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise ProjectError(f"{what}: deployed is {found!r}, not {wanted!r}")
