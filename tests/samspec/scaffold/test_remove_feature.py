"""samspec remove, on copies of the project: what is left is whole."""

import re
import shutil
from pathlib import Path

import pytest
from samspec import cli
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.scaffold import new_project, remove_feature

from tests.samspec.drift.copies import ROOT, copy, edit


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy(tmp_path / "project")


def run(root: Path, feature: str) -> int:
    return remove_feature.main([feature, "--root", str(root)])


def template(root: Path) -> str:
    return (root / "template.yaml").read_text()


@pytest.mark.parametrize(
    ("feature", "gone"),
    [
        ("canary", ["DeploymentPreference", "Canary"]),
        ("kms", ["AWS::KMS::Key", "HasKey", "CustomerManagedKey", "KmsKeyId", "SSESpecification"]),
    ],
)
def test_a_feature_goes_with_all_that_only_it_used(
    project: Path, feature: str, gone: list[str]
) -> None:
    before = template(project).splitlines()

    assert run(project, feature) == 0

    assert [text for text in gone if text in template(project)] == []
    assert set(template(project).splitlines()) <= set(before)
    assert Project(project).lambdas.keys() >= {"CreateUserFunction"}  # it still resolves


def test_both_can_go(project: Path) -> None:
    run(project, "canary")
    run(project, "kms")

    assert "AlarmTopic:" in template(project)
    assert "UsersTable:" in template(project)


def test_files_of_a_feature_go(project: Path) -> None:
    assert (project / ".github/workflows/ci.yml").exists()

    run(project, "github")

    assert not (project / ".github/workflows/ci.yml").exists()


def test_what_is_not_there_is_not_removed(project: Path) -> None:
    run(project, "canary")
    before = template(project)

    with pytest.raises(ProjectError, match="canary is not in this project"):
        run(project, "canary")
    shutil.rmtree(project / ".github")
    with pytest.raises(ProjectError, match="github is not in this project"):
        run(project, "github")
    assert template(project) == before


def test_what_nothing_used_before_stays(project: Path) -> None:
    text = template(project).replace(
        "Conditions:\n", 'Conditions:\n  Mine: !Equals ["a", "a"]\n', 1
    )
    (project / "template.yaml").write_text(text)

    run(project, "canary")

    assert "  Mine: !Equals" in template(project)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own with a second resource below its first."""
    root = tmp_path_factory.mktemp("made") / "project"
    fields = ["--field", "sku:text,unique"]
    new_project.main([str(root), "--source", str(ROOT), "--resource", "OrderItem", *fields])
    note = ["Note", "--under", "order-items", "--field", "text:text"]
    assert cli.main(["new-resource", "--root", str(root), *note]) == 0
    return root


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "own", symlinks=True))


def texts(root: Path) -> dict[str, str]:
    """The project's files but for those that only say which feature was meant."""
    names = ["specs/api", "specs/features", "handlers", "tests/unit"]
    files = [path for name in names for path in (root / name).rglob("*.*") if path.is_file()]
    return {str(path.relative_to(root)): path.read_text() for path in files if is_text(path)}


def is_text(path: Path) -> bool:
    return path.suffix in (".py", ".md", ".yaml", ".toml")


@pytest.mark.parametrize(
    ("feature", "words", "kept"),
    [
        ("idempotency", ["Idempotency-", "422"], ["If-Match", '"412"', "ETag"]),
        (
            "etags",
            ["If-Match", "If-None-Match", "ETag", "etags", '"412"', '"304"'],
            ["Idempotency-"],
        ),
    ],
)
def test_what_requests_can_ask_for_goes_from_every_resource(
    own: Path, feature: str, words: list[str], kept: list[str]
) -> None:
    assert run(own, feature) == 0

    after = texts(own)
    contract = {name: text for name, text in after.items() if not name.startswith("handlers/api")}
    own_tests = ("tests/unit/test_repository.py", "tests/unit/test_proxy.py")
    contract = {name: text for name, text in contract.items() if name not in own_tests}
    for word in words:
        assert [name for name, text in contract.items() if word in text] == []
    spec = (own / "specs/api/order-items-api.yaml").read_text()
    assert [word for word in kept if word not in spec] == []
    assert Project(own).spec.data["paths"]["/order-items/{id}/notes"]["post"]["parameters"]


def test_criteria_keep_their_tests_under_new_numbers(own: Path) -> None:
    page, tests = own / "specs/features/create-note.md", own / "tests/unit/test_create_note.py"
    assert '"create-note/7")\n@pytest.mark.parametrize' in tests.read_text()
    assert "7. **Given** a database" in page.read_text()

    run(own, "idempotency")

    assert '"create-note/5")\n@pytest.mark.parametrize' in tests.read_text()
    assert "5. **Given** a database" in page.read_text()
    assert "create-note/6" not in tests.read_text()


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("handlers/get_note.py", "headers = {", "tags = {", "handlers/get_note.py:15: 'tags = "),
        (
            "tests/unit/test_get_note.py",
            "@pytest.fixture",
            "TAG = 'ETag'\n\n\n@pytest.fixture",
            "TAG",
        ),
        (
            "specs/api/order-items-api.yaml",
            "summary: Get an order item",
            "summary: Get an order item or its ETag",
            "or its ETag",
        ),
    ],
)
def test_what_has_a_form_of_its_own_is_named_and_nothing_changes(
    own: Path, name: str, old: str, new: str, words: str
) -> None:
    edit(own, name, old, new)
    before = texts(own)

    with pytest.raises(ProjectError, match=re.escape(words)):
        run(own, "etags")
    assert texts(own) == before


def test_keys_stay_where_callers_have_a_resource_of_their_own(own: Path) -> None:
    assert cli.main(["add-auth", "cognito", "--root", str(own)]) == 0

    with pytest.raises(ProjectError, match=r"access\.py gives each caller's own resource an id"):
        run(own, "idempotency")


def test_without_keys_only_administrators_create(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(own, "idempotency")

    assert cli.main(["add-auth", "cognito", "--root", str(own)]) == 0

    assert "takes no Idempotency-Key, so that nothing limits a caller" in capsys.readouterr().out
    assert "@administrators\ndef" in (own / "handlers/create_order_item.py").read_text()
