"""Each version stands in one place, and its changelog names it."""

import re
import tomllib
from pathlib import Path

from tests.conftest import ROOT, SPEC


def newest(changelog: str) -> str:
    """The version of a changelog's first entry."""
    headings = re.findall(r"^## (\S+)$", (ROOT / changelog).read_text(), re.MULTILINE)
    return str(headings[0])


def test_the_apis_changelog_begins_with_the_specs_version() -> None:
    assert newest("CHANGELOG.md") == SPEC["info"]["version"]


def test_the_changelog_of_the_tools_begins_with_the_packages_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert newest("scripts/samspec/CHANGELOG.md") == project["version"]


def test_what_is_installed_is_the_lock_and_nothing_that_pip_resolves() -> None:
    """A newer release of a package that another asks for with an extra made pip 23 prefer it, and
    then refuse it.
    """
    files: list[Path] = []
    for place in (".ci", "scripts", "handlers", "tests"):
        files += (ROOT / place).rglob("*")
    texts = [file.read_text() for file in files if not file.suffix and file.is_file()]
    lines = []
    for text in texts:
        for line in text.splitlines():
            if "--require-" + "hashes" in line:
                lines.append(line)

    assert lines
    assert [line for line in lines if "pip-audit" not in line and "--no-deps" not in line] == []
