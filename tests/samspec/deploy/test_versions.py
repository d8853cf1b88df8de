"""A function is published when its code or its settings change, and only then."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from samspec.deploy import translation, versions

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Origin": {"Type": "String", "Default": "*"},
        "Other": {"Type": "String", "Default": "x"},
    },
    "Mappings": {"Sizes": {"small": {"Memory": 512}}},
    "Globals": {"Function": {"Runtime": "python3.12", "AutoPublishAlias": "live"}},
    "Resources": {
        "Books": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "CodeUri": "Books",
                "Handler": "books.handler",
                "MemorySize": {"Fn::FindInMap": ["Sizes", "small", "Memory"]},
                "Environment": {"Variables": {"ORIGIN": {"Ref": "Origin"}}},
            },
        }
    },
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    code = tmp_path / ".aws-sam/build/Books"
    code.mkdir(parents=True)
    (code / "books.py").write_text("handler = print")
    write(tmp_path, TEMPLATE)
    return tmp_path


def write(root: Path, template: dict[str, Any]) -> None:
    (root / versions.BUILT).write_text(yaml.safe_dump(template))


def version(root: Path, **parameters: str) -> str:
    """The logical id of the version that SAM makes after a build."""
    write(root, TEMPLATE if not parameters.pop("larger", "") else larger())
    versions.mark(root, parameters)
    resources = translation.translated(root / versions.BUILT, parameters)["Resources"]
    [name] = [name for name, r in resources.items() if r["Type"] == "AWS::Lambda::Version"]
    return str(name)


def larger() -> dict[str, Any]:
    return {**TEMPLATE, "Mappings": {"Sizes": {"small": {"Memory": 1024}}}}


def test_the_same_code_and_settings_are_the_same_version(root: Path) -> None:
    assert version(root) == version(root) == version(root, Other="y")


def test_a_changed_parameter_is_a_new_version(root: Path) -> None:
    assert version(root) != version(root, Origin="https://example.com")


def test_a_changed_mapping_is_a_new_version(root: Path) -> None:
    assert version(root) != version(root, larger="yes")


def test_changed_code_is_a_new_version(root: Path) -> None:
    before = version(root)
    (root / ".aws-sam/build/Books/books.py").write_text("handler = repr")
    assert version(root) != before


def test_a_changed_layer_is_a_new_version_of_the_functions_that_have_it(root: Path) -> None:
    layer = root / ".aws-sam/build/Tools"
    layer.mkdir()
    marks = []
    for text in ("a = 1", "a = 2"):
        (layer / "tools.py").write_text(text)
        template = deepcopy(TEMPLATE)
        template["Resources"]["Tools"] = {
            "Type": "AWS::Serverless::LayerVersion",
            "Properties": {"ContentUri": "Tools"},
        }
        template["Resources"]["Books"]["Properties"]["Layers"] = [{"Ref": "Tools"}]
        write(root, template)
        versions.mark(root, {})
        marked = yaml.safe_load((root / versions.BUILT).read_text())
        marks.append(marked["Resources"]["Books"]["Properties"]["AutoPublishCodeSha256"])
    assert marks[0] != marks[1]


def test_without_the_mark_a_changed_parameter_makes_no_version(root: Path) -> None:
    """What SAM does by itself, and why there is a mark."""
    names = set()
    for origin in ("*", "https://example.com"):
        template = translation.translated(root / versions.BUILT, {"Origin": origin})
        names.add(tuple(template["Resources"]))
    assert len(names) == 1
