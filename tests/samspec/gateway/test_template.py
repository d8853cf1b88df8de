from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samspec.gateway import Gateway
from samspec.sam import documents
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template
from werkzeug.test import Client

TEXT = """
Parameters:
  Color: { Type: String, Default: red, AllowedValues: [red, blue] }
  Zones: { Type: CommaDelimitedList, Default: "a, b" }
  Needed: { Type: String }
Mappings:
  Sizes: { red: { small: 1 }, blue: { small: 2 } }
Conditions:
  IsRed: !Equals [!Ref Color, red]
  IsBlue: !Not [!Condition IsRed]
  Both: !And [!Condition IsRed, !Condition IsBlue]
  Either: !Or [!Condition IsRed, !Condition IsBlue]
Globals:
  Function: { Timeout: 7, Tags: [a], Environment: { Variables: { A: "1", B: "2" } } }
Resources:
  Table: { Type: AWS::DynamoDB::Table, Properties: { TableName: !Sub "${AWS::StackName}-t" } }
  Plain: { Type: AWS::SNS::Topic }
  F:
    Type: AWS::Serverless::Function
    Properties: { Tags: [b], Environment: { Variables: { B: "3" } } }
  Hidden: { Type: AWS::Serverless::Function, Condition: IsBlue }
"""


@pytest.fixture
def template(tmp_path: Path) -> Template:
    (tmp_path / "template.yaml").write_text(TEXT)
    (tmp_path / "part.yaml").write_text("a: { Fn::Sub: '${Color}' }\n")
    return Template(tmp_path / "template.yaml")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("!Ref Color", "red"),
        ("!Ref Zones", ["a", "b"]),
        ("!Ref Table", "local-t"),
        ("!Ref Plain", "arn:aws:sns:us-east-1:123456789012:Plain"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!GetAtt Table.Arn", "arn:aws:dynamodb:us-east-1:123456789012:table/local-t"),
        ("!GetAtt F.Arn", "arn:aws:lambda:us-east-1:123456789012:function:F"),
        ("!GetAtt Plain.TopicArn", "arn:aws:sns:us-east-1:123456789012:Plain"),
        ("!GetAtt Plain.TopicName", "Plain"),
        (
            "!Sub '${Color} ${!Literal} ${Table.Arn}'",
            "red ${Literal} arn:aws:dynamodb:us-east-1:123456789012:table/local-t",
        ),
        ("!Sub ['${x}${Color}', { x: !Ref Color }]", "redred"),
        ("!If [IsRed, 1, 2]", 1),
        ("!If [IsBlue, 1, 2]", 2),
        ("{ a: !If [IsBlue, 1, !Ref AWS::NoValue] }", {}),
        ("[!If [IsBlue, 1, !Ref AWS::NoValue], 2]", [2]),
        ("!If [Both, 1, !If [Either, 2, 3]]", 2),
        ("!Join ['-', [a, !Ref Color]]", "a-red"),
        ("!Select [1, !Split [',', 'a,b']]", "b"),
        ("!FindInMap [Sizes, !Ref Color, small]", 1),
        ("!Base64 a", "YQ=="),
        ("!ImportValue elsewhere", "elsewhere"),
        (
            "{ Fn::Transform: { Name: AWS::Include, Parameters: { Location: part.yaml } } }",
            {"a": "red"},
        ),
        ("{ Fn::Unknown: 1 }", {"Fn::Unknown": 1}),
    ],
)
def test_intrinsic_functions_resolve(
    template: Template, tmp_path: Path, expression: str, value: Any
) -> None:
    (tmp_path / "expression.yaml").write_text(f"it: {expression}\n")
    assert template.resolve(documents.read(tmp_path / "expression.yaml"))["it"] == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("!Ref Nothing", "'Nothing' is neither a parameter nor a resource"),
        ("!GetAtt Nothing.Arn", "no resource 'Nothing'"),
        ("!If [Nothing, 1, 2]", "no condition 'Nothing'"),
        ("!If [IsRed]", r"Fn::If does not take \['IsRed'\]"),
        ("!FindInMap [Sizes, green, small]", "no Sizes.green.small in Mappings"),
        ("{ Fn::Transform: { Name: AWS::Other } }", "the transform AWS::Other is not known"),
        (
            "{ Fn::Transform: { Name: AWS::Include, Parameters: { Location: no.yaml } } }",
            "no.yaml: No such file",
        ),
    ],
)
def test_what_cannot_be_resolved_is_refused_by_name(
    template: Template, tmp_path: Path, expression: str, message: str
) -> None:
    (tmp_path / "expression.yaml").write_text(f"it: {expression}\n")
    with pytest.raises(ProjectError, match=message):
        template.resolve(documents.read(tmp_path / "expression.yaml"))


def test_a_parameter_without_a_value_is_named_and_has_a_stand_in(template: Template) -> None:
    assert template.resolve({"Ref": "Needed"}) == "Needed"
    assert template.unknown == {
        "Needed": "parameter Needed has no default: give it with --parameter-overrides Needed=VALUE"
    }
    with pytest.raises(ProjectError, match="parameter Needed has no default"):
        template.check()


def test_globals_are_merged_by_sams_rule(template: Template) -> None:
    functions = template.of_type("AWS::Serverless::Function")
    assert functions == {
        "F": {"Timeout": 7, "Tags": ["a", "b"], "Environment": {"Variables": {"A": "1", "B": "3"}}}
    }


