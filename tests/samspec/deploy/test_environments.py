"""The environments of samconfig.toml."""

from pathlib import Path

import pytest
from samspec.sam import environments
from samspec.sam.errors import ProjectError

SAMCONFIG = """
version = 0.1
[default.global.parameters]
stack_name = "shop-dev"
region = "eu-west-1"
[default.deploy.parameters]
parameter_overrides = "Environment=dev Title='The shop'"
[staging.global.parameters]
stack_name = "shop-staging"
[staging.deploy.parameters]
region = "eu-west-2"
parameter_overrides = ["Environment=prod", "Origin=https://a.example"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "samconfig.toml").write_text(SAMCONFIG)
    return tmp_path


def test_each_section_is_an_environment(root: Path) -> None:
    by_name = environments.read(root)
    assert list(by_name) == ["dev", "staging"]
    assert by_name["dev"].parameters == {"Environment": "dev", "Title": "The shop"}
    assert (by_name["staging"].stack, by_name["staging"].region) == ("shop-staging", "eu-west-2")


def test_the_default_section_is_known_by_both_names(root: Path) -> None:
    assert environments.named(root, "dev") == environments.named(root, "default")


def test_an_unknown_environment_is_an_error_that_names_those_there_are(root: Path) -> None:
    with pytest.raises(ProjectError, match="no environment 'prod'; it has: dev, staging"):
        environments.named(root, "prod")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[x", "samconfig.toml: "),
        ("[a.global.parameters]\nregion = 'r'", "has no stack_name"),
        (
            "[a.deploy.parameters]\nstack_name = 's'\nregion = 'r'\nparameter_overrides = 'x'",
            "KEY=VALUE",
        ),
    ],
)
def test_a_file_that_names_no_environment_is_a_clear_error(
    text: str, error: str, tmp_path: Path
) -> None:
    (tmp_path / "samconfig.toml").write_text(text)
    with pytest.raises(ProjectError, match=error):
        environments.read(tmp_path)


def test_without_a_region_it_is_the_shells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "samconfig.toml").write_text("[a.global.parameters]\nstack_name = 's'")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    assert environments.named(tmp_path, "a").region == "eu-north-1"
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ProjectError, match="has no region"):
        environments.named(tmp_path, "a")
