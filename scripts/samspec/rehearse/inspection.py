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

from samspec.deploy.stack import Stack, client
from samspec.sam.account import REGION
from samspec.sam.errors import ProjectError

KINDS = (
    ("alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("API", "apigateway", "get_rest_apis", "items", "id"),
    ("dashboard", "cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("function", "lambda", "list_functions", "Functions", "FunctionName"),
    ("key", "kms", "list_keys", "Keys", "KeyId"),
    ("log group", "logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("role", "iam", "list_roles", "Roles", "RoleName"),
    ("table", "dynamodb", "list_tables", "TableNames", None),
    ("topic", "sns", "list_topics", "Topics", "TopicArn"),
)


def inventory() -> set[tuple[str, str]]:
    """Everything of the kinds that the stack makes, by kind and name."""
    return {
        (kind, item[name] if name else item)
        for kind, service, action, items, name in KINDS
        for item in getattr(client(service, REGION), action)()[items]
    }


class Inspection:
    def __init__(self, stack: Stack):
        self.stack = stack
        found = self.client("cloudformation").describe_stack_resources(StackName=stack.name)[
            "StackResources"
        ]
        self._found = {r["LogicalResourceId"]: r for r in found}
        self.api = self["UsersApi"]

    def client(self, service: str) -> Any:
        return client(service, self.stack.region)

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, logical_id: str) -> str:
        """The physical id."""
        return str(self._found[logical_id]["PhysicalResourceId"])

    def of_type(self, kind: str) -> set[str]:
        return {name for name, r in self._found.items() if r["ResourceType"] == kind}

    def export(self) -> dict[str, Any]:
        """The stage's OpenAPI document, as API Gateway gives it."""
        exported = self.client("apigateway").get_export(
            restApiId=self.api,
            stageName="Prod",
            exportType="oas30",
            parameters={"extensions": "apigateway"},
        )
        return dict(json.loads(exported["body"].read()))

    def report(self) -> Iterator[str]:
        """What was found right; raises ProjectError with what was not."""
        for check in (
            _resources,
            _functions,
            _permissions,
            _roles,
            _table,
            _logs,
            _key,
            _stage,
            _alarms,
        ):
            yield check(self)


def _resources(found: Inspection) -> str:
    for kind in (
        "AWS::DynamoDB::Table",
        "AWS::Logs::LogGroup",
        "AWS::KMS::Key",
        "AWS::CloudWatch::Alarm",
    ):
        _same(
            f"resources of type {kind}",
            found.of_type(kind),
            set(found.stack.template.of_type(kind)),
        )
    return f"{len(found)} resources"


def _functions(found: Inspection) -> str:
    functions = found.stack.template.of_type("AWS::Serverless::Function")
    for name, properties in functions.items():
        deployed = found.client("lambda").get_function(FunctionName=found[name], Qualifier="live")
        configuration = deployed["Configuration"]
        environment = {**properties["Environment"]["Variables"], "USERS_TABLE": found["UsersTable"]}
        _same(f"{name}: handler", configuration["Handler"], properties["Handler"])
        _same(
            f"{name}: log group", configuration["LoggingConfig"]["LogGroup"], found["FunctionsLog"]
        )
        _same(f"{name}: tracing", configuration["TracingConfig"]["Mode"], properties["Tracing"])
        _same(f"{name}: environment", configuration["Environment"]["Variables"], environment)
        _import(name, deployed, {**environment, "AWS_DEFAULT_REGION": found.stack.region})
    return f"{len(functions)} functions, published as live: code downloads and imports; environment, log, tracing"


def _import(name: str, deployed: dict[str, Any], environment: dict[str, str]) -> None:
    module, attribute = deployed["Configuration"]["Handler"].split(".")
    command = [sys.executable, "-c", f"import {module}; {module}.{attribute}"]
    with (
        tempfile.TemporaryDirectory() as folder,
        urllib.request.urlopen(deployed["Code"]["Location"]) as code,
    ):
        zipfile.ZipFile(io.BytesIO(code.read())).extractall(folder)
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise ProjectError(
            f"{name}: its code does not import: {done.stderr.strip().splitlines()[-1]}"
        )


def _permissions(found: Inspection) -> str:
    uris = {
        f"{method.upper()}{re.sub(r'{.+?}', '*', path)}": operation[
            "x-amazon-apigateway-integration"
        ].get("uri", "")
        for path, item in found.export()["paths"].items()
        for method, operation in item.items()
    }
    routes = {
        route: uri.split(":function:")[1] for route, uri in uris.items() if ":function:" in uri
    }
    for route, function in routes.items():
        name, alias = function.removesuffix("/invocations").split(":")
        policy = json.loads(
            found.client("lambda").get_policy(FunctionName=name, Qualifier=alias)["Policy"]
        )
        sources = [
            s["Condition"]["ArnLike"]["AWS:SourceArn"].split(":", 5)[5] for s in policy["Statement"]
        ]
        _same(f"{name}: who may call it", sources, [f"{found.api}/*/{route}"])
    return f"{len(routes)} routes, each permitted to call the function it names"


def _roles(found: Inspection) -> str:
    iam, table = found.client("iam"), found["UsersTable"]
    for function in found.of_type("AWS::Lambda::Function"):
        role = found[f"{function}Role"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"][
                "Statement"
            ]:
                _same(
                    f"{role}: table", statement["Resource"].split(":table/")[1].split("/")[0], table
                )
                _same(
                    f"{role}: wildcards",
                    [action for action in statement["Action"] if "*" in action],
                    [],
                )
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
    groups = {g["logGroupName"]: g for g in found.client("logs").describe_log_groups()["logGroups"]}
    for name, wanted in found.stack.template.of_type("AWS::Logs::LogGroup").items():
        group = groups[found[name]]
        _same(f"{name}: retention", group["retentionInDays"], int(wanted["RetentionInDays"]))
        _same(f"{name}: has a key", "kmsKeyId" in group, "KmsKeyId" in wanted)
    return f"log groups: kept {wanted['RetentionInDays']} days, {'with the own' if 'KmsKeyId' in wanted else 'no'} key"


def _key(found: Inspection) -> str:
    keys = found.stack.template.of_type("AWS::KMS::Key")
    for name, wanted in keys.items():
        status = found.client("kms").get_key_rotation_status(KeyId=found[name])
        _same(f"{name}: rotation", status["KeyRotationEnabled"], wanted["EnableKeyRotation"])
    return "key: rotates" if keys else "no key"


def _stage(found: Inspection) -> str:
    wanted = found.stack.template.of_type("AWS::Serverless::Api")["UsersApi"]["MethodSettings"][0]
    stage = found.client("apigateway").get_stage(restApiId=found.api, stageName="Prod")
    settings = stage["methodSettings"]["*/*"]
    _same("stage: rate", settings["throttlingRateLimit"], float(wanted["ThrottlingRateLimit"]))
    _same("stage: burst", settings["throttlingBurstLimit"], int(wanted["ThrottlingBurstLimit"]))
    return f"stage Prod: {settings['throttlingRateLimit']:g} requests a second, traced: {stage['tracingEnabled']}"


def _alarms(found: Inspection) -> str:
    alarms = {
        a["AlarmName"]: a for a in found.client("cloudwatch").describe_alarms()["MetricAlarms"]
    }
    for name in found.of_type("AWS::CloudWatch::Alarm"):
        _same(
            f"{name}: where it is sent", alarms[found[name]]["AlarmActions"], [found["AlarmTopic"]]
        )
    return f"{len(alarms)} alarms, sent to the topic" if alarms else "no alarms"


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise ProjectError(f"{what}: deployed is {found!r}, not {wanted!r}")
