"""samspec new-project and remove-resource. (tests/samspec/newcomer runs what they make.)"""

import shutil
import tomllib
from pathlib import Path

import pytest
import yaml
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.scaffold import copying, new_project, new_resource, remove_resource

from tests.samspec.drift.copies import ROOT, SPEC, copy

TOOLS = "samspec @ git+https://example.com/samspec@0000000000000000000000000000000000000000"


def test_a_new_project_has_only_its_own_resource(tmp_path: Path) -> None:
    answers = tmp_path / "answers.yml"
    fields = [{"name": "sku", "type": "text", "unique": True, "required": True}]
    answers.write_text(yaml.safe_dump({"resource": "OrderItem", "fields": fields}))
    root = tmp_path / "shop"

    arguments = ["--source", str(ROOT), "--answers", str(answers), "--tools", TOOLS]
    assert new_project.main([str(root), *arguments]) == 0

    texts = {}
    for path in root.rglob("*"):
        if path.is_file() and "requirements" not in path.name:
            texts[path] = path.read_text()
    for name in ("UsersApi", "users-api", "UsersTable", "/users", "class User"):
        assert [path for path, text in texts.items() if name in text] == []
    assert {o.path for o in Project(root).operations} == {"/order-items", "/order-items/{id}"}
    assert (root / "samspec.txt").read_text().strip() == TOOLS
    assert not (root / "scripts/samspec").exists()
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    assert settings["project"]["name"] == "order-items-api"
    assert "copy" not in settings["tool"]["samspec"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resource", "book"], "'book' is not capitalized words"),
        (["--resource", "Book"], "say what a book is"),
        (["--resource", "Book", "--field", "x"], "is not name:type"),
    ],
)
def test_a_project_that_cannot_be_is_not_begun(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    root = tmp_path / "new"

    with pytest.raises(ProjectError, match=message):
        new_project.main([str(root), "--source", str(ROOT), "--tools", TOOLS, *arguments])
    assert not root.exists()


def test_a_folder_with_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(ProjectError, match="is not empty"):
        new_project.main([str(tmp_path), "--source", str(ROOT), "--field", "a:text"])


def test_a_copy_cannot_be_copied(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mine"\n')

    with pytest.raises(ProjectError, match="it is a copy already"):
        copying.Rules.of(tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = copy(tmp_path / "project")
    shutil.copy(ROOT / "tests/client.py", root / "tests/client.py")
    return root


def test_what_was_added_can_be_removed_without_a_trace(project: Path) -> None:
    names = [SPEC, "template.yaml", "specs/architecture.md", "tests/observed.json"]
    before = {name: yaml.dump((project / name).read_text().split()) for name in names}
    arguments = ["Gadget", "--field", "title:text", "--root", str(project)]
    new_resource.main(arguments)

    remove_resource.main(["Gadget", "--root", str(project)])

    for name in names:
        assert yaml.dump((project / name).read_text().split()) == before[name], name
    assert not (project / "handlers/gadgets").exists()


@pytest.mark.parametrize("name", ["Gadget", "Use"])
def test_a_resource_that_is_not_there_is_not_removed(project: Path, name: str) -> None:
    with pytest.raises(ProjectError, match=f"no operation such as get{name}"):
        remove_resource.main([name, "--root", str(project)])
