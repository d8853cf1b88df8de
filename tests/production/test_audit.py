"""What scripts/audit finds, each in a copy of the project that has one thing wrong."""

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPY = (
    "git ls-files -z -co --exclude-standard | tar -cf - --null -T - "
    '| tar -xf - -C "$0" && git init -q "$0"'
)
ACCESS_KEY = "AKIA" + "Q7Y2" * 4
RANDOM = base64.b64encode(hashlib.sha512(b"").digest()).decode()
PRIVATE_KEY = f"-----BEGIN PRIVATE {'KEY'}-----\n{RANDOM}\n-----END PRIVATE {'KEY'}-----\n"
CHECKOUT = "actions/checkout@9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0 # v7.0.0"

# The file, the text in it (at its end: none) and the text instead, and what is said.
WRONGS = {
    "an access key in a hidden folder": (
        ".ci/run",
        "",
        f"export AWS_ACCESS_KEY_ID={ACCESS_KEY}",
        "AWS Access Key",
    ),
    "a private key": ("CHANGELOG.md", "", PRIVATE_KEY, "Private Key"),
    "an action that is not pinned": (
        ".github/workflows/ci.yml",
        CHECKOUT,
        "actions/checkout@v7",
        "unpinned-uses",
    ),
    "a workflow with a misspelt key": (
        ".github/workflows/ci.yml",
        "    runs-on:",
        "    run-on:",
        '"run-on"',
    ),
    "a key that does not rotate": (
        "template.yaml",
        "KeyRotation: true",
        "KeyRotation: false",
        "CKV_AWS_7",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "text", "instead", "message"), WRONGS.values(), ids=WRONGS)
def test_it_is_found(name: str, text: str, instead: str, message: str, tmp_path: Path) -> None:
    subprocess.run(["sh", "-c", COPY, tmp_path], cwd=ROOT, check=True)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    content = (tmp_path / name).read_text()
    assert text in content
    (tmp_path / name).write_text(content.replace(text, instead, 1) if text else content + instead)

    audit = subprocess.run([tmp_path / "scripts/audit"], capture_output=True, text=True)

    assert audit.returncode != 0
    assert message in audit.stdout + audit.stderr
