"""scripts/new-operation, on copies of the project."""

import ast
import difflib
import json
from pathlib import Path

import pytest
from samspec import cli
from samspec.drift import findings
from samspec.gateway import Gateway
from samspec.sam.project import Project
from werkzeug.test import Client

from tests.samspec.drift.copies import SPEC, copy, edit
from tests.samspec.scaffold.operations import PATCH_USER, VERIFY_USER, specify

ID = "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c"
# Operations that a project is not likely to have, of the same kinds as those that it is.
PATCH = PATCH_USER.replace("patchUser", "mendUsers").replace(
    "/parameters/UserId", "/parameters/Limit"
)
POST = VERIFY_USER.replace("verifyUser", "mendUser")
ADDED = {
    name
    for file in ("mend_user", "mend_users")
    for name in (
        f"events/{file}.json",
        f"handlers/{file}.py",
        f"specs/features/{file.replace('_', '-')}.md",
        f"tests/unit/test_{file}.py",
    )
}
EXTENDED = {SPEC, "specs/architecture.md", "template.yaml", "tests/observed.json"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy(tmp_path / "project")


@pytest.fixture
def specified(project: Path) -> Path:
    """A project with one new operation on a path that it has, and one on a new path."""
    specify(project, "/users", PATCH)
    specify(project, "/users/{id}/mend", POST)
    return project


def run(root: Path) -> int:
    return cli.main(["new-operation", "--root", str(root)])


def contents(root: Path) -> dict[str, bytes]:
    files = {}
    for path in root.glob("**/*"):
        if path.is_file() and not path.is_symlink():
            files[str(path.relative_to(root))] = path.read_bytes()
    return files


def test_it_adds_what_the_new_operations_need_and_nothing_more(specified: Path) -> None:
    before = contents(specified)

    assert run(specified) == 0

    after = contents(specified)
    assert after.keys() - before.keys() == ADDED
    assert {name for name in before if after[name] != before[name]} == EXTENDED


@pytest.mark.parametrize("name", ["specs/architecture.md", "template.yaml", SPEC])
def test_what_was_there_keeps_its_comments_and_form(specified: Path, name: str) -> None:
    before = (specified / name).read_text().splitlines()

    run(specified)

    lines = difflib.unified_diff(before, (specified / name).read_text().splitlines(), lineterm="")
    gone = [line for line in lines if line.startswith("-") and not line.startswith("---")]
    assert all("Allow" in line for line in gone)
    assert len(gone) == (2 if name == SPEC else 0)


def test_drift_finds_nothing_afterwards(specified: Path) -> None:
    run(specified)

    assert findings(specified) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PATCH", "/users", {"name": "Ada"}), ("POST", f"/users/{ID}/mend", None)],
)
def test_the_new_routes_return_501_until_they_are_written(
    specified: Path, dynamodb_client: object, method: str, path: str, body: object
) -> None:
    run(specified)

    gateway = Gateway.from_template(specified / "template.yaml")
    response = Client(gateway).open(path, method=method, json=body, headers={"If-Match": "*"})
    gateway.close()

    assert (response.status_code, response.content_type) == (501, "application/problem+json")
    assert response.get_json()["detail"] == "Operation is not written yet"


def test_the_sample_event_is_the_request_of_the_specs_examples(specified: Path) -> None:
    run(specified)

    event = json.loads((specified / "events/mend_users.json").read_text())

    assert json.loads(event["body"]) == {"name": "Ada King"}
    assert event["headers"]["If-Match"] == "*"
    assert event["headers"]["Content-Type"] == "application/json"


def test_a_file_that_is_there_already_is_kept(specified: Path) -> None:
    (specified / "handlers/mend_users.py").write_text("mine = True\n")

    run(specified)

    assert (specified / "handlers/mend_users.py").read_text() == "mine = True\n"


