"""What a deploy would do to a stack, told or refused before it begins."""

from collections.abc import Iterator, Mapping
from typing import Any

from samspec.deploy.options import Options
from samspec.deploy.stack import Stack, client
from samspec.sam.environments import KIND
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template

HIDDEN = "****"  # what CloudFormation says of a parameter with NoEcho
ACCOUNT_SETTING = "AWS::ApiGateway::Account"
# Resources that hold data, each with the properties whose change makes CloudFormation replace it.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/ ("Update requires")
STATEFUL: dict[str, tuple[str, ...]] = {
    "AWS::Cognito::UserPool": ("AliasAttributes", "UsernameAttributes"),
    "AWS::DynamoDB::GlobalTable": ("KeySchema", "TableName"),
    "AWS::DynamoDB::Table": ("KeySchema", "TableName"),
    "AWS::EFS::FileSystem": ("Encrypted", "KmsKeyId"),
    "AWS::KMS::Key": (),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::RDS::DBCluster": ("DBClusterIdentifier", "KmsKeyId", "StorageEncrypted"),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier", "KmsKeyId", "StorageEncrypted"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
}


def refuse(stack: Stack, options: Options, template: Template) -> None:
    """Raises a ProjectError for a deploy that would fail, or do what nobody means by a deploy."""
    if stack.status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
        raise ProjectError(
            f"stack {stack.name} is in {stack.status}: its first deploy failed, and AWS updates "
            f"no such stack: see why (its events), then `aws cloudformation delete-stack "
            f"--stack-name {stack.name} --region {stack.region}`, and deploy again"
        )
    if stack.status.endswith("_IN_PROGRESS") and stack.exists:
        raise ProjectError(f"stack {stack.name} is in {stack.status}: wait until it is done")
    if stack.exists:
        _refuse_another_kind(stack, options)
        _refuse_loss(stack, options, template)
    _refuse_second_account_role(stack, template)


def changed_parameters(stack: Stack, options: Options, template: Template) -> Iterator[str]:
    """The parameters that the deploy changes, and those that stay though no file says them."""
    declared = template.raw.get("Parameters") or {}
    for name, value in options.parameters.items():
        before = stack.parameters.get(name, value)
        if before not in (value, HIDDEN):
            yield f"{name}: {before!r} becomes {value!r}"
    for name, value in stack.parameters.items():
        default = str(declared.get(name, {}).get("Default", ""))
        if name not in options.parameters and value not in (default, HIDDEN):
            yield f"{name}: {value!r} stays as an earlier deploy set it"


def _refuse_another_kind(stack: Stack, options: Options) -> None:
    deployed, asked = stack.parameters.get(KIND), options.parameters.get(KIND)
    if deployed is not None and deployed != asked:
        raise ProjectError(
            f"stack {stack.name} is {KIND}={deployed}, and this would make it {KIND}={asked}: "
            "give the environment a stack of its own in samconfig.toml"
        )


def _refuse_loss(stack: Stack, options: Options, template: Template) -> None:
    for name, resource in stack.resources.items():
        resource_type = str(resource["ResourceType"])
        if resource_type not in STATEFUL or name in options.accepted:
            continue
        physical = resource.get("PhysicalResourceId", "")
        if name not in template.names(resource_type):
            raise ProjectError(
                f"{name} ({resource_type}) is in stack {stack.name} and no longer in the template: "
                f"CloudFormation would remove it, and its data stays behind in {physical} or is "
                f"deleted: give it its name back, or say --accept-loss {name}"
            )
    deployed = stack.template().get("Resources") or {}
    for name, differs in _replaced(deployed, template):
        if name not in options.accepted:
            raise ProjectError(
                f"{name}: {differs} changes, and CloudFormation replaces the resource for that: "
                f"its data stays behind: undo it, or say --accept-loss {name}"
            )


def _replaced(deployed: Mapping[str, Any], template: Template) -> Iterator[tuple[str, str]]:
    for resource_type, properties in STATEFUL.items():
        for name, wanted in template.of_type(resource_type).items():
            before = (deployed.get(name) or {}).get("Properties") or {}
            for key in properties:
                if name in deployed and template.resolve(before.get(key)) != wanted.get(key):
                    yield name, key


def _refuse_second_account_role(stack: Stack, template: Template) -> None:
    """API Gateway has one role for logs in an account and region: a second would replace it."""
    settings = template.names(ACCOUNT_SETTING)
    if not settings or any(name in stack.resources for name in settings if stack.exists):
        return
    role = client("apigateway", stack.region).get_account().get("cloudwatchRoleArn")
    if not role:
        return
    way_out = "take it out of the template"
    for parameter, value in _without(settings[0], template):
        way_out = f"say --parameter-overrides {parameter}={value}, or put it in samconfig.toml"
    raise ProjectError(
        f"API Gateway has a role for logs in this account and region already ({role}), and "
        f"{settings[0]} would replace it for every API: {way_out}"
    )


def _without(resource: str, template: Template) -> Iterator[tuple[str, str]]:
    """The parameter values, one at a time, for which the template does not make the resource."""
    for name, declared in (template.raw.get("Parameters") or {}).items():
        for value in declared.get("AllowedValues") or []:
            parameters = {**template.settings.parameters, name: str(value)}
            if not Template(template.path, parameters).is_made(resource):
                yield name, str(value)
