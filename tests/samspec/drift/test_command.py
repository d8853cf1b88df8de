"""scripts/drift as people and other programs call it."""

import os
import subprocess
from pathlib import Path

import pytest
from samspec.cli import main
from samspec.drift.command import check

from tests.samspec.drift.copies import OBSERVED, ROOT, SPEC, TEMPLATE, copy, edit


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy(tmp_path / "project")


def test_without_a_difference_it_says_nothing_and_ends_with_0(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["drift", "--root", str(project)]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_finding_is_a_line_with_its_place_and_the_way_out(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    edit(project, "specs/features/get-user.md", "method: GET", "method: PUT")

    assert main(["drift", "--root", str(project)]) == 1
    said = "it says method: PUT, and the spec says GET: write method: GET"
    assert capfd.readouterr() == (f"specs/features/get-user.md:3: {said}\n", "")


def test_a_finding_is_an_annotation_for_github(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    edit(project, "specs/features/get-user.md", "method: GET", 'method: "100%\\n"')

    assert main(["drift", "--root", str(project), "--format", "github"]) == 1
    said = "it says method: 100%25%0A, and the spec says GET: write method: GET"
    assert (
        capfd.readouterr().out
        == f"::error file=specs/features/get-user.md,line=3,title=drift (features)::{said}\n"
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (TEMPLATE, None, "template.yaml: cannot be read (No such file or directory)"),
        (TEMPLATE, "", "template.yaml:1: it holds no mapping"),
        (TEMPLATE, "Resources: {}", "template.yaml:1: no API has a definition"),
        (TEMPLATE, "Resources: [", "template.yaml:2: not valid YAML"),
        (SPEC, None, f"{SPEC}: cannot be read (No such file or directory)"),
        (SPEC, "openapi: 3.0.3\npaths: {", f"{SPEC}:3: not valid YAML"),
        (SPEC, "\x07", f"{SPEC}:1: not valid YAML"),
        (SPEC, "just words", f"{SPEC}:1: it holds no mapping"),
        (OBSERVED, None, f"{OBSERVED}: cannot be read (No such file or directory)"),
        (OBSERVED, "{}", f"{OBSERVED}:1: no record of a test run: run scripts/test --record"),
        ("events/get_user.json", "[]", "events/get_user.json:1: it is no proxy event"),
        ("events/get_user.json", "{,}", "events/get_user.json:1: not valid YAML"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_line(
    project: Path, capfd: pytest.CaptureFixture[str], name: str, content: str | None, said: str
) -> None:
    (project / name).unlink()
    if content is not None:
        (project / name).write_text(content)

    assert main(["drift", "--root", str(project)]) == 2
    out, error = capfd.readouterr()
    assert not out
    assert error.startswith(f"samspec drift: {said}")
    assert error.count("\n") == 1


def test_a_file_that_is_not_text_is_said_in_a_line(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / SPEC).write_bytes(b"\xff\xfe")

    assert main(["drift", "--root", str(project)]) == 2
    assert (
        capfd.readouterr().err
        == f"samspec drift: {SPEC}: cannot be read (it is not UTF-8): is --root the project's folder?\n"
    )


@pytest.mark.parametrize("arguments", [["--agains", "main"], ["--format", "xml"], ["spec.yaml"]])
def test_a_wrong_option_ends_with_2(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["drift", *arguments])
    assert "usage: samspec drift" in capfd.readouterr().err


def test_it_runs_from_any_folder_and_offline(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "https_proxy": "http://127.0.0.1:9",
    }
    run = subprocess.run(
        [ROOT / "scripts/drift"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_an_operation_that_is_added_everywhere_is_no_drift(project: Path) -> None:
    add_archive_user(project)

    assert list(map(str, check(project))) == []


@pytest.mark.parametrize(
    "left_out",
    ["specs/features/archive-user.md", "events/archive_user.json", "handlers/archive_user.py"],
)
def test_an_operation_that_is_not_added_everywhere_is_drift(project: Path, left_out: str) -> None:
    add_archive_user(project)
    (project / left_out).unlink()

    assert left_out in "".join(map(str, check(project)))


def add_archive_user(root: Path) -> None:
    """POST /users/{id}/archive, after the example of DELETE /users/{id}."""

    def derive(source: str, target: str, **others: str) -> None:
        text = (root / source).read_text()
        renamed = {
            "deleteUser": "archiveUser",
            "DeleteUser": "ArchiveUser",
            "DELETE": "POST",
            "{id}": "{id}/archive",
        }
        for old, new in {**renamed, "0d2f6b1a7e3c": "0d2f6b1a7e3c/archive", **others}.items():
            text = text.replace(old, new)
        (root / target).write_text(text)

    derive("handlers/delete_user.py", "handlers/archive_user.py")
    derive(
        "specs/features/delete-user.md",
        "specs/features/archive-user.md",
        delete_user="archive_user",
    )
    derive(
        "events/delete_user.json",
        "events/archive_user.json",
        **{
            '"id": "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c/archive"': '"id": "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c"'
        },
    )
    spec = (root / SPEC).read_text()
    item = spec[
        spec.index("    delete:\n") : spec.index("    options:\n", spec.index("    delete:\n"))
    ]
    item = (
        item.replace("    delete:", "    post:")
        .replace("deleteUser", "archiveUser")
        .replace("DeleteUser", "ArchiveUser")
    )
    edit(root, SPEC, "\ncomponents:\n", f"\n  /users/{{id}}/archive:\n{item}\ncomponents:\n")
    template = (root / TEMPLATE).read_text()
    function = template[template.index("  DeleteUserFunction:\n") :]
    function = (
        function[: function.index("\n\n") + 2]
        .replace("DeleteUser", "ArchiveUser")
        .replace("delete_user", "archive_user")
    )
    function = function.replace(
        '"/users/{id}", Method: delete', '"/users/{id}/archive", Method: post'
    )
    edit(root, TEMPLATE, "  DeleteUserFunction:\n", f"{function}  DeleteUserFunction:\n")
    tests = (root / "tests/unit/test_delete_user.py").read_text() + (
        root / "tests/integration/test_races.py"
    ).read_text()
    (root / "tests/unit/test_archive_user.py").write_text(
        tests.replace("delete-user/", "archive-user/")
    )
    row = "| ArchiveUserFunction | AWS::Serverless::Function | POST /users/{id}/archive |\n"
    edit(root, "specs/architecture.md", "| DeleteUserFunction |", f"{row}| DeleteUserFunction |")
    for name in ("specs/architecture.md", "README.md"):
        if "| DELETE |" in (root / name).read_text():
            edit(
                root,
                name,
                "| DELETE |",
                "| POST | /users/{id}/archive | ArchiveUserFunction | x |\n| DELETE |",
            )
    observed = (root / OBSERVED).read_text()
    observed = observed.replace(
        '"DeleteUserFunction"',
        '"ArchiveUserFunction": ["dynamodb:DeleteItem UsersTable", "dynamodb:GetItem UsersTable"],\n'
        '    "DeleteUserFunction"',
    )
    answers = observed[observed.index('"DELETE /users/{id}": {') :]
    answers = answers[: answers.index("},") + 2].replace(
        "DELETE /users/{id}", "POST /users/{id}/archive"
    )
    (root / OBSERVED).write_text(
        observed.replace('"DELETE /users/{id}": {', answers + '\n    "DELETE /users/{id}": {')
    )
