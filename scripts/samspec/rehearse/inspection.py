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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samspec.deploy import translation
from samspec.deploy.stack import Stack, client
from samspec.gateway.authorization import requirements
from samspec.gateway.authorization.requirements import Requirement
from samspec.sam.errors import ProjectError
from samspec.sam.operations import INTEGRATION
from samspec.sam.project import Project, template_at
from samspec.sam.template import Settings, Template

API = "AWS::Serverless::Api"
INVENTORIED = (
    ("alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("API", "apigateway", "get_rest_apis", "items", "id"),
    ("API key", "apigateway", "get_api_keys", "items", "id"),
    ("dashboard", "cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("function", "lambda", "list_functions", "Functions", "FunctionName"),
    ("key", "kms", "list_keys", "Keys", "KeyId"),
    ("log group", "logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("role", "iam", "list_roles", "Roles", "RoleName"),
    ("table", "dynamodb", "list_tables", "TableNames", None),
    ("topic", "sns", "list_topics", "Topics", "TopicArn"),
    ("user pool", "cognito-idp", "list_user_pools", "UserPools", "Id"),
)
LIMITS = {"list_user_pools": {"MaxResults": 60}}  # what these calls cannot do without


def inventory(region: str) -> set[tuple[str, str]]:
    """Everything of the types in INVENTORIED that there is, by what it is called and its name."""
    there = set()
    for what, service, action, items, name in INVENTORIED:
        listed = getattr(client(service, region), action)(**LIMITS.get(action, {}))
        for item in listed[items]:
            there.add((what, item[name] if name else item))
    return there


def the_api(template: Template) -> str:
    """The logical id of the template's API. Raises a ProjectError unless there is exactly one."""
    names = template.names(API)
    if len(names) != 1:
        raise ProjectError(
            f"a rehearsal inspects a template with one {API}; this one has {len(names)}: "
            "samspec start runs APIs of other types"
        )
    return names[0]


@dataclass(frozen=True)
class Asked:
    """What a method asks of its callers, in API Gateway's words."""

    type: str = "NONE"
    authorizer: str = ""
    key: bool = False
    scopes: tuple[str, ...] = ()


class Inspection:
    """A deployed stack next to the project in the folder `root`."""

    def __init__(self, stack: Stack, root: Path) -> None:
        self.stack = stack
        self.project = Project(root, Settings(stack.parameters, region=stack.region))
        self.template = self.project.resolved
        self._resources = translation.resolved(template_at(root), stack.parameters)
        self.api = the_api(self.template)

    def client(self, service: str) -> Any:
        return client(service, self.stack.region)

    def __len__(self) -> int:
        return len(self.stack.resources)

    def __getitem__(self, logical_id: str) -> str:
        """The physical id."""
        return str(self.stack.resources[logical_id]["PhysicalResourceId"])

    def of_type(self, resource_type: str) -> set[str]:
        resources = self.stack.resources.items()
        return {name for name, resource in resources if resource["ResourceType"] == resource_type}

    def wanted(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """The properties of the template's resources of a type, SAM's own translated."""
        resources = {}
        for name, resource in self._resources.items():
            if resource["Type"] == resource_type:
                resources[name] = resource.get("Properties") or {}
        return resources

    def value(self, raw: Any) -> Any:
        """What a template's value is in the stack: a Ref to a resource is its physical id."""
        if isinstance(raw, dict) and raw.get("Ref") in self.stack.resources:
            return self[raw["Ref"]]
        return self.template.resolve(raw)

    def physical(self, arn: str) -> str:
        """The physical id's last part, for an ARN or name that ends with a logical id."""
        name = arn.split(":")[-1]
        return self[name].split(":")[-1] if name in self.stack.resources else name

    @property
    def where(self) -> dict[str, str]:
        """The stage, as API Gateway's calls name it."""
        stage = self.template.of_type(API)[self.api]["StageName"]
        return {"restApiId": self[self.api], "stageName": stage}

    def export(self) -> dict[str, Any]:
        """The stage's OpenAPI document, as API Gateway gives it."""
        exported = self.client("apigateway").get_export(
            **self.where, exportType="oas30", parameters={"extensions": "apigateway"}
        )
        return dict(json.loads(exported["body"].read()))

    def functions(self) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Each function's logical id, raw properties, and what Lambda says of its alias."""
        for name in self.template.names("AWS::Serverless::Function"):
            properties = self.template.properties(name)
            alias = {"Qualifier": properties.get("AutoPublishAlias", "$LATEST")}
            deployed = self.client("lambda").get_function(FunctionName=self[name], **alias)
            yield name, properties, deployed

    def code(self) -> Iterator[tuple[str, dict[str, bytes]]]:
        """Each function's files, those at the top, by name."""
        for name, _, deployed in self.functions():
            archive = _archive(deployed)
            tops = [item for item in archive.namelist() if "/" not in item]
            yield name, {item: archive.read(item) for item in tops}

    def report(self) -> Iterator[str]:
        """What is right; raises a ProjectError with what was not."""
        for check in CHECKS:
            yield check(self)


def _resources(inspection: Inspection) -> str:
    for resource_type in SAME:
        _same(
            f"resources of type {resource_type}",
            inspection.of_type(resource_type),
            set(inspection.wanted(resource_type)),
        )
    return f"{len(inspection)} resources"


def _functions(inspection: Inspection) -> str:
    count = 0
    for name, properties, deployed in inspection.functions():
        count += 1
        configuration = deployed["Configuration"]
        raw = (properties.get("Environment") or {}).get("Variables") or {}
        variables = {key: inspection.value(value) for key, value in raw.items()}
        deployed_variables = configuration.get("Environment", {}).get("Variables", {})
        log_group = (properties.get("LoggingConfig") or {}).get("LogGroup")
        tracing = inspection.value(properties.get("Tracing", "PassThrough"))
        _same(f"{name}: handler", configuration["Handler"], properties["Handler"])
        _same(f"{name}: tracing", configuration["TracingConfig"]["Mode"], tracing)
        _same(f"{name}: environment", deployed_variables, variables)
        if log_group:
            logging = configuration["LoggingConfig"]["LogGroup"]
            _same(f"{name}: log group", logging, inspection.value(log_group))
        _import(name, deployed, {**variables, "AWS_DEFAULT_REGION": inspection.stack.region})
    return f"{count} functions, as published: code downloads and imports; environment, log, tracing"


def _archive(deployed: dict[str, Any]) -> zipfile.ZipFile:
    with urllib.request.urlopen(deployed["Code"]["Location"]) as code:
        return zipfile.ZipFile(io.BytesIO(code.read()))


def _import(name: str, deployed: dict[str, Any], environment: dict[str, str]) -> None:
    module, attribute = deployed["Configuration"]["Handler"].rsplit(".", 1)
    module = module.replace("/", ".")
    command = [sys.executable, "-c", f"import {module}; {module}.{attribute}"]
    with tempfile.TemporaryDirectory() as folder:
        _archive(deployed).extractall(folder)
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1]
        raise ProjectError(f"{name}: its code does not import: {last}")


def _permissions(inspection: Inspection) -> str:
    routes = 0
    for path, item in inspection.export()["paths"].items():
        for method, operation in item.items():
            uri = str((operation.get(INTEGRATION) or {}).get("uri", ""))
            if ":function:" in uri:
                routes += 1
                _permission(inspection, f"{method.upper()}{re.sub(r'{.+?}', '*', path)}", uri)
    return f"{routes} routes, each permitted to call the function it names"


def _permission(inspection: Inspection, route: str, uri: str) -> None:
    name, _, alias = uri.split(":function:")[1].removesuffix("/invocations").partition(":")
    qualifier = {"Qualifier": alias} if alias else {}
    policy = inspection.client("lambda").get_policy(FunctionName=name, **qualifier)["Policy"]
    sources = []
    for statement in json.loads(policy)["Statement"]:
        sources.append(statement["Condition"]["ArnLike"]["AWS:SourceArn"].split(":", 5)[5])
    wanted = f"{inspection[inspection.api]}/*/{route}"
    if wanted not in sources:
        raise ProjectError(f"{name}: {wanted} may not call it, only {sources}")


def _callers(inspection: Inspection) -> str:
    gateway, api = inspection.client("apigateway"), inspection[inspection.api]
    document = inspection.project.apis[0].document
    listed = gateway.get_authorizers(restApiId=api)["items"]
    names = {authorizer["id"]: authorizer["name"] for authorizer in listed}
    guarded = 0
    for resource in gateway.get_resources(restApiId=api, embed=["methods"], limit=500)["items"]:
        operations = document["paths"].get(resource["path"]) or {}
        for method, deployed in (resource.get("resourceMethods") or {}).items():
            wanted = _asked_by_spec(requirements.read(document, operations.get(method.lower(), {})))
            asked = _asked_by_stage(deployed, names)
            _same(f"{method} {resource['path']}: what it asks of callers", asked, wanted)
            guarded += wanted != Asked()
    return f"{guarded} operations, each asks its callers for what the spec says, scopes included"


def _asked_by_spec(requirement: Requirement) -> Asked:
    authorizer = requirement.authorizer
    if authorizer:
        asked = "COGNITO_USER_POOLS" if authorizer.type == "cognito_user_pools" else "CUSTOM"
        scopes = tuple(sorted(requirement.scopes))
        return Asked(asked, authorizer.name, requirement.key, scopes)
    return Asked("AWS_IAM" if requirement.iam else "NONE", key=requirement.key)


def _asked_by_stage(method: dict[str, Any], names: dict[str, str]) -> Asked:
    """What GetResources says of a method; `names` are those of the authorizers, by id."""
    name = names.get(str(method.get("authorizerId")), "")
    scopes = tuple(sorted(method.get("authorizationScopes") or []))
    return Asked(method["authorizationType"], name, bool(method.get("apiKeyRequired")), scopes)


def _roles(inspection: Inspection) -> str:
    iam = inspection.client("iam")
    names = [inspection[name] for name in inspection.of_type("AWS::Lambda::Function")]
    tables = [inspection[name] for name in inspection.of_type("AWS::DynamoDB::Table")]
    roles = [f"{name}Role" for name in inspection.of_type("AWS::Lambda::Function")]
    for role in filter(inspection.stack.resources.get, roles):
        for policy in iam.list_role_policies(RoleName=inspection[role])["PolicyNames"]:
            document = iam.get_role_policy(RoleName=inspection[role], PolicyName=policy)
            for statement in document["PolicyDocument"]["Statement"]:
                actions = _listed(statement["Action"])
                _same(f"{role}: wildcards", [word for word in actions if "*" in word], [])
                for resource in _listed(statement["Resource"]):
                    if ":table/" in resource and not _is_of(resource, tables):
                        raise ProjectError(f"{role}: {resource} is no table of the stack")
    return f"roles of {len(names)} functions: actions by name, on the stack's own tables"


def _is_of(resource: str, tables: list[str]) -> bool:
    return resource.split(":table/")[1].split("/")[0] in tables


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _table(inspection: Inspection) -> str:
    tables = inspection.wanted("AWS::DynamoDB::Table")
    for name, wanted in tables.items():
        table = inspection.client("dynamodb").describe_table(TableName=inspection[name])["Table"]
        indexes = [index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])]
        stated = [index["IndexName"] for index in wanted.get("GlobalSecondaryIndexes", [])]
        protected = str(wanted.get("DeletionProtectionEnabled", False)).lower() == "true"
        _same(f"{name}: key", table["KeySchema"], wanted["KeySchema"])
        _same(f"{name}: indexes", indexes, stated)
        _same(f"{name}: deletion protection", table["DeletionProtectionEnabled"], protected)
    return f"{len(tables)} tables: key, indexes, deletion protection"


def _logs(inspection: Inspection) -> str:
    groups = {}
    for group in inspection.client("logs").describe_log_groups()["logGroups"]:
        groups[group["logGroupName"]] = group
    wanted_groups = inspection.wanted("AWS::Logs::LogGroup")
    for name, wanted in wanted_groups.items():
        group = groups[inspection[name]]
        _same(f"{name}: retention", group["retentionInDays"], int(wanted["RetentionInDays"]))
        _same(f"{name}: has a key", "kmsKeyId" in group, "KmsKeyId" in wanted)
    return f"{len(wanted_groups)} log groups: retention, key"


def _key(inspection: Inspection) -> str:
    keys = inspection.wanted("AWS::KMS::Key")
    for name, wanted in keys.items():
        status = inspection.client("kms").get_key_rotation_status(KeyId=inspection[name])
        _same(f"{name}: rotation", status["KeyRotationEnabled"], wanted["EnableKeyRotation"])
    return "key: rotates" if keys else "no key"


def _stage(inspection: Inspection) -> str:
    api = inspection.template.of_type(API)[inspection.api]
    stage = inspection.client("apigateway").get_stage(**inspection.where)
    for wanted in api.get("MethodSettings") or []:
        path = "*" if wanted["ResourcePath"] == "/*" else wanted["ResourcePath"].lstrip("/")
        settings = stage["methodSettings"][f"{path}/{wanted['HttpMethod']}"]
        rate, burst = wanted["ThrottlingRateLimit"], wanted["ThrottlingBurstLimit"]
        _same("stage: rate", settings["throttlingRateLimit"], float(rate))
        _same("stage: burst", settings["throttlingBurstLimit"], int(burst))
    return f"stage {inspection.where['stageName']}: throttling; traced: {stage['tracingEnabled']}"


def _alarms(inspection: Inspection) -> str:
    deployed = inspection.client("cloudwatch").describe_alarms()["MetricAlarms"]
    by_name = {alarm["AlarmName"]: alarm for alarm in deployed}
    alarms = inspection.wanted("AWS::CloudWatch::Alarm")
    for name, wanted in alarms.items():
        alarm = by_name[inspection[name]]
        sent = [action.split(":")[-1] for action in alarm["AlarmActions"]]
        actions = [inspection.physical(action) for action in wanted.get("AlarmActions", [])]
        _same(f"{name}: where it is sent", sent, actions)
        _same(f"{name}: metric", alarm["MetricName"], wanted["MetricName"])
        _same(f"{name}: threshold", float(alarm["Threshold"]), float(wanted["Threshold"]))
    return f"{len(alarms)} alarms: metric, threshold, where they are sent"


def _same(what: str, inspection: object, wanted: object) -> None:
    if inspection != wanted:
        raise ProjectError(f"{what}: deployed is {inspection!r}, not {wanted!r}")


SAME = (
    "AWS::DynamoDB::Table",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::KMS::Key",
    "AWS::CloudWatch::Alarm",
)
CHECKS = (
    *(_resources, _functions, _permissions, _callers, _roles, _table),
    *(_logs, _key, _stage, _alarms),
)
