"""What IAM refuses of a policy, or takes and never heeds: effects, actions, resources, names."""

import difflib
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from samspec.drift.application import Application
from samspec.drift.policies import Grants, Statement, grants
from samspec.drift.targets import services
from samspec.sam.documents import Keys
from samspec.sam.finding import Finding
from samspec.sam.resources import FORMS
from samspec.sam.variants import UNKNOWN, is_sample
from samspec.sam.written import WrittenFunction

ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+", re.IGNORECASE)
RESOURCE = re.compile(r"\*|arn:.*")
# The prefixes of services that functions use most, next to those that botocore has.
COMMON = (
    "apigateway appconfig athena bedrock cloudformation cloudwatch codedeploy cognito-identity "
    "cognito-idp dax dynamodb ec2 elasticfilesystem es events execute-api firehose glue iam iot "
    "kafka kinesis kms lambda logs rds rds-data rekognition s3 scheduler secretsmanager ses sns "
    "sqs ssm states sts textract translate xray"
)
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
OF_DYNAMODB = (
    "BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem DescribeTable GetItem GetRecords "
    "GetShardIterator PartiQLDelete PartiQLInsert PartiQLSelect PartiQLUpdate PutItem Query Scan "
    "UpdateItem UpdateTable"
)
Fault = tuple[str, Keys, str, str]  # rule, place, what is wrong, how to fix it


def check(application: Application) -> Iterator[Finding]:
    """The statements of every function, as they are with the parameters' defaults."""
    environment = application.environments[0]
    # Nobody here knows whether a Ref to these is an ARN: of an ECS task definition it is.
    unknown = {
        name for name, item in application.resources.items() if str(item.get("Type")) not in FORMS
    }
    reported: set[Fault] = set()
    for function in application.functions.values():
        granted = grants(application, function, environment)
        for fault in _faults(function, granted, unknown):
            if fault not in reported:
                reported.add(fault)
                yield application.template.finding(*fault)


def _faults(function: WrittenFunction, granted: Grants, unknown: set[str]) -> Iterator[Fault]:
    for statement in granted.statements:
        if statement.fault:
            message = f"a statement of {function.name} {statement.fault}"
            yield "iam-statement", statement.at, message, "write Version: 2012-10-17, no Principal"
        for message, fix in (*_form(statement, unknown), *_actions(statement)):
            yield "iam-statement", statement.at, f"a statement of {function.name} {message}", fix
    for name, at in granted.managed:
        short = name.rpartition("/")[2]
        near = difflib.get_close_matches(short, _managed(), 1, 0.9)
        if short not in _managed() and near:
            message = f"{function.name} has the policy {short}, which AWS does not have"
            yield "iam-statement", at, message, f"write {near[0]}"


def _form(statement: Statement, unknown: set[str]) -> Iterator[tuple[str, str]]:
    """What is malformed: the deploy fails."""
    if statement.effect not in ("Allow", "Deny"):
        yield f"has the Effect {statement.effect}", "write Allow or Deny"
    for action in statement.actions:
        if UNKNOWN not in action and not ACTION.fullmatch(action):
            yield f"has the action {action}", "write service:Name"
    for resource in statement.resources:
        first = re.split("[/:]", resource)[0]
        is_plain = UNKNOWN not in resource and "${" not in resource and not is_sample(resource)
        if is_plain and first not in unknown and not RESOURCE.fullmatch(resource):
            yield (
                f"has the resource {resource}, which is not an ARN",
                "write Fn::GetAtt: [..., Arn]",
            )


def _actions(statement: Statement) -> Iterator[tuple[str, str]]:
    """Actions that no service has: IAM takes them, and they allow nothing."""
    for action in statement.actions:
        service, _, name = action.partition(":")
        if not name or UNKNOWN in action:
            continue
        common = COMMON.split()
        near = difflib.get_close_matches(service.lower(), common, 1, 0.8)
        if near and service.lower() not in common and service.lower() not in services():
            yield f"is about the service {service}", f"write {near[0]}"
        elif service.lower() == "dynamodb":
            yield from _of_dynamodb(name)


def _of_dynamodb(name: str) -> Iterator[tuple[str, str]]:
    if name.lower().startswith("transact"):
        fix = "allow what the transaction holds: GetItem, PutItem, UpdateItem, DeleteItem"
        yield f"has the action dynamodb:{name}, which allows nothing", fix
        return
    names = OF_DYNAMODB.split()
    near = difflib.get_close_matches(name, names, 1, 0.88)
    if near and name.lower() not in [item.lower() for item in names] and "*" not in name:
        yield f"has the action dynamodb:{name}, which does not exist", f"write {near[0]}"


@cache
def _managed() -> frozenset[str]:
    """The names of AWS's policies that SAM knows, from its translator's own file."""
    package = find_spec("samtranslator")
    if package is None or not package.submodule_search_locations:
        return frozenset()
    folder = Path(package.submodule_search_locations[0])
    text = (folder / "internal/data/aws_managed_policies.json").read_text(encoding="utf-8")
    names: set[str] = set()
    for policies in json.loads(text).values():
        names |= set(policies)
        names |= {arn.rpartition("/")[2] for arn in policies.values()}
    return frozenset(names)