def test_parameters_choose_conditions_and_maps(tmp_path: Path, template: Template) -> None:
    blue = Template(template.path, {"Color": "blue"})
    assert set(blue.of_type("AWS::Serverless::Function")) == {"F", "Hidden"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Colour": "red"}, "no parameter 'Colour'; it has: Color, Zones, Needed"),
        ({"Color": "green"}, "is not one of red, blue"),
    ],
)
def test_wrong_parameters_are_refused(
    template: Template, parameters: dict[str, str], message: str
) -> None:
    with pytest.raises(ProjectError, match=message):
        Template(template.path, parameters)


API = "Resources: { A: { Type: AWS::Serverless::Api, Properties: { %s } } }"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "template.yaml:2: not valid YAML"),
        ("- a", "expected a mapping, found list"),
        ("a: \x01", "not valid YAML"),
        ("Description: none", "no Resources in it"),
        ("Resources: [1]", "Resources must be a mapping"),
        ("Resources: { X: null }", "the resource X must be a mapping with a Type"),
        ("Resources: { X: { Type: A::B::C, Properties: [1] } }", "the Properties of X must be"),
        (
            API % "StageName: p, DefinitionBody: { openapi: 3.0.3, paths: { /a: [1] } }",
            "/a must be a mapping",
        ),
        (
            API % "StageName: p, DefinitionBody: { openapi: 3.0.3, paths: { /a: { get: 5 } } }",
            "get /a must be a mapping",
        ),
        (API % "StageName: p, DefinitionUri: { Bucket: b, Key: k }", "its definition is in S3"),
        (API % "", "Missing required property 'StageName'"),
        ("Resources: { A: { Type: AWS::SNS::Topic } }", "no API in it: add a function with"),
        (API % "DefinitionBody: { openapi: 3.1.0 }", "not 3.1.0"),
        (API % "DefinitionBody: { swagger: '2.0' }", "no paths"),
        (API % "DefinitionBody: { openapi: 3.0.3 }", "no paths"),
    ],
)  # fmt: skip
def test_a_broken_template_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(text)
    with pytest.raises(ProjectError) as refused:
        Gateway.from_template(path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_definition_uri_is_read_as_well(altered: Callable[..., Path]) -> None:
    template = altered()
    document = documents.read(template)
    import json

    api = document["Resources"]["LibraryApi"]["Properties"]
    (template.parent / "api.json").write_text(json.dumps(api["DefinitionBody"]))
    text = template.read_text()
    head, _, tail = text.partition("      DefinitionBody:\n")
    template.write_text(
        head + "      DefinitionUri: api.json\n\n" + tail[tail.index("  AccessLogs:") :]
    )
    assert len(Gateway.from_template(template).routes) == 11


def test_what_is_not_emulated_is_named(library: Gateway) -> None:
    assert library.project.gaps == [
        "GET /elsewhere: it calls example.com, and no local run leaves this machine: "
        "allow it with --allow-host example.com"
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "${CoversFunction.Arn}",
            "arn:aws:lambda:us-east-1:1:function:Nobody",
            "names no function of the template",
        ),
        (
            "type: !If [IsSigned, AWS_IAM, NONE]",
            "type: CUSTOM",
            "API Gateway knows NONE and AWS_IAM",
        ),
        (
            "Handler: covers.",
            "Runtime: nodejs22.x\n      Handler: covers.",
            "CoversFunction has the runtime nodejs22.x, and only Python runs here",
        ),
        (
            "StageName: !Ref Stage",
            "StageName: v1\n      CacheClusterEnabled: true",
            "LibraryApi.CacheClusterEnabled: caching is not emulated",
        ),
        (
            "openapi: 3.0.1",
            "openapi: 3.0.1\n        x-amazon-apigateway-policy: { Version: '2012-10-17' }",
            "resource policy cannot be read",
        ),
        (
            "  AccessLogs:",
            "  Other: { Type: AWS::Serverless::HttpApi }\n  AccessLogs:",
            "Other: no paths in the API definition",
        ),
    ],
)
def test_what_the_library_does_not_ask_for_would_be_named_too(
    altered: Callable[..., Path], old: str, new: str, message: str
) -> None:
    assert any(message in gap for gap in Gateway.from_template(altered((old, new))).project.gaps)


def test_an_operation_that_cannot_be_resolved_is_named_and_the_rest_runs(
    made: Callable[..., Gateway], altered: Callable[..., Path]
) -> None:
    gateway = made(altered(("https://example.com/", "!Ref Typo")))
    assert "GET /elsewhere: " in gateway.project.gaps[0]
    assert "'Typo' is neither a parameter nor a resource" in gateway.project.gaps[0]
    assert Client(gateway).get("/elsewhere").status_code == 501
    assert Client(gateway).get("/health").status_code == 200


def test_a_macro_is_named(made: Callable[..., Gateway], altered: Callable[..., Path]) -> None:
    gateway = made(
        altered(
            (
                "Transform: AWS::Serverless-2016-10-31",
                "Transform: [AWS::Serverless-2016-10-31, Mine]",
            )
        )
    )
    assert "the transform Mine is not applied here" in gateway.project.gaps
