"""What is written before a project has its tools passes the project's check."""

from pathlib import Path

import pytest
from samspec.scaffold import workspace

from tests.samspec.drift.copies import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_files_are_formatted_by_the_pinned_ruff_if_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "find_spec", lambda name: None)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/requirements.txt").write_text((ROOT / "tests/requirements.txt").read_text())
    (tmp_path / "a.py").write_text("import os\nimport ast\nprint( os,ast )\n")

    workspace.tidy(tmp_path, ["a.py"])

    assert (tmp_path / "a.py").read_text() == "import ast\nimport os\n\nprint(os, ast)\n"
