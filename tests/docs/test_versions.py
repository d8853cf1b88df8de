"""One version, wherever it stands."""

import re
import tomllib

from tests.conftest import ROOT, SPEC


def test_the_changelog_and_the_project_have_the_specs_version() -> None:
    changelog = re.findall(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert changelog[0] == SPEC["info"]["version"] == project["version"]
