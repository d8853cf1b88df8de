"""The template's queues, topics, buckets, parameters, secrets and more, made in moto.

They get the names that `Ref` and `Fn::GetAtt` give for them. Each service is loaded only if the
template has something of it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from samspec.aws import clients
from samspec.sam.account import ACCOUNT
from samspec.sam.dynamic import secret_text
from samspec.sam.functions import as_text
from samspec.sam.resources import Resource
from samspec.sam.template import Template

THERE = ("Exists", "InUse", "AlreadyOwnedByYou")  # in the error codes of what was made before
Properties = Mapping[str, Any]


def create(template: Template) -> None:
    """Make what is not there yet; `template.unknown` says what could not be made, and why."""
    from botocore.exceptions import BotoCoreError, ClientError

    for name in sorted(template.names(*MAKERS), key=lambda name: _order(template, name)):
        service, make = MAKERS[template.type_of(name)]
        try:
            properties = template.resolve(template.properties(name))
            make(clients.client(service, template.region), template.resource(name), properties)
        except (BotoCoreError, ClientError, KeyError, TypeError, ValueError) as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
            if not any(word in code for word in THERE):
                template.stand_in(name, f"{name} is not there: {str(error).splitlines()[0]}")
    _give_values(template)


def _order(template: Template, name: str) -> bool:
    """Queues that name a dead-letter queue come after it; topics after what subscribes to them."""
    properties = template.properties(name)
    return bool({"RedrivePolicy", "Subscription", "TopicArn", "TargetKeyId"} & set(properties))


def _queue(client: Any, resource: Resource, properties: Properties) -> None:
    attributes = {}
    for key, value in properties.items():
        if key not in ("QueueName", "Tags", "RedriveAllowPolicy"):
            attributes[key] = _attribute(value)
    client.create_queue(QueueName=resource.name, Attributes=attributes)


def _topic(client: Any, resource: Resource, properties: Properties) -> None:
    kept = ("FifoTopic", "ContentBasedDeduplication")
    attributes = {key: _attribute(properties[key]) for key in kept if key in properties}
    client.create_topic(Name=resource.name, Attributes=attributes)
    for subscription in properties.get("Subscription") or []:
        _subscribe(client, resource.arn, subscription)


def _subscription(client: Any, resource: Resource, properties: Properties) -> None:
    _subscribe(client, str(properties["TopicArn"]), properties)


def _subscribe(client: Any, topic: str, subscription: Properties) -> None:
    if subscription["Protocol"] != "sqs":  # nobody but a queue of the template receives locally
        return
    attributes = {}
    for key in ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery"):
        if key in subscription:
            attributes[key] = _attribute(subscription[key])
    client.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=subscription["Endpoint"], Attributes=attributes
    )


def _bucket(client: Any, resource: Resource, properties: Properties) -> None:
    region = client.meta.region_name
    place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client.create_bucket(Bucket=resource.name, **(place if region != "us-east-1" else {}))


def _parameter(client: Any, resource: Resource, properties: Properties) -> None:
    client.put_parameter(
        Name=resource.name,
        Value=as_text(properties["Value"]),
        Type=properties.get("Type", "String"),
        Overwrite=True,
    )


def _secret(client: Any, resource: Resource, properties: Properties) -> None:
    from moto.secretsmanager.utils import SecretsManagerSecretIdentifier
    from moto.utilities.id_generator import moto_id_manager

    region, suffix = client.meta.region_name, resource.arn.rpartition("-")[2]
    identifier = SecretsManagerSecretIdentifier(ACCOUNT, region, resource.name)
    moto_id_manager.set_custom_id(identifier, suffix)
    text = secret_text(resource.logical_id, dict(properties))
    client.create_secret(Name=resource.name, SecretString=text)


def _bus(client: Any, resource: Resource, properties: Properties) -> None:
    client.create_event_bus(Name=resource.name)


def _stream(client: Any, resource: Resource, properties: Properties) -> None:
    client.create_stream(StreamName=resource.name, ShardCount=int(properties.get("ShardCount", 1)))


def _machine(client: Any, resource: Resource, properties: Properties) -> None:
    definition = properties.get("Definition") or {"StartAt": "Done", "States": {"Done": {}}}
    text = properties.get("DefinitionString") or json.dumps(definition)
    role = f"arn:aws:iam::{ACCOUNT}:role/{resource.logical_id}"
    machine_type = properties.get("StateMachineType", properties.get("Type", "STANDARD"))
    client.create_state_machine(
        name=resource.name, definition=text, roleArn=role, type=machine_type
    )


def _key(client: Any, resource: Resource, properties: Properties) -> None:
    from moto.kms.models import kms_backends

    keys = kms_backends[ACCOUNT][client.meta.region_name].keys
    if resource.ref in keys:
        return
    made = client.create_key(Description=as_text(properties.get("Description", "")))
    key = keys.pop(made["KeyMetadata"]["KeyId"])
    key.id, key.arn = resource.ref, resource.arn
    keys[key.id] = key


def _alias(client: Any, resource: Resource, properties: Properties) -> None:
    client.create_alias(AliasName=resource.name, TargetKeyId=properties["TargetKeyId"])


def _give_values(template: Template) -> None:
    """Put the parameters and secrets that were given from outside where functions look for them."""
    for name, value in template.settings.values.items():
        service, _, key = name.partition(":")
        if service == "ssm":
            client = clients.client("ssm", template.region)
            client.put_parameter(Name=key, Value=value, Type="String", Overwrite=True)
        elif service == "secretsmanager" and not key.startswith("arn:"):
            _put_secret(clients.client("secretsmanager", template.region), key, value)


def _put_secret(client: Any, name: str, value: str) -> None:
    try:
        client.create_secret(Name=name, SecretString=value)
    except client.exceptions.ResourceExistsException:
        client.put_secret_value(SecretId=name, SecretString=value)


def _attribute(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else as_text(value)


MAKERS: dict[str, tuple[str, Callable[[Any, Resource, Properties], None]]] = {
    "AWS::Events::EventBus": ("events", _bus),
    "AWS::KMS::Alias": ("kms", _alias),
    "AWS::KMS::Key": ("kms", _key),
    "AWS::Kinesis::Stream": ("kinesis", _stream),
    "AWS::S3::Bucket": ("s3", _bucket),
    "AWS::SNS::Subscription": ("sns", _subscription),
    "AWS::SNS::Topic": ("sns", _topic),
    "AWS::SQS::Queue": ("sqs", _queue),
    "AWS::SSM::Parameter": ("ssm", _parameter),
    "AWS::SecretsManager::Secret": ("secretsmanager", _secret),
    "AWS::Serverless::StateMachine": ("stepfunctions", _machine),
    "AWS::StepFunctions::StateMachine": ("stepfunctions", _machine),
}
