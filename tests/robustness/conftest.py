"""The real DynamoDB Local, and when a server is ready."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from gateway import tables
from gateway.template import Template
from sam_local import dynamodb

from tests.conftest import ROOT


@pytest.fixture
def database() -> Iterator[str]:
    """DynamoDB Local with empty tables: DYNAMODB_LOCAL_JAR, or else its Docker image."""
    jar = os.environ.get("DYNAMODB_LOCAL_JAR")
    with dynamodb.endpoint(None, Path(jar) if jar else None) as url:
        tables.connect(Template(ROOT / "template.yaml"), url)
        yield url


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=5).status_code > 0
    except requests.RequestException:
        return False
