"""An API of one's own, made as the guide says, passes everything without an edit by hand."""

import socket
from pathlib import Path

import pytest

from tests.samspec.newcomer import copies

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TEN_TYPES = [
    "isbn:text,unique,pattern=^[0-9]{13}$",
    "pages:integer,min=1",
    "price:decimal,min=0",
    "in_print:boolean",
    "published:date,optional",
    "acquired:date-time",
    "state:enum,values=draft|published,filter",
    "subjects:texts",
    "size:object,properties=width:integer height:decimal",
    "subtitle:text,nullable",
]
RECORDED = ["tests/observed.json"]  # what the tests saw, written by scripts/test --record
FILES_OF_A_RESOURCE = 24


def fields(texts: list[str]) -> list[str]:
    return [word for text in texts for word in ("--field", text)]


def free_port() -> str:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return str(server.getsockname()[1])


def assert_everything_passes(root: Path, seeds: str) -> None:
    """Tests, checks (artifacts are built and imported, drift finds nothing), a start with seeds."""
    copies.run(root, "scripts/test", "--record")
    copies.run(root, "scripts/check")
    assert seeds in copies.started(root, "--port", free_port(), "--seed", "20")


def test_a_book_with_ten_types(tmp_path: Path) -> None:
    root = copies.make(tmp_path / "book", "--resource", "Book", *fields(TEN_TYPES))

    assert_everything_passes(root, "20 created by POST /books")

    assert copies.changed(root) == RECORDED
    if copies.has_sam():
        copies.run(root, "scripts/rehearse", "dev")
    else:
        pytest.skip("no SAM CLI here: all passed, except that nothing was rehearsed")


def test_order_items_and_people(tmp_path: Path) -> None:
    root = copies.make(tmp_path / "orders", "--resource", "OrderItem", "--field", "sku:text,unique")

    copies.run(root, "scripts/new-resource", "Person", "--field", "full_name:text")
    new = len(copies.changed(root))
    assert_everything_passes(root, "20 created by POST /people")

    assert new <= FILES_OF_A_RESOURCE + len([*RECORDED, "spec", "template", "architecture"])


def test_a_second_resource_callers_and_a_third_resource(tmp_path: Path) -> None:
    root = copies.make(tmp_path / "shop", "--resource", "Customer", "--field", "name:text")
    copies.run(
        root, "scripts/new-resource", "Order", "--under", "customers", "--field", "note:text"
    )
    copies.run(root, "scripts/add-auth", "cognito")
    copies.run(root, "scripts/new-resource", "Person", "--field", "email:text,unique")

    assert_everything_passes(root, "20 created by POST /customers")
