"""All that can be removed from a project is removed, one after another, and it stays whole."""

from pathlib import Path

import pytest
from samspec.scaffold.remove_feature import CHOICES

from tests.samspec.newcomer import copies

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
NEVER_COPIED = {"bench"}  # it measures this repository
OF_CODE = {"etags", "idempotency"}  # the others change no module
UNIT_TESTS = ["--numprocesses", "auto", "--dist", "loadfile", "tests/unit"]


def test_a_project_without_all_that_can_be_removed(tmp_path: Path) -> None:
    root = copies.make(tmp_path / "shop", "--resource", "OrderItem", "--field", "sku:text,unique")
    note = ["Note", "--under", "order-items", "--field", "text:text"]
    copies.run(root, "scripts/new-resource", *note)
    copies.run(root, "scripts/test", "--record")
    copies.commit(root, "Add notes")

    for feature in sorted(set(CHOICES) - NEVER_COPIED):
        copies.run(root, "scripts/run", "remove", feature)
        assert copies.changed(root), feature
        copies.run(root, "scripts/check")  # artifacts and drift, with what was recorded before
        if feature in OF_CODE:
            copies.run(root, "scripts/test", *UNIT_TESTS)
        copies.commit(root, f"Remove {feature}")

    copies.run(root, "scripts/test")  # with coverage, property tests, and the record as it is
    copies.run(root, "scripts/new-resource", "Person", "--field", "name:text")
    assert "Idempotency-Key" not in (root / "handlers/create_person.py").read_text()
    copies.run(root, "scripts/test", "tests/unit", "-k", "person or people")
