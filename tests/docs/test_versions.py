"""One version, wherever it stands."""

import re
import tomllib

from tests.conftest import ROOT, SPEC


def test_the_changelog_and_the_project_have_the_specs_version() -> None:
    changelog = re.findall(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert changelog[0] == SPEC["info"]["version"] == project["version"]


def test_what_is_installed_is_the_lock_and_nothing_that_pip_resolves() -> None:
    """A newer release of a package that another asks for with an extra made pip 23 prefer it, and then refuse it."""
    files = [
        file
        for place in (".ci", "scripts", "handlers", "tests")
        for file in (ROOT / place).rglob("*")
    ]
    texts = [file.read_text() for file in files if file.suffix in ("", ".py") and file.is_file()]
    lines = [
        line for text in texts for line in text.splitlines() if "--require-" + "hashes" in line
    ]

    assert lines
    assert [line for line in lines if "pip-audit" not in line and "--no-deps" not in line] == []
