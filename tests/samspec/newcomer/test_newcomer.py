"""What somebody does who copies the project: adds operations; makes the resource another one.
Minutes, not seconds."""

import subprocess
from pathlib import Path

import pytest

from tests.samspec.drift.copies import ROOT, SPEC
from tests.samspec.newcomer import copies
from tests.samspec.scaffold.operations import PATCH_USER, VERIFY_USER, specify

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
HERE = Path(__file__).parent
ALL_TESTS = ["scripts/test", "-m", "not slow", "--numprocesses", "auto", "--dist", "loadfile"]
COVERAGE = ["--cov=handlers", "--cov-branch", "--cov-fail-under=100"]  # as scripts/test asks
REFERENCE = ROOT / ".claude/skills/api-development/references/endpoint.py"
HANDLER = '''"""POST /users/{id}/verify: notes that the user has shown the address to be theirs."""

from datetime import UTC, datetime

from api.contract import Arguments
from api.operation import operation
from api.proxy import Response
from users.repository import Users

users = Users()


@operation("verifyUser")
def handler(arguments: Arguments) -> Response:
    users.verify(arguments.path["id"], datetime.now(UTC).isoformat())
    return Response(204)
'''
VERIFY = '''
    def verify(self, id: str, at: str) -> None:
        """Raises UserNotFound."""
        try:
            self._table.update(update({"id": id}, {"verified_at": at}, THERE))
        except Refused as refused:
            raise (UserNotFound if refused.broke(0) else DatabaseUnavailable) from refused
'''
IMPORTS = """from api.dynamodb import THERE, Refused, update
from api.errors import DatabaseUnavailable
"""
POLICY = """Policies:
        - Version: "2012-10-17"
          Statement:
            - { Effect: Allow, Action: [%s], Resource: !GetAtt UsersTable.Arn }
"""
ALLOWED = {
    "PatchUserFunction": [
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ],
    "VerifyUserFunction": ["dynamodb:UpdateItem"],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy under git, uncommitted files included, with this project's virtual environment."""
    copies.of_this_repository(tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    with (tmp_path / ".gitignore").open("a") as ignored:
        ignored.write(".venv\n")
    copies.commit(tmp_path, "Copy")
    return tmp_path


def run(root: Path, *command: str) -> str:
    """What a command says; it has to succeed."""
    done = subprocess.run(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-5000:]}"
    return done.stdout


def test_two_operations_are_added_written_and_pass_every_check(project: Path) -> None:
    specify(project, "/users/{id}", PATCH_USER)
    specify(project, "/users/{id}/verify", VERIFY_USER)
    run(project, "scripts/new-operation")
    run(project, "scripts/drift")

    write(project)
    run(project, *ALL_TESTS, "--record", *COVERAGE)
    findings = subprocess.run(
        ["scripts/drift"], cwd=project, capture_output=True, text=True, check=False
    ).stdout
    for function, actions in ALLOWED.items():
        assert all(
            any(function in line and action in line for line in findings.splitlines())
            for action in actions
        )

    allow(project)
    run(project, "scripts/check", "--fix")
    run(project, "scripts/test", "tests/unit", "tests/docs")


def test_users_become_another_resource_and_pass_every_check(project: Path) -> None:
    output = run(project, "scripts/rename-resource", "Yurt")
    assert output.startswith("User is Yurt, Users are Yurts: ")

    run(project, "scripts/check", "--fix")
    run(project, "scripts/test", "--record")
    run(project, "scripts/drift")
    assert (project / "handlers/yurts-api.yaml").resolve() == project / "specs/api/yurts-api.yaml"
    assert (project / SPEC.replace("users", "yurts")).is_file()
    assert not (project / "handlers/users").exists()


def write(root: Path) -> None:
    """The handlers, what the repository has to learn for them, and the tests."""
    (root / "handlers/patch_user.py").write_text(REFERENCE.read_text())
    (root / "handlers/verify_user.py").write_text(HANDLER)
    repository = root / "handlers/users/repository.py"
    text = repository.read_text().replace("from api.", f"{IMPORTS}from api.", 1)
    text = text.replace("\n\n\nCURSORS", f"\n{VERIFY}\n\nCURSORS", 1)
    assert "verify" in text
    repository.write_text(text)
    for verb in ("patch", "verify"):
        tests = (HERE / f"{verb}_user_tests.py").read_text()
        (root / f"tests/unit/test_{verb}_user.py").write_text(tests)


def allow(root: Path) -> None:
    """The policies that drift asked for."""
    template = (root / "template.yaml").read_text()
    for function, actions in ALLOWED.items():
        before, name, after = template.partition(f"\n  {function}:\n")
        skeleton = next(line for line in after.splitlines() if "Policies: []" in line)
        template = (
            before + name + after.replace(skeleton.strip() + "\n", POLICY % ", ".join(actions), 1)
        )
    (root / "template.yaml").write_text(template)
