"""The real DynamoDB Local, and the server that is killed and soaked over it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from samspec.aws import tables
from samspec.sam.template import Template
from samspec.sam_local import dynamodb, processes

from tests.conftest import ROOT

TIMES = int(os.environ.get("TIMES", "1"))  # how many times the kills and requests that CI has


@pytest.fixture
def database() -> Iterator[str]:
    """DynamoDB Local with empty tables: DYNAMODB_LOCAL_JAR, or else its Docker image."""
    jar = os.environ.get("DYNAMODB_LOCAL_JAR")
    with dynamodb.endpoint(None, Path(jar) if jar else None) as url:
        tables.connect(Template(ROOT / "template.yaml"), url)
        yield url


@contextmanager
def server(database: str, port: int) -> Iterator[processes.Process]:
    """What scripts/start starts, from when it responds."""
    command = [
        sys.executable,
        "-m",
        "samspec",
        "start",
        "--quiet",
        f"--port={port}",
        f"--dynamodb={database}",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    with processes.running(command, port, cwd=ROOT, env=environment) as process:
        yield process
