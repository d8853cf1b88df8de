"""One client for every test: the API in process (the default), or at --base-url."""

from pathlib import Path
from typing import Any

import pytest
from samspec.sam import documents
from samspec.testing.client import Send

from tests.client import Api

pytest_plugins = ["samspec.testing.plugin"]

ROOT = Path(__file__).parent.parent
SPEC = documents.read(ROOT / "specs/api/users-api.yaml")


@pytest.fixture
def api(send: Send, spec: Any, administrator: dict[str, str]) -> Api:
    """The API as an administrator has it; as anyone, if it is open."""
    return Api(send, spec, administrator)
