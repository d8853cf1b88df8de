"""`samspec drift` as people and other programs call it."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from samspec.cli import main
from samspec.drift import findings
from samspec.drift.checks import run
from samspec.sam.errors import ProjectError

from tests.samspec.drift.copies import OBSERVED, ROOT, SPEC, TEMPLATE, copy, edit

FEATURE = "specs/features/get-user.md"
MESSAGE = "it says method: PUT, and the definition says GET"
ADA = "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c"  # the user of the sample events


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy(tmp_path / "project")


@pytest.fixture
def drifting(project: Path) -> Path:
    """A project with one finding."""
    edit(project, FEATURE, "method: GET", "method: PUT")
    return project


def test_without_a_difference_it_says_nothing_and_ends_with_0(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["drift", "--root", str(project)]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_finding_is_a_line_with_its_place_its_fix_and_its_rule(
    drifting: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["drift", "--root", str(drifting)]) == 1
    line = f"{FEATURE}:3: {MESSAGE}: write method: GET [feature-operation]\n"
    assert capfd.readouterr() == (line, "")


def test_a_finding_is_an_annotation_for_github(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    edit(project, FEATURE, "method: GET", 'method: "100%\\n"')

    assert main(["drift", "--root", str(project), "--format", "github"]) == 1
    message = "it says method: 100%25%0A, and the definition says GET: write method: GET"
    title = "title=drift (feature-operation)"
    assert capfd.readouterr().out == f"::error file={FEATURE},line=3,{title}::{message}\n"


def test_a_finding_is_json_with_its_severity(
    drifting: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["drift", "--root", str(drifting), "--format", "json"]) == 1
    assert json.loads(capfd.readouterr().out) == {
        "findings": [
            {
                "file": FEATURE,
                "line": 3,
                "message": MESSAGE,
                "fix": "write method: GET",
                "rule": "feature-operation",
                "check": "features",
                "severity": "error",
            }
        ],
        "notes": [],
    }


def test_a_finding_is_sarif_for_code_scanning(
    drifting: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["drift", "--root", str(drifting), "--format", "sarif"]) == 1
    [sarif_run] = json.loads(capfd.readouterr().out)["runs"]
    [rule], [result] = sarif_run["tool"]["driver"]["rules"], sarif_run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert rule["id"] == result["ruleId"] == "feature-operation"
    assert place == {"artifactLocation": {"uri": FEATURE}, "region": {"startLine": 3}}


def test_a_warning_does_not_end_with_1_unless_it_is_asked_to(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    edit(project, SPEC, "${CreateUserFunction.Arn}:live/", "${CreateUserFunctionAliaslive}/")

    assert main(["drift", "--root", str(project)]) == 0
    assert "warning: POST /users names its function" in capfd.readouterr().out
    assert main(["drift", "--root", str(project), "--strict"]) == 1


def test_other_tools_get_the_findings_from_one_function(drifting: Path) -> None:
    assert [finding.rule for finding in findings(drifting)] == ["feature-operation"]


# Rules


def test_the_list_has_every_rule(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--list"]) == 0
    listed = capfd.readouterr().out.splitlines()
    assert len(listed) > 150
    assert all(line.split()[1] in ("error", "warning") for line in listed)


def test_a_rule_is_explained_with_its_source(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--explain", "import-sibling-variables"]) == 0
    explained = capfd.readouterr().out
    assert "one resource for /users/{...}" in explained
    assert "Source: https://docs.aws.amazon.com/apigateway/" in explained


def test_an_unknown_rule_gets_the_nearest_one(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--explain", "cors-lists"]) == 2
    assert "did you mean cors-list?" in capfd.readouterr().err


def test_the_pages_of_the_rules_are_what_the_command_writes(tmp_path: Path) -> None:
    assert main(["drift", "--write-pages", str(tmp_path)]) == 0
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text() for path in (ROOT / "specs/drift").glob("*.md")}
    settings = kept.pop("settings.md")
    assert written == kept, "run: samspec drift --write-pages specs/drift"
    assert "waivers" in settings


# Waivers


def _waive(root: Path, waiver: str) -> None:
    file = root / "pyproject.toml"
    file.write_text(f"{file.read_text()}\n[[tool.samspec.drift.waivers]]\n{waiver}\n")


def test_a_waiver_with_a_reason_accepts_a_finding(drifting: Path) -> None:
    _waive(drifting, 'rule = "feature-operation"\nreason = "It moves next week."')

    assert run(drifting).findings == []


@pytest.mark.parametrize("narrowed", ['file = "README.md"', 'text = "says path"'])
def test_a_waiver_of_something_else_accepts_nothing_and_is_named(
    drifting: Path, narrowed: str
) -> None:
    _waive(drifting, f'rule = "feature-operation"\nreason = "Why."\n{narrowed}')

    rules = [finding.rule for finding in run(drifting).findings]
    assert rules == ["waiver-unused", "feature-operation"]


@pytest.mark.parametrize(
    ("waiver", "message"),
    [
        ('rule = "feature-operation"', "has no reason"),
        ('rule = "feature-operation"\nreason = " "', "has no reason"),
        ('reason = "Why."', "a waiver is"),
        ('rule = "x"\nreason = "y"\nline = 3', "a waiver is"),
    ],
)
def test_an_invalid_waiver_is_refused(project: Path, waiver: str, message: str) -> None:
    _waive(project, waiver)

    with pytest.raises(ProjectError, match=message):
        run(project)


def test_an_unknown_setting_is_refused(project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text(f"{file.read_text()}\n[tool.samspec.drift]\nfeature = 'specs'\n")

    with pytest.raises(ProjectError, match="has no key feature"):
        run(project)


def test_a_convention_can_be_turned_off(drifting: Path) -> None:
    file = drifting / "pyproject.toml"
    file.write_text(f"{file.read_text()}\n[tool.samspec.drift]\nrequire_features = false\n")

    assert run(drifting).findings == []


# What cannot be read


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (TEMPLATE, None, "has no template.yaml, template.yml, template.json"),
        (TEMPLATE, "", "template.yaml:1: it is not a template"),
        (TEMPLATE, "Resources: {}", "template.yaml:1: it has no Resources"),
        (TEMPLATE, "Resources: [", "template.yaml:2: not valid YAML"),
        (SPEC, None, f"{SPEC}: cannot be read (No such file or directory)"),
        (SPEC, "openapi: 3.0.3\npaths: {", f"{SPEC}:3: not valid YAML"),
        (SPEC, "\x07", f"{SPEC}:1: not valid YAML"),
        (SPEC, "just words", f"{SPEC}:1: it is not an OpenAPI document"),
        (OBSERVED, "{}", f"{OBSERVED}:1: not a record of a test run"),
        ("events/get_user.json", "{,}", "events/get_user.json:1: not valid YAML"),
        ("samconfig.toml", "[", "samconfig.toml: not valid TOML"),
        ("pyproject.toml", "[", "pyproject.toml: not valid TOML"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    project: Path, capfd: pytest.CaptureFixture[str], name: str, content: str | None, message: str
) -> None:
    (project / name).unlink()
    if content is not None:
        (project / name).write_text(content)

    assert main(["drift", "--root", str(project)]) == 2
    out, error = capfd.readouterr()
    assert not out
    assert error.startswith("samspec drift: ")
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--agains", "main"], ["--format", "xml"], ["spec.yaml"]])
def test_a_wrong_option_ends_with_2(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["drift", *arguments])
    assert "usage: samspec drift" in capfd.readouterr().err


@pytest.mark.parametrize("content", ["paths: {}\nopenapi: 3.0.3\ninfo: {title: x, version: '1'}\n"])
def test_a_definition_without_operations_causes_no_traceback(project: Path, content: str) -> None:
    (project / SPEC).write_text(content)

    assert run(project).findings


def test_it_runs_from_any_folder_and_offline(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "https_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [ROOT / "scripts/drift"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --watch and --fix


def test_it_watches_the_files(project: Path) -> None:
    command = [sys.executable, "-P", "-m", "samspec", "drift", "--root", str(project), "--watch"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        killer = threading.Timer(60, process.kill)
        killer.start()
        assert "nothing differs" in process.stdout.readline()
        time.sleep(0.01)
        edit(project, FEATURE, "method: GET", "method: PUT")
        assert MESSAGE in process.stdout.readline()
        assert "see above" in process.stdout.readline()
        edit(project, FEATURE, "method: PUT", "method: GET")
        assert "nothing differs" in process.stdout.readline()
        killer.cancel()
        process.kill()


FIXABLE = [
    (SPEC, "'GET, POST, OPTIONS'", "'GET, OPTIONS'"),
    (SPEC, "'GET, PUT, DELETE, OPTIONS'", "'GET, PUT, PATCH, DELETE, OPTIONS'"),
    (SPEC, "Idempotency-Key, If-Match, If-None", "If-Match, If-None"),
    (SPEC, '        "201":\n', "        201:\n"),
    (SPEC, "[RequiresSignature, AWS_IAM, NONE]", "[RequiresSignature, aws_iam, none]"),
    (
        TEMPLATE,
        "                - dynamodb:GetItem\n",
        "                - dynamodb:GetItem\n                - dynamodb:BatchGetItem\n",
    ),
    (
        "specs/architecture.md",
        "| UsersTable | AWS::DynamoDB::Table | The users, and a marker item for each address |\n",
        "",
    ),
]


@pytest.mark.parametrize(("name", "right", "wrong"), FIXABLE, ids=[item[2] for item in FIXABLE])
def test_fix_leaves_nothing_to_find(project: Path, name: str, right: str, wrong: str) -> None:
    edit(project, name, right, wrong)
    assert run(project).findings

    assert main(["drift", "--root", str(project), "--fix"]) == 0
    assert run(project).findings == []


def test_fix_links_the_definition_again(project: Path) -> None:
    link = project / "handlers/users-api.yaml"
    content = link.read_bytes()
    link.unlink()
    link.write_bytes(content)

    assert main(["drift", "--root", str(project), "--fix"]) == 0
    assert link.is_symlink()


def test_fix_does_not_touch_a_copy_that_somebody_edited(project: Path) -> None:
    link = project / "handlers/users-api.yaml"
    link.unlink()
    link.write_text("openapi: 3.0.3\n")

    assert main(["drift", "--root", str(project), "--fix"]) == 1
    assert link.read_text() == "openapi: 3.0.3\n"


# A new operation


def test_an_operation_that_is_added_everywhere_lacks_its_preflight_only(project: Path) -> None:
    add_archive_user(project)

    assert [finding.rule for finding in run(project).findings] == ["cors-preflight"]


@pytest.mark.parametrize(
    "left_out",
    ["specs/features/archive-user.md", "events/archive_user.json", "handlers/archive_user.py"],
)
def test_an_operation_that_is_not_added_everywhere_is_drift(project: Path, left_out: str) -> None:
    add_archive_user(project)
    (project / left_out).unlink()

    assert left_out in "".join(map(str, run(project).findings))


RENAMED = {"deleteUser": "archiveUser", "DeleteUser": "ArchiveUser", "delete_user": "archive_user"}


def add_archive_user(root: Path) -> None:
    """POST /users/{id}/archive, after the example of DELETE /users/{id}."""
    derive(root, "handlers/delete_user.py", "handlers/archive_user.py")
    derive(root, "specs/features/delete-user.md", "specs/features/archive-user.md")
    derive(root, "events/delete_user.json", "events/archive_user.json")
    add_archive_to_spec(root)
    add_archive_function(root)
    add_archive_tests(root)
    add_archive_to_documents(root)
    add_archive_to_record(root)


def derive(root: Path, source: str, target: str) -> None:
    path = {"DELETE": "POST", "{id}": "{id}/archive", f"/{ADA}": f"/{ADA}/archive"}
    (root / target).write_text(replaced((root / source).read_text(), RENAMED | path))


def replaced(text: str, names: dict[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return text


def between(text: str, start: str, end: str) -> str:
    """From `start` up to the next `end`, which is left out."""
    begin = text.index(start)
    return text[begin : text.index(end, begin)]


def add_archive_to_spec(root: Path) -> None:
    delete = between((root / SPEC).read_text(), "    delete:\n", "    options:\n")
    item = replaced(delete, RENAMED | {"    delete:": "    post:"})
    edit(root, SPEC, "\ncomponents:\n", f"\n  /users/{{id}}/archive:\n{item}\ncomponents:\n")


def add_archive_function(root: Path) -> None:
    function = between((root / TEMPLATE).read_text(), "  DeleteUserFunction:\n", "\n\n") + "\n\n"
    path = {'"/users/{id}", Method: delete': '"/users/{id}/archive", Method: post'}
    function = replaced(function, RENAMED | path)
    edit(root, TEMPLATE, "  DeleteUserFunction:\n", f"{function}  DeleteUserFunction:\n")


def add_archive_tests(root: Path) -> None:
    """Tests that name the criteria of the new feature, as many as there are."""
    tests = (root / "tests/unit/test_delete_user.py").read_text()
    tests += (root / "tests/integration/test_races.py").read_text()
    tests = tests.replace("delete-user/", "archive-user/")
    (root / "tests/unit/test_archive_user.py").write_text(tests)


def add_archive_to_documents(root: Path) -> None:
    row = "| ArchiveUserFunction | AWS::Serverless::Function | POST /users/{id}/archive |\n"
    edit(root, "specs/architecture.md", "| DeleteUserFunction |", f"{row}| DeleteUserFunction |")
    row = "| POST | /users/{id}/archive | ArchiveUserFunction | x |\n"
    for name in ("specs/architecture.md", "README.md"):
        if "| DELETE |" in (root / name).read_text():
            edit(root, name, "| DELETE |", f"{row}| DELETE |")


def add_archive_to_record(root: Path) -> None:
    calls = '["dynamodb:DeleteItem UsersTable", "dynamodb:GetItem UsersTable"]'
    function = '"DeleteUserFunction"'
    edit(root, OBSERVED, function, f'"ArchiveUserFunction": {calls},\n    {function}')
    responses = between((root / OBSERVED).read_text(), '"DELETE /users/{id}": {', "},") + "},"
    archive = responses.replace("DELETE /users/{id}", "POST /users/{id}/archive")
    edit(root, OBSERVED, responses, f"{archive}\n    {responses}")