def test_it_says_so_where_nothing_is_new(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(project)

    assert run(project) == 0

    assert (
        capsys.readouterr().out == "new-operation: every operation of the spec has its function\n"
    )
    assert contents(project) == before


@pytest.mark.parametrize(
    ("text", "instead", "message"),
    [
        (
            "operationId: mendUsers",
            "operationId: mend",
            "has no operationId of a verb and a noun: name it",
        ),
        (
            "summary: Change some of a user",
            "deprecated: false",
            "has no summary: say in a line what it does",
        ),
        (
            '        "200": { $ref: "#/components/responses/User" }\n        "400"',
            '        "400"',
            "no 2XX response",
        ),
        (
            "value: { name: Ada King }",
            "externalValue: none",
            "has no example of its body: give its requestBody one",
        ),
        (
            "      operationId: mendUsers\n",
            "      operationId: !Sub mendUsers\n",
            "!Sub is a short form",
        ),
        ("      operationId: mendUsers\n", "      operationId: {\n", "not valid YAML"),
    ],
)
def test_what_is_missing_is_an_error_of_one_line_and_nothing_is_written(
    specified: Path, capsys: pytest.CaptureFixture[str], text: str, instead: str, message: str
) -> None:
    spec = (specified / SPEC).read_text()
    at = spec.index("    patch:\n")
    (specified / SPEC).write_text(spec[:at] + spec[at:].replace(text, instead, 1))
    before = contents(specified)

    assert run(specified) == 2

    error = capsys.readouterr().err
    assert message in error
    assert error.startswith(f"samspec new-operation: {SPEC}:")
    assert error.count("\n") == 1
    assert contents(specified) == before


def test_a_folder_without_a_project_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path) == 2

    assert "template.yaml: cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "summary",
    [
        '"Mend: all of them"',
        '"[draft] mend them"',
        '"* mend \\"them\\" \\\\ all"',
        '"Mend them # at once"',
        "|\n        Mend them,\n        in two lines",
    ],
)
def test_a_summary_of_any_form_gives_files_that_can_be_read(specified: Path, summary: str) -> None:
    edit(specified, SPEC, "summary: Change some of a user", f"summary: {summary}")

    assert run(specified) == 0

    ast.parse((specified / "handlers/mend_users.py").read_text())
    assert "MendUsersFunction" in Project(specified).functions


def test_a_name_within_another_is_not_exchanged(specified: Path) -> None:
    for old, new in (("mendUsers", "deleteUser2"), ("mendUser\n", "undeleteUser\n")):
        edit(specified, SPEC, f"operationId: {old}", f"operationId: {new}")

    run(specified)

    assert "UnundeleteUserFunction" not in (specified / "template.yaml").read_text()
    assert "UndeleteUserFunction" in Project(specified).functions


def test_a_body_of_another_media_type_is_sent_as_such(specified: Path) -> None:
    old = "application/json:\n            schema:\n              type: object\n              minP"
    edit(specified, SPEC, old, old.replace("application/json", "application/merge-patch+json"))

    run(specified)

    event = json.loads((specified / "events/mend_users.json").read_text())
    assert event["headers"]["Content-Type"] == "application/merge-patch+json"
    assert "merge-patch+json" in (specified / "tests/unit/test_mend_users.py").read_text()


def test_line_ends_stay_as_they_are(specified: Path) -> None:
    path = specified / "template.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    run(specified)

    assert b"MendUsersFunction" in path.read_bytes()
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")


def test_a_range_of_statuses_and_an_integer_parameter_are_texts_in_tests_and_events(
    specified: Path,
) -> None:
    edit(
        specified,
        SPEC,
        '        "204":\n          description: The address is',
        '        "2XX":\n          description: The address is',
    )

    run(specified)

    ast.parse((specified / "tests/unit/test_mend_user.py").read_text())
    event = json.loads((specified / "events/mend_user.json").read_text())
    assert all(isinstance(value, str) for value in event["pathParameters"].values())
