"""Typed clients, made of the spec by public generators, against the running API."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
SPEC = ROOT / "specs/api/users-api.yaml"


@pytest.fixture
def url() -> Iterator[str]:
    command = [str(ROOT / "scripts/start"), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        printed = ""
        while "Ready on " not in printed:
            printed = process.stdout.readline()
            assert printed, "scripts/start ended"
        yield printed.split()[2]
        process.terminate()


def run(folder: Path, *command: object) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def test_a_python_client_speaks_with_the_api(tmp_path: Path, url: str) -> None:
    run(tmp_path, sys.executable, "-m", "venv", "tools")
    python = tmp_path / "tools/bin/python"
    locked = ["--quiet", "--no-deps", "--require-hashes", "-r", HERE / "requirements.txt"]
    run(tmp_path, python, "-m", "pip", "install", *locked)
    (tmp_path / "config.yaml").write_text(
        "post_hooks: []\n"
    )  # its formatters, for people who read what it wrote

    output = run(
        tmp_path,
        "tools/bin/openapi-python-client",
        "generate",
        "--path",
        SPEC,
        "--config",
        "config.yaml",
    )

    assert "WARNING" not in output.upper()
    shutil.copy(HERE / "python_client.py", tmp_path / "users-api-client")
    run(tmp_path / "users-api-client", python, "python_client.py", url)


def test_a_typescript_client_speaks_with_the_api(tmp_path: Path, url: str) -> None:
    assert shutil.which("npm"), "needs Node.js and npm; Debian: apt install npm"
    for name in ("package.json", "tsconfig.json", "client.ts"):
        shutil.copy(HERE / name, tmp_path)
    run(tmp_path, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund")

    run(tmp_path, "npx", "openapi-typescript", SPEC, "--output", "users-api.d.ts")
    run(tmp_path, "npx", "tsc")

    assert run(tmp_path, "node", "client.js", url) == '[201,"Grace",1,"Email already in use",204]\n'
