"""What stays when a stack is deleted, by the template's DeletionPolicies."""

from collections.abc import Mapping
from pathlib import Path

from samspec.deploy import translation
from samspec.sam.project import template_at

# The types of resources that a rehearsal looks for, and what it calls them.
KINDS = {
    "AWS::ApiGateway::ApiKey": "API key",
    "AWS::ApiGateway::RestApi": "API",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::Cognito::UserPool": "user pool",
    "AWS::DynamoDB::Table": "table",
    "AWS::IAM::Role": "role",
    "AWS::KMS::Key": "key",
    "AWS::Lambda::Function": "function",
    "AWS::Logs::LogGroup": "log group",
    "AWS::SNS::Topic": "topic",
}


def kinds(root: Path, parameters: Mapping[str, str]) -> list[str]:
    """The kind of each resource that stays, in alphabetical order."""
    resources = translation.resolved(template_at(root), parameters)
    stay = []
    for resource in resources.values():
        is_retained = str(resource.get("DeletionPolicy")).startswith("Retain")
        if is_retained and resource["Type"] in KINDS:
            stay.append(KINDS[resource["Type"]])
    return sorted(stay)
