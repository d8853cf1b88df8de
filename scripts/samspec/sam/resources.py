"""What Ref and Fn::GetAtt give for a resource: the forms that CloudFormation's reference states.

Names and ids are the same at every start, so that a value can be told without any emulator: an
emulated service then makes each resource with exactly these names.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

from samspec.sam.account import Place

STREAM_LABEL = "2026-01-01T00:00:00.000"  # when each stream of a table began, locally


@dataclass(frozen=True)
class Form:
    """How a type of resource is named and referred to.

    `ref` and `attributes` are templates over name, id, arn, the place and the properties.
    """

    name: str = "Name"  # the property that states the physical name
    arn: str = ""
    ref: str = "{name}"
    attributes: Mapping[str, str] = field(default_factory=dict)


_QUEUE_URL = "https://sqs.{region}.{domain}/{account}/{name}"
_FUNCTION = Form("FunctionName", "lambda:{region}:{account}:function:{name}")
_LAYER = Form("LayerName", "lambda:{region}:{account}:layer:{name}:1", "{arn}")
_TABLE = Form(
    "TableName",
    "dynamodb:{region}:{account}:table/{name}",
    attributes={"StreamArn": f"{{arn}}/stream/{STREAM_LABEL}", "TableId": "{id}"},
)
_MACHINE = Form(
    "StateMachineName",
    "states:{region}:{account}:stateMachine:{name}",
    "{arn}",
    {"Name": "{name}", "StateMachineRevisionId": "INITIAL"},
)
_HTTP_API = Form(
    "",
    ref="{id}",
    attributes={
        "ApiId": "{id}",
        "ApiEndpoint": "https://{id}.execute-api.{region}.{domain}",
    },
)
_REST_API = Form(
    "", ref="{id}", attributes={"RootResourceId": "{id}", "RestApiId": "{id}"}
)  # fmt: skip

FORMS = {
    "AWS::ApiGateway::ApiKey": Form("", ref="{id}", attributes={"APIKeyId": "{id}"}),
    "AWS::ApiGateway::Deployment": Form("", ref="{id}", attributes={"DeploymentId": "{id}"}),
    "AWS::ApiGateway::Resource": Form("", ref="{id}", attributes={"ResourceId": "{id}"}),
    "AWS::ApiGateway::RestApi": _REST_API,
    "AWS::ApiGateway::Stage": Form("StageName"),
    "AWS::ApiGateway::UsagePlan": Form("", ref="{id}", attributes={"Id": "{id}"}),
    "AWS::ApiGateway::Authorizer": Form("", ref="{id}", attributes={"AuthorizerId": "{id}"}),
    "AWS::ApiGateway::Model": Form("Name"),
    "AWS::ApiGateway::RequestValidator": Form("", ref="{id}"),
    "AWS::ApiGatewayV2::Api": _HTTP_API,
    "AWS::ApiGatewayV2::Authorizer": Form("", ref="{id}", attributes={"AuthorizerId": "{id}"}),
    "AWS::ApiGatewayV2::Integration": Form("", ref="{id}", attributes={"IntegrationId": "{id}"}),
    "AWS::ApiGatewayV2::Stage": Form("StageName"),
    "AWS::CloudWatch::Alarm": Form("AlarmName", "cloudwatch:{region}:{account}:alarm:{name}"),
    "AWS::CloudWatch::CompositeAlarm": Form(
        "AlarmName", "cloudwatch:{region}:{account}:alarm:{name}"
    ),
    "AWS::Cognito::UserPool": Form(
        "",
        "cognito-idp:{region}:{account}:userpool/{region}_{short}",
        "{region}_{short}",
        {
            "ProviderName": "cognito-idp.{region}.{domain}/{region}_{short}",
            "ProviderURL": "https://cognito-idp.{region}.{domain}/{region}_{short}",
            "UserPoolId": "{region}_{short}",
        },
    ),
    "AWS::Cognito::UserPoolClient": Form(
        "",
        ref="{client}",
        attributes={"ClientId": "{client}", "Name": "{name}", "ClientSecret": "{client}"},
    ),
    "AWS::Cognito::UserPoolDomain": Form("Domain"),
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::Events::EventBus": Form(
        "Name", "events:{region}:{account}:event-bus/{name}", attributes={"Name": "{name}"}
    ),
    "AWS::Events::Rule": Form("Name", "events:{region}:{account}:rule/{name}"),
    "AWS::IAM::ManagedPolicy": Form("ManagedPolicyName", "iam::{account}:policy/{name}", "{arn}"),
    "AWS::IAM::Role": Form(
        "RoleName", "iam::{account}:role/{name}", attributes={"RoleId": "AROA{client}"}
    ),
    "AWS::IAM::User": Form("UserName", "iam::{account}:user/{name}"),
    "AWS::KMS::Alias": Form("AliasName", "kms:{region}:{account}:{name}"),
    "AWS::KMS::Key": Form("", "kms:{region}:{account}:key/{uuid}", "{uuid}", {"KeyId": "{uuid}"}),
    "AWS::Kinesis::Stream": Form("Name", "kinesis:{region}:{account}:stream/{name}"),
    "AWS::KinesisFirehose::DeliveryStream": Form(
        "DeliveryStreamName", "firehose:{region}:{account}:deliverystream/{name}"
    ),
    "AWS::Lambda::Function": _FUNCTION,
    "AWS::Lambda::LayerVersion": _LAYER,
    "AWS::Lambda::Url": Form(
        "", ref="{id}", attributes={"FunctionUrl": "https://{id}.lambda-url.{region}.on.aws/"}
    ),
    "AWS::Logs::LogGroup": Form("LogGroupName", "logs:{region}:{account}:log-group:{name}:*"),
    "AWS::S3::Bucket": Form(
        "BucketName",
        "s3:::{name}",
        attributes={
            "DomainName": "{name}.s3.{domain}",
            "RegionalDomainName": "{name}.s3.{region}.{domain}",
            "DualStackDomainName": "{name}.s3.dualstack.{region}.{domain}",
            "WebsiteURL": "http://{name}.s3-website-{region}.{domain}",
        },
    ),
    "AWS::SNS::Topic": Form(
        "TopicName",
        "sns:{region}:{account}:{name}",
        "{arn}",
        {"TopicArn": "{arn}", "TopicName": "{name}"},
    ),
    "AWS::SQS::Queue": Form(
        "QueueName",
        "sqs:{region}:{account}:{name}",
        _QUEUE_URL,
        {"QueueName": "{name}", "QueueUrl": _QUEUE_URL},
    ),
    "AWS::SSM::Parameter": Form("Name", attributes={"Type": "{Type}", "Value": "{Value}"}),
    "AWS::SecretsManager::Secret": Form(
        "Name",
        "secretsmanager:{region}:{account}:secret:{name}-{suffix}",
        "{arn}",
        {"Id": "{arn}"},
    ),
    "AWS::Serverless::Api": _REST_API,
    "AWS::Serverless::Function": _FUNCTION,
    "AWS::Serverless::HttpApi": _HTTP_API,
    "AWS::Serverless::LayerVersion": _LAYER,
    "AWS::Serverless::SimpleTable": _TABLE,
    "AWS::Serverless::StateMachine": Form("Name", _MACHINE.arn, _MACHINE.ref, _MACHINE.attributes),
    "AWS::StepFunctions::StateMachine": _MACHINE,
}


@dataclass(frozen=True)
class Resource:
    """A resource of the template: its logical id, its type, and the properties that name it."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]  # resolved as far as they are needed
    place: Place

    @property
    def form(self) -> Form:
        return FORMS.get(self.type, Form())

    @cached_property
    def name(self) -> str:
        """The physical name: the stated one, or else one that the service takes."""
        stated = self.properties.get(self.form.name) if self.form.name else None
        if stated is not None:
            return str(stated)
        if self.type == "AWS::S3::Bucket":
            return re.sub(r"[^a-z0-9.-]", "-", f"local-{self.logical_id.lower()}")
        is_fifo = str(self.properties.get("FifoQueue", self.properties.get("FifoTopic"))).lower()
        return f"{self.logical_id}.fifo" if is_fifo == "true" else self.logical_id

    @cached_property
    def ref(self) -> str:
        return self._filled(self.form.ref)

    @cached_property
    def arn(self) -> str:
        """The stated form, or what most services have."""
        service = self.type.split("::")[1].lower()
        form = self.form.arn or f"{service}:{{region}}:{{account}}:{{name}}"
        return self._filled(f"arn:{{partition}}:{form}")

    def attribute(self, name: str) -> str | None:
        """What Fn::GetAtt gives; None for an attribute that is not known here."""
        if name == "Arn" or (name.endswith("Arn") and name not in self.form.attributes):
            return self.arn if name in ("Arn", f"{self.type.rpartition('::')[2]}Arn") else None
        form = self.form.attributes.get(name)
        return None if form is None else self._filled(form)

    def _filled(self, form: str) -> str:
        digest = sha256(self.logical_id.encode()).hexdigest()
        letters = "".join(character for character in self.logical_id.lower() if character.isalnum())
        values = {
            **{key: value for key, value in self.properties.items() if isinstance(value, str)},
            "name": self.name,
            "id": f"{letters[:6]}{digest[:4]}",
            "short": digest[:9],
            "suffix": digest[:6],
            "client": digest[:26],
            "uuid": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-"
            f"{digest[20:32]}",
            "region": self.place.region,
            "account": self.place.account,
            "partition": self.place.partition,
            "domain": self.place.domain,
            "arn": self.arn if "{arn}" in form else "",
        }
        return form.format_map(values)
