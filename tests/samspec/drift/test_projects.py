"""Foreign SAM projects: no traceback, no false finding, each mistake named."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator, schemas
from openapi_spec_validator.schemas.backend.jsonschema_rs import create_validator
from samspec.drift.checks import Result, run

HERE = Path(__file__).parent
CASES = sorted((HERE.parent / "projects/cases").glob("*.yaml"))
MISTAKES = yaml.safe_load((HERE / "projects.yaml").read_text())
# What is wrong with projects that the local gateway runs: mistakes on purpose, and permissions
# that only AWS asks for.
EXPECTED = {
    "broken-function": {"handler", "package-missing"},
    "cloudformation-http-api": {"integration-permission"},
    "http-proxy": {"deploy-always", "import-mapped-header", "integration-parameter"},
    "mapping-templates": {"import-mapped-header"},
    "nested-stack": {"nested-output"},
    "not-emulated": {"integration-missing", "integration-permission"},
    "parameters-missing": {"declaration-unused"},
    "parameters-out-of-bounds": {"declaration-unused"},
    "services": {"integration-credentials"},
    "swagger-2": {"spec-integer-key"},
    "uri-spellings": {"integration-alias", "integration-permission", "integration-sam-local"},
}


def _written(root: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    return root


def _rules(result: Result) -> set[str]:
    return {finding.rule for finding in result.findings}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_foreign_project_has_no_false_finding(tmp_path: Path, case: Path) -> None:
    result = run(_written(tmp_path, yaml.safe_load(case.read_text())["files"]))

    shown = [str(finding) for finding in result.findings]
    assert _rules(result) == EXPECTED.get(case.stem, set()), shown


@pytest.mark.parametrize("project", MISTAKES, ids=lambda project: project["what"])
def test_the_mistake_of_a_foreign_project_is_named(tmp_path: Path, project: dict[str, Any]) -> None:
    result = run(_written(tmp_path, project["files"]))

    shown = [str(finding) for finding in result.findings]
    assert _rules(result) == set(project["rules"].split()), shown
    assert any(project.get("says", "") in finding.message for finding in result.findings)
    assert project.get("notes", "") in "\n".join(result.notes)


def test_messages_are_the_same_where_a_faster_validator_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faster = create_validator(dict(schemas.schema_v30))
    monkeypatch.setattr(OpenAPIV30SpecValidator, "schema_validator", faster)
    project = next(project for project in MISTAKES if "YAML reads as false" in project["what"])

    result = run(_written(tmp_path, project["files"]))

    assert any(project["says"] in finding.message for finding in result.findings)


def test_there_are_as_many_as_we_say() -> None:
    assert len(CASES) >= 40
    assert len(MISTAKES) >= 12
