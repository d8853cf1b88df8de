"""A template for each choice of its parameters: unknown values stay visible, nothing is refused."""

from typing import Any

import pytest
from samspec.sam.account import Place
from samspec.sam.variants import UNKNOWN, Variant, variants

DOCUMENT: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"], "Default": "dev"},
        "Origin": {"Type": "String", "AllowedPattern": "https://.*"},
        "Secret": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/secret"},
    },
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsHidden": {"Fn::Equals": [{"Ref": "Secret"}, "x"]},
        "IsItself": {"Condition": "IsItself"},
    },
    "Rules": {"Prod": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}}]}},
    "Resources": {
        "Orders": {"Type": "AWS::DynamoDB::Table", "Condition": "IsProd"},
        "Get": {"Type": "AWS::Serverless::Function", "Properties": {"AutoPublishAlias": "live"}},
        "Untyped": {},
    },
}


def variant(stage: str = "dev", place: Place | None = None) -> Variant:
    return Variant("test", DOCUMENT, {"Stage": stage}, place)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Nothing"}, "${Nothing}"),
        ({"Fn::GetAtt": ["Nothing", "Arn"]}, "${Nothing.Arn}"),
        ({"Fn::Sub": "${AWS::Regoin}"}, "${AWS.Regoin}"),
        ({"Fn::GetAtt": "GetRole.Arn"}, "arn:aws:iam::123456789012:role/GetRole"),
        ({"Fn::Sub": "${GetAliaslive}"}, "arn:aws:lambda:us-east-1:123456789012:function:Get:live"),
        ({"Fn::If": ["IsProd", 1, 2]}, 2),
        ({"Fn::If": ["IsHidden", 1, 2]}, 1),
        ({"Fn::If": ["IsItself", 1, 2]}, 1),
    ],
)
def test_a_value_is_what_it_means_or_shows_what_is_wrong(value: Any, expected: Any) -> None:
    assert variant().resolve(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Origin"},
        {"Ref": "Secret"},
        {"Fn::ImportValue": "Elsewhere"},
        {"Fn::FindInMap": ["No", "such", "map"]},
        {"Fn::Select": ["x", []]},
        {"Fn::Unheard": []},
        {"Fn::GetAtt": ["Get", "SnapStartResponse.ApplyOn"]},
        "{{resolve:ssm:/elsewhere}}",
    ],
)
def test_a_value_that_only_aws_knows_is_marked(value: Any) -> None:
    assert UNKNOWN in variant().resolve(value)


def test_another_partition_shows_in_every_arn() -> None:
    there = variant(place=Place("cn-north-1", "210987654321", "aws-cn"))

    assert there.arn("Orders") == "arn:aws-cn:dynamodb:cn-north-1:210987654321:table/Orders"
    assert there.resolve({"Ref": "AWS::URLSuffix"}) == "amazonaws.com.cn"


def test_resources_are_those_whose_condition_is_true_here() -> None:
    assert set(variant("dev").resources) == {"Get", "Untyped"}
    assert set(variant("prod").resources) == {"Orders", "Get", "Untyped"}


def test_a_broken_rule_is_named() -> None:
    assert list(variant("dev").broken_rules()) == []
    assert list(variant("prod").broken_rules()) == [("Prod", "its assertion is false")]


def test_each_allowed_value_makes_a_variant_and_the_last_is_elsewhere() -> None:
    made = variants(DOCUMENT, {"samconfig's prod": {"Stage": "prod"}})

    stages = [item.parameters["Stage"] for item in made]
    assert {"dev", "prod"} == set(stages)
    assert made[0].parameters["Origin"] == "https://sample.example"
    assert made[-1].partition == "aws-cn"
