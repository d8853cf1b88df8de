"""MiniStack as a process, with IAM enforced: roles and signatures count as they do on AWS."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samspec.sam.errors import ProjectError
from samspec.sam_local import processes


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Its URL, from when it responds until the block ends."""
    python = os.environ.get("MINISTACK") or sys.executable
    # Without cryptography MiniStack's Cognito does not sign its tokens (its services/cognito.py,
    # _signed_jwt), and its API Gateway then refuses all of them with 401.
    wanted = [python, "-c", "import ministack, cryptography"]
    if subprocess.run(wanted, check=False, capture_output=True).returncode:
        raise ProjectError(
            "no MiniStack: pip install ministack cryptography in an environment of its own, "
            "and set MINISTACK to the path of its python"
        )
    port = processes.free_port()
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
    }
    account = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "TMPDIR": str(folder)}
    plain = {}
    for name, value in os.environ.items():
        if not name.startswith(("AWS_", "PYTHON")):
            plain[name] = value
    command = ["sh", "-c", 'exec "$0" -m ministack >ministack.log 2>&1', python]
    with processes.running(command, port, cwd=folder, env={**plain, **settings, **account}):
        yield f"http://127.0.0.1:{port}"
