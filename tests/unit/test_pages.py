"""Pages of the resources with one value, such as those of one parent."""

from typing import Any

import pytest
from api import pages
from api.errors import InvalidRequest
from api.resource import Resource


class Stored:
    """Resources in memory, as a repository pages through them."""

    def page_where(self, name: str, value: Any, limit: int, after: Any) -> Any:
        ids = [f"{value}-{number}" for number in range(3)]
        start = ids.index(after[0]) + 1 if after else 0
        page = [resource(id) for id in ids[start : start + limit]]
        more = start + limit < len(ids)
        return page, (page[-1].id,) if more else None


def resource(id: str) -> Resource:
    return Resource(id=id, created_at="then", updated_at="then", revision="1")


def page(value: str, **query: Any) -> tuple[list[str], str | None]:
    stored: Any = Stored()
    response = pages.where("notes", stored, "owner", value, {"limit": 2, **query})
    ids = [item["id"] for item in response.body["notes"]]
    return ids, response.body.get("next_cursor")


def test_a_cursor_leads_to_the_rest_and_the_last_page_has_none() -> None:
    first, cursor = page("ada")

    assert first == ["ada-0", "ada-1"]
    assert page("ada", cursor=cursor) == (["ada-2"], None)


def test_a_cursor_of_another_value_is_refused() -> None:
    _, cursor = page("ada")

    with pytest.raises(InvalidRequest):
        page("eve", cursor=cursor)


def test_another_spelling_of_a_cursor_is_refused() -> None:
    _, cursor = page("ada")

    with pytest.raises(InvalidRequest):
        page("ada", cursor=f"{cursor}\n\n\n\n")  # bytes that base64 skips
