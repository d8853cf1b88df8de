"""The references of .claude/skills/api-development do what they say. (tests/samspec/newcomer builds
endpoint.py in.)
"""

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from samspec.aws import tables
from samspec.gateway import Gateway
from werkzeug.test import Client

from tests.conftest import ROOT

SKILL = ROOT / ".claude/skills/api-development"
REFERENCES = SKILL / "references"

# Mangum looks for a running loop before it makes its own; Python 3.12 and 3.13 warn of that.
MANGUM = pytest.mark.filterwarnings("ignore:There is no current event loop:DeprecationWarning")


@pytest.fixture
def fastapi(application: Gateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The reference's Lambda handler, over the tables of the tests."""
    for name, value in {"USERS_TABLE": "UsersTable", "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    before = set(sys.modules)
    spec = importlib.util.spec_from_file_location(
        "fastapi_endpoint", REFERENCES / "fastapi-endpoint.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fastapi_endpoint", module)
    spec.loader.exec_module(module)
    yield module.handler
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "users":
            del sys.modules[name]


def event(name: str, **changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / f"events/{name}.json").read_text())
    return content | changes


@MANGUM
def test_the_fastapi_alternative_creates_and_gives_users(fastapi: Any) -> None:
    created = fastapi(event("create_user"), None)
    user = json.loads(created["body"])
    path = f"/users/{user['id']}"
    fetched = fastapi(event("get_user", path=path), None)

    assert (created["statusCode"], created["headers"]["location"]) == (201, path)
    assert (fetched["statusCode"], json.loads(fetched["body"])) == (200, user)


@MANGUM
def test_the_fastapi_alternative_returns_errors_as_problems(fastapi: Any) -> None:
    fastapi(event("create_user"), None)

    assert problem(fastapi(event("create_user"), None)) == (409, "Email already in use")
    assert problem(fastapi(event("get_user"), None)) == (404, "User not found")
    assert problem(fastapi(event("create_user", body='{"email": "x"}'), None)) == (
        400,
        "Request does not match the API specification",
    )


def problem(response: dict[str, Any]) -> tuple[int, str]:
    assert response["headers"]["content-type"] == "application/problem+json"
    return response["statusCode"], json.loads(response["body"])["detail"]


def test_the_smallest_template_runs(tmp_path: Path, dynamodb_client: Any) -> None:
    """With the spec's one operation that it has a function for."""
    spec = yaml.safe_load((ROOT / "specs/api/users-api.yaml").read_text())
    if "securitySchemes" in spec["components"]:
        pytest.skip("its functions ask for a caller, and the smallest template has none")
    path = spec["paths"]["/users/{id}"]
    spec["paths"] = {"/users/{id}": {"get": path["get"]}}
    for operation in (path["get"],):
        for response in operation["responses"].values():
            response.pop("links", None)
    spec["components"]["responses"]["User"].pop("links")
    (tmp_path / "specs/api").mkdir(parents=True)
    (tmp_path / "specs/api/users-api.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    shutil.copytree(
        ROOT / "handlers", tmp_path / "handlers", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(REFERENCES / "sam-template.yaml", tmp_path / "template.yaml")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    gateway = Gateway.from_template(tmp_path / "template.yaml")
    names = tables.create(gateway.project.template, dynamodb_client)
    response = Client(gateway).get("/users/5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c")
    gateway.close()
    for name in names:
        dynamodb_client.delete_table(TableName=name)

    assert response.get_json()["detail"] == "User not found"


def test_the_smallest_template_passes_cfn_lint() -> None:
    from cfnlint.api import lint_file

    assert [str(match) for match in lint_file(REFERENCES / "sam-template.yaml")] == []


def test_the_skill_has_its_front_matter_and_names_files_that_are_there() -> None:
    text = (SKILL / "SKILL.md").read_text()
    front_matter = yaml.safe_load(text.split("---")[1])

    assert front_matter["name"] == SKILL.name
    assert len(front_matter["description"]) < 1024
    names = {path.name for path in REFERENCES.iterdir() if path.is_file()}
    assert names == {"endpoint.py", "fastapi-endpoint.py", "sam-template.yaml"}
    assert all(f"references/{name}" in text for name in names)
