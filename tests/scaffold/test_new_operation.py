"""scripts/new-operation, on copies of the project."""

import difflib
import json
from pathlib import Path

import pytest
from driftcheck import cli
from gateway import Gateway
from scaffold import new_operation
from werkzeug.test import Client

from tests.scaffold.copies import SPEC, copied, specify

ID = "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c"
ADDED = {
    "events/{}_user.json",
    "handlers/{}_user.py",
    "specs/features/{}-user.md",
    "tests/unit/test_{}_user.py",
}
EXTENDED = {SPEC, "specs/architecture.md", "template.yaml", "tests/observed.json"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copied(tmp_path)


def run(root: Path) -> int:
    return new_operation.main(["--root", str(root)])


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.glob("**/*")
        if path.is_file() and not path.is_symlink()
    }


def test_it_adds_what_the_new_operations_need_and_nothing_more(project: Path) -> None:
    specify(project, "patchUser", "verifyUser")
    before = contents(project)

    assert run(project) == 0

    after = contents(project)
    assert after.keys() - before.keys() == {name.format(verb) for name in ADDED for verb in ("patch", "verify")}
    assert {name for name in before if after[name] != before[name]} == EXTENDED


@pytest.mark.parametrize("name", ["specs/architecture.md", "template.yaml", SPEC])
def test_what_was_there_keeps_its_comments_and_form(project: Path, name: str) -> None:
    specify(project, "patchUser", "verifyUser")
    before = (project / name).read_text().splitlines()

    run(project)

    lines = difflib.unified_diff(before, (project / name).read_text().splitlines(), lineterm="")
    gone = [line for line in lines if line.startswith("-") and not line.startswith("---")]
    assert all("Allow" in line for line in gone)
    assert len(gone) == (2 if name == SPEC else 0)


def test_drift_finds_nothing_afterwards(project: Path) -> None:
    specify(project, "patchUser", "verifyUser")

    run(project)

    assert list(cli.check(project)) == []


@pytest.mark.parametrize(
    ("method", "path", "body"), [("PATCH", f"/users/{ID}", {"name": "Ada"}), ("POST", f"/users/{ID}/verify", None)]
)
def test_the_new_routes_answer_501_until_they_are_written(
    project: Path, dynamodb_client: object, method: str, path: str, body: object
) -> None:
    specify(project, "patchUser", "verifyUser")
    run(project)

    gateway = Gateway.from_template(project / "template.yaml")
    answer = Client(gateway).open(path, method=method, json=body, headers={"If-Match": "*"})
    gateway.close()

    assert (answer.status_code, answer.content_type) == (501, "application/problem+json")
    assert answer.get_json()["detail"] == "Operation is not written yet"


def test_the_sample_event_is_the_request_of_the_specs_examples(project: Path) -> None:
    specify(project, "patchUser")
    run(project)

    event = json.loads((project / "events/patch_user.json").read_text())

    assert json.loads(event["body"]) == {"name": "Ada King"}
    assert event["pathParameters"] == {"id": ID}
    assert event["headers"]["If-Match"] == '"0b5a6cc2f4d24c0f8f8ad7e9c9f1b1a4"'
    assert event["headers"]["Content-Type"] == "application/json"


def test_a_file_that_is_there_already_is_kept(project: Path) -> None:
    specify(project, "patchUser")
    (project / "handlers/patch_user.py").write_text("mine = True\n")

    run(project)

    assert (project / "handlers/patch_user.py").read_text() == "mine = True\n"


def test_it_says_so_where_nothing_is_new(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(project)

    assert run(project) == 0

    assert capsys.readouterr().out == "new-operation: every operation of the spec has its function\n"
    assert contents(project) == before


@pytest.mark.parametrize(
    ("text", "instead", "said"),
    [
        ("operationId: patchUser", "operationId: patch", "has no operationId of a verb and a noun: name it"),
        ("summary: Change some of a user", "deprecated: false", "has no summary: say in a line what it does"),
        ('        "200": { $ref: "#/components/responses/User" }\n        "400"', '        "400"', "no 2XX response"),
        ("value: { name: Ada King }", "externalValue: none", "has no example of its body: give its requestBody one"),
        ("      operationId: patchUser\n", "      operationId: !Sub patchUser\n", "!Sub is a short form"),
        ("      operationId: patchUser\n", "      operationId: {\n", "not valid YAML"),
    ],
)
def test_what_is_missing_is_said_in_a_line_and_nothing_is_written(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, instead: str, said: str
) -> None:
    specify(project, "patchUser")
    spec = (project / SPEC).read_text()
    at = spec.index("    patch:\n")
    (project / SPEC).write_text(spec[:at] + spec[at:].replace(text, instead, 1))
    before = contents(project)

    assert run(project) == 1

    error = capsys.readouterr().err
    assert said in error
    assert error.startswith(f"new-operation: {SPEC}:")
    assert error.count("\n") == 1
    assert contents(project) == before


def test_a_folder_without_a_project_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 1

    assert "template.yaml: cannot be read" in capsys.readouterr().err
