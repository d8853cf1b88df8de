from typing import Any

import pytest
from samspec.sam.errors import ProjectError
from samspec.sam.parameters import Parameters


def stored(name: str) -> str:
    return f"stored at {name}"


def refused(name: str, why: str) -> str:
    raise AssertionError(f"{name} has a value: {why}")


@pytest.mark.parametrize(
    ("declaration", "value", "message"),
    [
        ({"AllowedPattern": "[a-z]+"}, "A1", r"does not match its AllowedPattern \[a-z\]\+"),
        ({"AllowedPattern": "[a-z]+"}, "ab1", "does not match"),
        ({"AllowedValues": [True, 2]}, "3", "is not one of true, 2"),
        ({"MinLength": 3}, "ab", "is shorter than its MinLength 3"),
        ({"MaxLength": "2"}, "abc", "is longer than its MaxLength 2"),
        ({"Type": "Number"}, "abc", "is not a number"),
        ({"Type": "Number", "MinValue": 5}, "4", "is less than its MinValue 5"),
        ({"Type": "Number", "MaxValue": 5}, "6", "is more than its MaxValue 5"),
        ({"Type": "List<Number>"}, "1,x", "is not a number"),
        ({"AllowedValues": ["a"], "ConstraintDescription": "only a"}, "b", r"\(only a\)"),
    ],
)
def test_a_value_that_breaks_its_declaration_is_refused(
    declaration: Any, value: str, message: str
) -> None:
    parameters = Parameters({"P": {"Type": "String", **declaration}}, {"P": value}, "template.yaml")
    with pytest.raises(ProjectError, match=message):
        parameters.check_given()


@pytest.mark.parametrize(
    ("declaration", "value", "expected"),
    [
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "abc", "abc"),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 5}, "5", "5"),
        ({"Type": "CommaDelimitedList"}, "a, b", ["a", "b"]),
        ({"Type": "List<Number>"}, "1,2", ["1", "2"]),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, "/x", "stored at /x"),
        ({"Type": "AWS::SSM::Parameter::Value<List<String>>"}, "/x,y", ["stored at /x", "y"]),
        ({"Type": "String", "AllowedValues": [True]}, "true", "true"),
    ],
)
def test_a_value_is_what_its_type_makes_of_it(declaration: Any, value: str, expected: Any) -> None:
    parameters = Parameters({"P": declaration}, {"P": value}, "template.yaml")
    parameters.check()
    assert parameters.value("P", stored, refused) == expected


def test_a_default_is_checked_when_it_is_used() -> None:
    parameters = Parameters({"P": {"Type": "Number", "Default": "x"}}, {}, "template.yaml")
    with pytest.raises(ProjectError, match="is not a number"):
        parameters.check()


def test_all_missing_parameters_are_named_at_once() -> None:
    declared = {"A": {"Type": "String"}, "B": {"Type": "String", "Default": ""}, "C": None}
    with pytest.raises(ProjectError, match="the parameters A, C have no default") as refused:
        Parameters(declared, {}, "template.yaml").check()
    assert "--parameter-overrides A=VALUE C=VALUE" in str(refused.value)


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        (None, "P"),
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "a"),
        ({"Type": "Number"}, "1"),
        ({"Type": "Number", "MinValue": 7}, "7"),
        ({"Type": "CommaDelimitedList"}, ["P"]),
    ],
)
def test_a_parameter_without_a_value_has_a_stand_in_that_is_told(
    declaration: Any, expected: Any
) -> None:
    told = {}

    def stand_in(name: str, why: str) -> str:
        told[name] = why
        return name

    parameters = Parameters({"P": declaration}, {}, "template.yaml")
    parameters.check_stated()
    assert parameters.value("P", stored, stand_in) == expected
    assert told == {"P": "parameter P has no default: give it with --parameter-overrides P=VALUE"}
