"""The documents' diagrams, read by Mermaid itself."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow
DOCUMENTS = ("README.md", "specs/architecture.md")


def test_every_diagram_is_one_that_mermaid_reads(tmp_path: Path) -> None:
    assert shutil.which("npm"), "needs Node.js and npm; Debian: apt install npm"
    subprocess.run(
        ["npm", "install", "--no-package-lock", "mermaid@11", "jsdom@26"], cwd=tmp_path, check=True
    )
    shutil.copy(Path(__file__).with_name("diagrams.mjs"), tmp_path)

    documents = [str(ROOT / name) for name in DOCUMENTS]
    read = subprocess.check_output(
        ["node", "diagrams.mjs", *documents], cwd=tmp_path, text=True
    ).splitlines()

    assert read == ["flowchart-v2", "flowchart-v2", "sequence"]
