"""Copies of the project, and the two operations that tests add to them."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SPEC = "specs/api/users-api.yaml"
OPERATIONS = Path(__file__).with_name("operations.yaml")


def copied(folder: Path) -> Path:
    """The project's own files, uncommitted ones included; no virtual environment, no caches."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0")[:-1]:
        if (ROOT / name).is_symlink() or (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


def specify(root: Path, *operations: str) -> None:
    """Writes these operations of operations.yaml into the spec, each before the line that its mark names."""
    spec = (root / SPEC).read_text()
    parts = OPERATIONS.read_text().split("#### ")[1:]
    for part in parts:
        operation, _, text = part.partition("\n")
        name, _, anchor = operation.partition(" before ")
        if name in operations:
            assert spec.count(f"\n{anchor}\n") == 1
            spec = spec.replace(f"\n{anchor}\n", f"\n{text}{anchor}\n")
    (root / SPEC).write_text(spec)
