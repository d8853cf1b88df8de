"""The Users API as a caller has it."""

import uuid
from collections.abc import Iterator
from typing import Any

from samspec.testing.client import ApiClient, Response


class Api(ApiClient):
    """The client of samspec's pytest plugin, with the operations on users as methods."""

    def create(
        self, email: str | None = None, name: str = "Ada", key: str | None = None
    ) -> Response:
        headers = {"Idempotency-Key": key} if key else {}
        body = {"email": email or address(), "name": name}
        return self.request("POST", "/users", json=body, headers=headers)

    def get(self, id: str, **headers: str) -> Response:
        return self.request("GET", f"/users/{id}", headers=_dashed(headers))

    def update(self, id: str, email: str, name: str = "Ada", **headers: str) -> Response:
        body = {"email": email, "name": name}
        return self.request("PUT", f"/users/{id}", json=body, headers=_dashed(headers))

    def delete(self, id: str, **headers: str) -> Response:
        return self.request("DELETE", f"/users/{id}", headers=_dashed(headers))

    def list(self, **query: Any) -> Response:
        return self.request("GET", "/users", query=query)

    def walk(self, **query: Any) -> Iterator[dict[str, str]]:
        """Every user, page by page."""
        page = self.list(**query).json
        yield from page["users"]
        while "next_cursor" in page:
            page = self.list(**query, cursor=page["next_cursor"]).json
            yield from page["users"]


def address() -> str:
    """An address that nothing else in the table has."""
    return f"{uuid.uuid4().hex}@example.com"


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
