import re
from pathlib import Path

import pytest
from samspec.sam.lambdas import functions
from samspec.sam.template import Template

TEXT = """
Resources:
  Words: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: layer } }
  F:
    Type: AWS::Serverless::Function
    Properties: { Runtime: python3.12, Handler: app.handler, CodeUri: src, Layers: [!Ref Words] }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEXT)
    (tmp_path / "src").mkdir()
    (tmp_path / "layer").mkdir()
    return tmp_path


def test_a_layer_is_its_folder(folder: Path) -> None:
    (folder / "layer/python").mkdir()
    template = Template(folder / "template.yaml")
    assert functions(template)["F"].layers == (folder / "layer",)
    assert template.unknown == {}


def test_a_layer_of_only_requirements_is_what_sam_build_made(folder: Path) -> None:
    (folder / "layer/requirements.txt").write_text("requests\n")
    template = Template(folder / "template.yaml")
    assert functions(template)["F"].layers == (folder / "layer",)
    assert "run sam build" in template.unknown["Words.python"]

    (folder / ".aws-sam/build/Words").mkdir(parents=True)
    template = Template(folder / "template.yaml")
    assert functions(template)["F"].layers == (folder / ".aws-sam/build/Words",)
    assert template.unknown == {}


@pytest.mark.parametrize(
    ("old", "new", "gap"),
    [
        ("Handler: app.handler", "Handler: app", "F: its Handler must be module.function"),
        ("Runtime: python3.12", "Runtime: java21", "F has the runtime java21"),
        ("CodeUri: src", "CodeUri: nowhere", "neither a folder nor a zip file"),
        ("CodeUri: src", "CodeUri: s3://b/k.zip", "F: its code is not on this machine"),
        ("CodeUri: src", "CodeUri: src, Timeout: soon", "F: could not convert string to float"),
        ("CodeUri: src", "CodeUri: !Ref Typo", "F: .*'Typo' is neither a parameter nor a resource"),
        ("Runtime: python3.12", "PackageType: Image", "F is a container image"),
    ],
)
def test_a_function_that_cannot_run_says_why(folder: Path, old: str, new: str, gap: str) -> None:
    file = folder / "template.yaml"
    file.write_text(TEXT.replace(old, new))
    function = functions(Template(file))["F"]
    assert re.match(f".*{gap}", function.gap), function.gap
