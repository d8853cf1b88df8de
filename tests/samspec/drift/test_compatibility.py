"""What breaks callers of the spec that git has."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from samspec.cli import main
from samspec.drift import compatibility
from samspec.drift.application import Application
from samspec.sam.errors import ProjectError

from tests.samspec.drift.copies import SPEC, TEMPLATE, copy, edit

GIT = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com"]
CHANGES = yaml.safe_load(Path(__file__).with_name("breaks.yaml").read_text())


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in git."""
    root = copy(tmp_path_factory.mktemp("git") / "project")
    for command in (
        ["init", "--quiet"],
        ["add", "template.yaml", "specs"],
        ["commit", "--quiet", "--message", "As it was"],
    ):
        subprocess.run([*GIT, *command], cwd=root, check=True)
    return root


@pytest.fixture
def project(committed: Path) -> Iterator[Path]:
    """That copy, as it was committed first, whatever a test makes of it."""
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=committed, text=True).strip()
    spec = (committed / SPEC).read_text()
    yield committed
    (committed / SPEC).write_text(spec)
    subprocess.run(["git", "reset", "--quiet", "--soft", head], cwd=committed, check=True)


def _breaks(root: Path) -> list[str]:
    breaks = []
    for finding in compatibility.check(Application(root), "HEAD"):
        if finding.rule == "break":
            breaks.append(f"{finding.message} {finding.fix}")
    return breaks


@pytest.mark.parametrize(
    "change", [change for change in CHANGES if "rule" in change], ids=lambda change: change["finds"]
)
def test_a_break_is_found_with_its_rule(project: Path, change: dict[str, str]) -> None:
    edit(project, SPEC, change["from"], change["to"])

    breaks = _breaks(project)

    named = [text for text in breaks if change["finds"] in text]
    assert any(f"(rule {change['rule']}, against HEAD)" in text for text in named), breaks


@pytest.mark.parametrize(
    "change",
    [change for change in CHANGES if "rule" not in change],
    ids=lambda change: change["to"],
)
def test_what_callers_can_live_with_is_not_a_break(project: Path, change: dict[str, str]) -> None:
    edit(project, SPEC, change["from"], change["to"])

    assert _breaks(project) == []


def test_a_schema_within_itself_is_compared_once(project: Path) -> None:
    within = '        next_page: { $ref: "#/components/schemas/UserPage" }\n'
    edit(project, SPEC, "        next_cursor:\n", f"{within}        next_cursor:\n")
    subprocess.run(
        [*GIT, "commit", "--quiet", "--all", "--message", "Pages in pages"], cwd=project, check=True
    )
    edit(project, SPEC, "          maxItems: 100\n", "")

    assert len(_breaks(project)) == 1


def test_a_major_version_may_break(project: Path) -> None:
    edit(project, SPEC, "    post:\n", "    put:\n")
    edit(project, SPEC, "  version: 1.", "  version: 2.")

    assert _breaks(project) == []


@pytest.mark.parametrize("reference", ["no-such-branch", "--output=spec", ""])
def test_an_unknown_ref_is_an_error_of_one_line(
    project: Path, reference: str, capfd: pytest.CaptureFixture[str]
) -> None:
    if reference:
        assert main(["drift", "--root", str(project), f"--against={reference}"]) == 2
        assert capfd.readouterr().err.startswith(f"samspec drift: --against {reference}: ")
    with pytest.raises(ProjectError, match="name a ref that has"):
        list(compatibility.check(Application(project), reference or "HEAD~1"))


def test_an_earlier_spec_that_is_not_one_is_an_error_of_one_line(project: Path) -> None:
    spec = (project / SPEC).read_text()
    (project / SPEC).write_text("words: only\n")
    subprocess.run(
        [*GIT, "commit", "--quiet", "--all", "--message", "No spec"], cwd=project, check=True
    )
    (project / SPEC).write_text(spec)

    with pytest.raises(ProjectError, match="is not an OpenAPI document"):
        list(compatibility.check(Application(project), "HEAD"))


def test_git_is_asked_for_where_it_is_missing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(ProjectError, match="git is not installed"):
        list(compatibility.check(Application(project), "HEAD"))


