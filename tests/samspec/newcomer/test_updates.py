"""A project that copier made gets a later release, and keeps what its owner changed in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samspec.newcomer import copies

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
FIELDS = "[{name: title, type: text}, {name: isbn, type: text, unique: true}]"
# In copier's clones of the repository the packages are the tests' own: nothing is installed.
LINK = '#!/bin/sh\n[ -e .venv ] || ln -s "{venv}" .venv\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The repository as its first release, uncommitted files included."""
    root = tmp_path / "source"
    copies.of_this_repository(root)
    copies.commit(root, "First release")
    copies.git(root, "tag", "2.0.0")
    return root


@pytest.fixture
def books(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    hook = tmp_path / "git/hooks/post-checkout"
    hook.parent.mkdir(parents=True)
    hook.write_text(LINK.format(venv=Path(sys.prefix)))
    hook.chmod(0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(tmp_path / "git"))
    root = tmp_path / "books"
    answers = ["--data", "resource=Book", "--data", f"fields={FIELDS}"]
    copier("copy", *answers, str(source), str(root), at=tmp_path)
    copies.commit(root, "Start")
    return root


def copier(command: str, *options: str, at: Path) -> str:
    """What copier prints; it has to succeed, and asks nothing."""
    run = [sys.executable, "-P", "-m", "copier", command, "--trust", "--defaults", *options]
    environment = {**os.environ, "GIT_AUTHOR_NAME": "Ada", "GIT_COMMITTER_NAME": "Ada"}
    environment |= {"GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_EMAIL": "a@example.com"}
    done = subprocess.run(run, cwd=at, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def replace(root: Path, name: str, old: str, new: str) -> None:
    before = text(root, name)
    assert old in before, f"{name} has no {old!r} any more"
    (root / name).write_text(before.replace(old, new, 1))


def test_an_update_brings_a_release_and_keeps_edits(books: Path, source: Path) -> None:
    edit_as_owner(books)
    release(source)

    copier("update", at=books)

    assert text(books, "handlers/get_book.py").startswith('"""Asked often: GET')
    assert "summary: Get one book" in text(books, "specs/api/books-api.yaml")
    assert "Timeout: 1" in text(books, "template.yaml")
    assert "MemorySize: 1" in text(books, "template.yaml")
    assert (books / "tests/unit/test_mine.py").exists()
    assert not (books / ".editorconfig").exists()
    assert "# As of 2.1." in text(books, ".github/workflows/ci.yml")
    assert text(books, "handlers/api/pages.py").startswith('"""The responses')
    assert (books / "scripts/hello").exists()
    assert "_commit: 2.1.0" in text(books, ".copier-answers.yml")
    # What both changed has both, as git writes it; nothing else has such marks.
    assert "<<<<<<<" in text(books, "scripts/deploy")
    assert {"# Mine.", "# As of 2.1."} <= set(text(books, "scripts/deploy").splitlines())
    assert copies.git(books, "grep", "--name-only", "^<<<<<<<") == "scripts/deploy\n"
    copies.install(books)
    copies.run(books, "scripts/test", "tests/unit", "-q")


def edit_as_owner(books: Path) -> None:
    """A handler, the spec, the template, a script, a test of their own, a file that is gone."""
    replace(books, "handlers/get_book.py", '"""GET', '"""Asked often: GET')
    replace(books, "specs/api/books-api.yaml", "summary: Get a book", "summary: Get one book")
    replace(books, "template.yaml", "Timeout: ", "Timeout: 1")
    replace(books, "scripts/deploy", "#!/bin/sh -e\n", "#!/bin/sh -e\n# Mine.\n")
    (books / "tests/unit/test_mine.py").write_text("def test_mine() -> None: ...\n")
    (books / ".editorconfig").unlink()
    copies.commit(books, "Mine")


def release(source: Path) -> None:
    """A workflow, a script, the template, a shared module, a file that is new."""
    replace(source, ".github/workflows/ci.yml", "name:", "# As of 2.1.\nname:")
    replace(source, "scripts/deploy", "#!/bin/sh -e\n", "#!/bin/sh -e\n# As of 2.1.\n")
    replace(source, "template.yaml", "MemorySize: ", "MemorySize: 1")
    replace(source, "handlers/api/pages.py", '"""Responses', '"""The responses')
    (source / "scripts/hello").write_text("#!/bin/sh\necho hello\n")
    copies.commit(source, "Second release")
    copies.git(source, "tag", "2.1.0")


def text(root: Path, name: str) -> str:
    return (root / name).read_text()
