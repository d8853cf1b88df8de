"""The wheel in a fresh environment, in a folder with only a template, a spec and handlers."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  PingApi:
    Type: AWS::Serverless::Api
    Properties:
      StageName: Prod
      OpenApiVersion: 3.0.1
      DefinitionBody:
        Fn::Transform: {Name: AWS::Include, Parameters: {Location: api.yaml}}
  PingFunction:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      CodeUri: handlers/
      Handler: ping.handler
      Events:
        Ping: {Type: Api, Properties: {RestApiId: !Ref PingApi, Path: /greeting, Method: get}}
"""
SPEC = """
openapi: 3.0.3
info: {title: Ping, version: 1.0.0}
paths:
  /greeting:
    get:
      operationId: ping
      security: []
      responses:
        "200":
          description: The service runs.
          content: {application/json: {schema: {type: object}}}
      x-amazon-apigateway-auth: {type: NONE}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri:
          Fn::Sub: arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${PingFunction.Arn}/invocations
"""  # noqa: E501 (an ARN)
HANDLER = """
def handler(event, context):
    headers = {"Content-Type": "application/json"}
    return {"statusCode": 200, "headers": headers, "body": '{"pong": true}'}
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    [built] = folder.glob("samspec-*.whl")
    return built


@pytest.fixture(scope="module")
def samspec(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command: the wheel, and the packages of its lock."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    lock = ["--no-deps", "--require-hashes", "-r", str(ROOT / "requirements.txt")]
    subprocess.run([*install, *lock], check=True, capture_output=True)
    subprocess.run([*install, "--no-index", str(wheel)], check=True, capture_output=True)
    return folder / "bin/samspec"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "api.yaml").write_text(SPEC)
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers/ping.py").write_text(HANDLER)
    return tmp_path


@pytest.fixture
def environment() -> dict[str, str]:
    """Nothing of this repository, and no AWS credentials."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


@pytest.fixture
def url(samspec: Path, project: Path, environment: dict[str, str]) -> Iterator[str]:
    with subprocess.Popen(
        [samspec, "start", "--port", "0"],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        printed = []
        for line in process.stdout:
            printed.append(line)
            if line.startswith("Ready on"):
                break
        ready = re.search(r"Ready on (http://\S+)", "".join(printed))
        try:
            assert ready, "".join(printed)
            yield ready[1]
        finally:
            process.terminate()


def test_start_runs_the_api_with_its_pages(url: str) -> None:
    with urllib.request.urlopen(f"{url}/greeting", timeout=30) as response:
        assert json.load(response) == {"pong": True}
    for page in ("requests", "docs"):
        with urllib.request.urlopen(f"{url}/_/{page}", timeout=30) as response:
            assert b"<title>" in response.read()


def test_drift_finds_nothing_wrong_there(
    samspec: Path, project: Path, environment: dict[str, str]
) -> None:
    done = subprocess.run(
        [samspec, "drift"], cwd=project, env=environment, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_drift_finds_a_route_without_a_function(
    samspec: Path, project: Path, environment: dict[str, str]
) -> None:
    spec = project / "api.yaml"
    spec.write_text(spec.read_text().replace("${PingFunction.Arn}", "${PongFunction.Arn}"))

    done = subprocess.run(
        [samspec, "drift"], cwd=project, env=environment, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert "PongFunction" in done.stdout


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    expected = set()
    for folder, _, names in os.walk(ROOT / "scripts/samspec", followlinks=True):
        if "__pycache__" not in folder:
            place = Path(folder).relative_to(ROOT / "scripts")
            expected |= {str(place / name) for name in names}

    packed = set(zipfile.ZipFile(wheel).namelist())

    assert expected - packed == set()


def test_the_installed_command_says_its_version(samspec: Path) -> None:
    assert shutil.which(samspec)
    assert re.fullmatch(
        r"samspec \d+\.\d+\.\d+\n", subprocess.check_output([samspec, "--version"], text=True)
    )
