from pathlib import Path
from typing import Any

import pytest
from samspec.sam.errors import ProjectError
from samspec.sam.lambdas import functions
from samspec.sam.samconfig import SamConfig, environments, overrides
from samspec.sam.template import Settings, Template


@pytest.mark.parametrize(
    "value",
    [
        'A=1 B="two words"',
        "ParameterKey=A,ParameterValue=1 ParameterKey=B,ParameterValue='two words'",
        ["A=1", "B=two words"],
        ["A=1 B='two words'"],
        ["ParameterKey=A,ParameterValue=1 ParameterKey=B,ParameterValue='two words'"],
        {"A": 1, "B": "two words"},
    ],
)
def test_parameters_have_any_form_of_the_sam_cli(value: Any) -> None:
    assert overrides(value, "samconfig.toml") == {"A": "1", "B": "two words"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("A", "'A' is not of the form KEY=VALUE"),
        ("A='b", "No closing quotation"),
        (["A=1 B='b"], "No closing"),
    ],
)
def test_what_is_not_a_parameter_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        overrides(value, "samconfig.toml")


def test_a_command_has_its_own_settings_and_the_global_ones(tmp_path: Path) -> None:
    (tmp_path / "samconfig.toml").write_text(
        "version = 0.1\n"
        '[default.global.parameters]\nregion = "eu-west-1"\n'
        '[default.local_start_api.parameters]\nparameter_overrides = "A=1"\nenv_vars = "env.json"\n'
        '[default.deploy.parameters]\nparameter_overrides = "A=deployed"\n'
        '[prod.local_start_api.parameters]\nparameter_overrides = "A=prod"\n'
    )
    assert SamConfig.read(tmp_path) == SamConfig({"A": "1"}, "eu-west-1", "env.json")
    assert SamConfig.read(tmp_path, "prod") == SamConfig({"A": "prod"})
    assert SamConfig.read(tmp_path / "nowhere") == SamConfig()


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "samconfig.toml").write_text("version =")
    with pytest.raises(ProjectError, match=r"samconfig\.toml: not valid TOML"):
        SamConfig.read(tmp_path)


TEMPLATE = """
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: named
      Runtime: python3.12
      Handler: index.handler
      Code: { ZipFile: x }
      Environment: { Variables: { A: a, B: b, C: true } }
"""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"F": {"A": "new", "UNKNOWN": "x"}}', {"A": "new", "B": "b", "C": "true"}),
        ('{"named": {"B": 2}}', {"A": "a", "B": "2", "C": "true"}),
        ('{"Parameters": {"A": "all"}, "F": {"A": "own"}}', {"A": "own", "B": "b", "C": "true"}),
    ],
)
def test_a_file_replaces_the_variables_that_a_function_declares(
    tmp_path: Path, content: str, expected: dict[str, str]
) -> None:
    (tmp_path / "env.json").write_text(content)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    settings = Settings(variables=environments(tmp_path / "env.json"))
    template = Template(tmp_path / "template.yaml", settings=settings)
    assert functions(template)["F"].environment == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "not valid JSON"), ("[]", "has to be of the form"), ('{"F": 1}', "F: it has to be")],
)
def test_a_file_that_is_not_of_that_form_is_refused(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "env.json").write_text(content)
    with pytest.raises(ProjectError, match=message):
        environments(tmp_path / "env.json")
