"""What a project decides about the tools."""

from pathlib import Path

import pytest
from samspec.sam.configuration import Configuration, configuration
from samspec.sam.errors import ProjectError


def test_a_project_without_a_configuration_has_the_defaults(tmp_path: Path) -> None:
    assert configuration(tmp_path) == Configuration(local_packages=(), concurrency=10)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert configuration(tmp_path) == Configuration()


def test_keys_are_read(tmp_path: Path) -> None:
    text = "[tool.samspec]\nlocal-packages = ['pyyaml']\nconcurrency = 3\n"
    (tmp_path / "pyproject.toml").write_text(text)
    assert configuration(tmp_path) == Configuration(("pyyaml",), 3)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("local-packages = 'pyyaml'", "local-packages .* must be a list of names"),
        ("concurrency = 0", "concurrency .* must be a number from 1 on"),
        ("concurrency = true", "concurrency .* must be a number from 1 on"),
        ("concurrency =", "pyproject.toml: "),
    ],
)
def test_a_wrong_value_is_refused(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.samspec]\n{line}\n")
    with pytest.raises(ProjectError, match=message):
        configuration(tmp_path)
