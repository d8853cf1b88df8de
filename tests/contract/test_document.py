"""specs/contract.md"""

from tests.contract import document


def test_the_document_lists_what_is_checked() -> None:
    assert document.DOCUMENT.read_text() == document.document(), "run scripts/contract"