def _findings(root: Path) -> list[tuple[str, str]]:
    findings = compatibility.check(Application(root), "HEAD")
    return [(finding.rule, finding.message) for finding in findings]


@pytest.fixture
def template(committed: Path) -> Iterator[Path]:
    """The committed copy, whose template a test may change."""
    content = (committed / TEMPLATE).read_text()
    yield committed
    (committed / TEMPLATE).write_text(content)


def test_the_fix_names_the_next_major_version(project: Path) -> None:
    edit(project, SPEC, "    post:\n", "    put:\n")

    assert all("raise info.version from " in line for line in _breaks(project))
    assert any(" to 2.0.0 " in line or " to 3.0.0 " in line for line in _breaks(project))


WIDENED = {
    "another action": (
        "                - dynamodb:GetItem\n",
        "                - dynamodb:GetItem\n                - dynamodb:Scan\n",
        "may call dynamodb:Scan on UsersTable now",
    ),
    "a managed policy": (
        "      Policies:\n",
        "      Policies:\n        - AmazonDynamoDBFullAccess\n",
        "may AmazonDynamoDBFullAccess now",
    ),
    "everything but a list": (
        "              Action:\n                - dynamodb:PutItem\n",
        "              NotAction:\n                - dynamodb:DeleteTable\n",
        "may do all but what NotAction lists now",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), WIDENED.values(), ids=WIDENED)
def test_a_permission_that_widened_is_shown(
    template: Path, old: str, new: str, message: str
) -> None:
    edit(template, TEMPLATE, old, new)

    widened = [text for rule, text in _findings(template) if rule == "iam-widened"]
    assert any(message in text for text in widened), widened


def test_a_permission_in_another_spelling_has_not_widened(template: Path) -> None:
    edit(template, TEMPLATE, "Resource: !GetAtt UsersTable.Arn", "Resource: !Sub ${UsersTable.Arn}")

    assert _findings(template) == []


def test_a_permission_that_the_old_code_may_need_is_taken_away_in_a_second_deploy(
    template: Path,
) -> None:
    edit(template, TEMPLATE, "                - dynamodb:UpdateItem\n", "")

    [(rule, message)] = _findings(template)
    assert rule == "two-steps"
    assert "UpdateUserFunction may not call dynamodb:UpdateItem any more" in message


def test_without_gradual_deployments_one_deploy_is_enough(template: Path) -> None:
    edit(template, TEMPLATE, "                - dynamodb:UpdateItem\n", "")
    edit(template, TEMPLATE, "      Canary: true\n", "      Canary: false\n")

    assert _findings(template) == []


def test_a_new_property_of_requests_is_refused_by_the_old_code(project: Path) -> None:
    name = '        name: { $ref: "#/components/schemas/Name" }\n    User:'
    phone = "        phone: { type: string }\n"
    edit(project, SPEC, name, name.replace("    User:", f"{phone}    User:"))

    messages = [text for rule, text in _findings(project) if rule == "two-steps"]
    assert any("POST /users takes phone now" in text for text in messages)


def test_a_new_property_that_is_promised_is_not_sent_by_the_old_code(project: Path) -> None:
    edit(project, SPEC, "required: [id, email, name, created_at, updated_at]",
         "required: [id, email, name, created_at, updated_at, phone]")  # fmt: skip
    edit(
        project,
        SPEC,
        "        updated_at: { $ref",
        "        phone: { type: string }\n        updated_at: { $ref",
    )

    messages = [text for rule, text in _findings(project) if rule == "two-steps"]
    assert any("promises phone now" in text for text in messages)


def test_a_table_that_is_gone_is_named(template: Path) -> None:
    content = (template / TEMPLATE).read_text()
    (template / TEMPLATE).write_text(content.replace("UsersTable", "PeopleTable"))

    assert any("UsersTable is gone" in text for _, text in _findings(template))


def test_another_name_of_a_path_variable_breaks_nobody(project: Path) -> None:
    content = (project / SPEC).read_text()
    renamed = content.replace("{id}", "{userId}").replace("name: id", "name: userId")
    (project / SPEC).write_text(renamed)

    assert _breaks(project) == []
