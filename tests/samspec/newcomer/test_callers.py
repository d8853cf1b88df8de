"""A project turned to callers by scripts/add-auth: all that its owner runs passes, for each
kind."""

from pathlib import Path

import pytest

from tests.samspec.newcomer import copies
from tests.samspec.newcomer.test_copies import RECORDED, free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
FIELDS = {
    "users": ["--resource", "User", "--field", "email:text,unique", "--field", "name:text"],
    "books": ["--resource", "Book", "--field", "isbn:text,unique", "--field", "title:text"],
}
CASES = [("cognito", "users"), ("lambda", "users"), ("api-key", "users"), ("cognito", "books")]


@pytest.mark.parametrize(("kind", "resource"), CASES)
def test_everything_passes_in_a_project_that_asks_who_calls(
    tmp_path: Path, kind: str, resource: str
) -> None:
    root = copies.make(tmp_path / "project", *FIELDS[resource])
    copies.run(root, "scripts/add-auth", kind)
    if kind == "lambda":
        copies.run(root, "scripts/lock")
        copies.install(root)
    copies.commit(root, f"Ask who calls: {kind}")

    copies.run(root, "scripts/test", "--record")
    copies.run(root, "scripts/check")
    started = copies.started(root, "--port", free_port(), "--seed", "5")
    copies.run(root, "scripts/fuzz", "--seconds", "20")

    assert copies.changed(root) == RECORDED
    assert f"5 created by POST /{resource}" in started
    assert ("API key PartnerKey" in started) == (kind == "api-key")
    if not copies.has_sam():
        pytest.skip("no SAM CLI here: all passed, except that nothing was rehearsed")
    copies.run(root, "scripts/rehearse", "dev")
