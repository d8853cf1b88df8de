from pathlib import Path
from typing import Any

import pytest
from samspec.sam import documents
from samspec.sam.template import Settings, Template

TEXT = """
Resources:
  Queue: { Type: AWS::SQS::Queue }
  Fifo: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }
  Topic: { Type: AWS::SNS::Topic }
  Files: { Type: AWS::S3::Bucket }
  Table: { Type: AWS::DynamoDB::Table }
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: app/db
      GenerateSecretString:
        SecretStringTemplate: '{"user": "ada"}'
        GenerateStringKey: password
        PasswordLength: 10
  Parameter:
    Type: AWS::SSM::Parameter
    Properties: { Name: /a/b, Value: !Ref Queue, Type: String }
  Machine: { Type: AWS::Serverless::StateMachine }
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: orders } }
  Key: { Type: AWS::KMS::Key }
  Role: { Type: AWS::IAM::Role }
  Log: { Type: AWS::Logs::LogGroup }
  Api: { Type: AWS::Serverless::Api, Properties: { StageName: live } }
  Pool: { Type: AWS::Cognito::UserPool }
  F: { Type: AWS::Serverless::Function, Properties: { AutoPublishAlias: prod } }
  Alias: { Type: AWS::Lambda::Alias, Properties: { FunctionName: !Ref F, Name: blue } }
  Strange: { Type: AWS::Strange::Thing }
"""
ACCOUNT = "eu-west-1:123456789012"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    path = tmp_path_factory.mktemp("template") / "template.yaml"
    path.write_text(TEXT)
    values = {"ssm:/given": "from outside", "import:Shared": "shared"}
    return Template(path, settings=Settings(values=values, region="eu-west-1"))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("!Ref Queue", "https://sqs.eu-west-1.amazonaws.com/123456789012/Queue"),
        ("!GetAtt Queue.Arn", f"arn:aws:sqs:{ACCOUNT}:Queue"),
        ("!GetAtt Queue.QueueName", "Queue"),
        ("!GetAtt Fifo.QueueName", "Fifo.fifo"),
        ("!Ref Topic", f"arn:aws:sns:{ACCOUNT}:Topic"),
        ("!GetAtt Topic.TopicName", "Topic"),
        ("!Ref Files", "local-files"),
        ("!GetAtt Files.Arn", "arn:aws:s3:::local-files"),
        ("!GetAtt Files.RegionalDomainName", "local-files.s3.eu-west-1.amazonaws.com"),
        (
            "!GetAtt Table.StreamArn",
            f"arn:aws:dynamodb:{ACCOUNT}:table/Table/stream/2026-01-01T00:00:00.000",
        ),
        ("!Ref Parameter", "/a/b"),
        ("!GetAtt Parameter.Value", "https://sqs.eu-west-1.amazonaws.com/123456789012/Queue"),
        ("!Ref Machine", f"arn:aws:states:{ACCOUNT}:stateMachine:Machine"),
        ("!GetAtt Machine.Name", "Machine"),
        ("!Ref Bus", "orders"),
        ("!GetAtt Bus.Arn", f"arn:aws:events:{ACCOUNT}:event-bus/orders"),
        ("!GetAtt Role.Arn", "arn:aws:iam::123456789012:role/Role"),
        ("!GetAtt Log.Arn", f"arn:aws:logs:{ACCOUNT}:log-group:Log:*"),
        ("!Ref Api.Stage", "live"),
        ("!GetAtt Api.Stage", "live"),
        ("!Ref F", "F"),
        ("!Ref F.Alias", f"arn:aws:lambda:{ACCOUNT}:function:F:prod"),
        ("!Sub '${F.Version}'", f"arn:aws:lambda:{ACCOUNT}:function:F:1"),
        ("!Ref FAliasprod", f"arn:aws:lambda:{ACCOUNT}:function:F:prod"),
        ("!GetAtt FRole.Arn", "arn:aws:iam::123456789012:role/FRole"),
        ("!Ref Alias", f"arn:aws:lambda:{ACCOUNT}:function:F:blue"),
        ("!Ref Strange", "Strange"),
        ("'{{resolve:ssm:/a/b}}'", "https://sqs.eu-west-1.amazonaws.com/123456789012/Queue"),
        ("'x-{{resolve:ssm:/given:3}}'", "x-from outside"),
        ("'{{resolve:secretsmanager:app/db:SecretString:user}}'", "ada"),
        ("!Sub '{{resolve:secretsmanager:${Secret}:SecretString:user}}'", "ada"),
        ("!ImportValue Shared", "shared"),
        ("!Sub '${AWS::Region}-${AWS::StackName}'", "eu-west-1-local"),
        ("!Join ['-', [true, 1]]", "true-1"),
        ("!Equals [true, 'true']", True),
        ("{ Fn::ToJsonString: { a: !Ref F } }", '{"a":"F"}'),
        ("{ Fn::Length: [1, 2] }", 2),
        ("!GetAZs ''", ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
    ],
)  # fmt: skip
def test_a_reference_gives_what_cloudformation_gives(
    template: Template, tmp_path: Path, expression: str, value: Any
) -> None:
    (tmp_path / "expression.yaml").write_text(f"it: {expression}\n")
    assert template.resolve(documents.read(tmp_path / "expression.yaml"))["it"] == value


def test_ids_are_the_same_at_every_start_and_differ(template: Template) -> None:
    ids = [template.resolve({"Ref": name}) for name in ("Key", "Api", "Pool")]
    assert ids == [template.resolve({"Ref": name}) for name in ("Key", "Api", "Pool")]
    assert len(set(ids)) == 3
    assert ids[2].startswith("eu-west-1_")


def test_a_generated_password_has_its_length(template: Template) -> None:
    reference = "{{resolve:secretsmanager:app/db:SecretString:password}}"
    assert len(template.resolve(reference)) == 10


@pytest.mark.parametrize(
    ("value", "name", "why"),
    [
        ({"Fn::GetAtt": "Strange.Endpoint"}, "Strange.Endpoint", "is not known here"),
        ({"Fn::ImportValue": "Vpc"}, "Vpc", "give it with --value import:Vpc=VALUE"),
        ("{{resolve:ssm:/no}}", "ssm:/no", "give it with --value ssm:/no=VALUE"),
    ],
)
def test_a_value_that_nothing_gives_is_its_own_name_and_is_reported(
    template: Template, value: Any, name: str, why: str
) -> None:
    assert template.resolve(value) == name
    assert why in template.unknown[name]
