"""Any resource of the API, as tests use it: its bodies come from the spec."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.sam.references import resolve
from samspec.sam.values import value
from samspec.testing.client import Response
from tests.client import Api

NUMBERS = itertools.count()  # of bodies: no two are alike, as far as the schema allows
NEW = object()


class Collection:
    """The collection at a path of the spec, such as /users/{id}/orders. What it belongs to is
    created first, if `path` does not name it.
    """

    def __init__(self, api: Api, resource: str, path: str | None = None) -> None:
        self._api = api
        self._resource = resource
        self.path = path or _path(api, resource)

    def body(self, name: str | None = None, replacement: Any = None) -> dict[str, Any]:
        """A valid body that was not sent before, with one value as it is given."""
        operation = self._api.spec["paths"][self._resource]["post"]
        content = self._resolve(operation["requestBody"])["content"]
        schema = content["application/json"]["schema"]
        body = dict(value(schema, next(NUMBERS), self._resolve))
        return {**body, name: replacement} if name else body

    def create(self, body: Any = NEW, headers: Mapping[str, str] | None = None) -> Response:
        return self._api.request("POST", self.path, json=self._new(body), headers=headers)

    def get(self, id: str, headers: Mapping[str, str] | None = None) -> Response:
        return self._api.request("GET", f"{self.path}/{id}", headers=headers)

    def update(
        self, id: str, body: Any = NEW, headers: Mapping[str, str] | None = None
    ) -> Response:
        path = f"{self.path}/{id}"
        return self._api.request("PUT", path, json=self._new(body), headers=headers)

    def delete(self, id: str, headers: Mapping[str, str] | None = None) -> Response:
        return self._api.request("DELETE", f"{self.path}/{id}", headers=headers)

    def list(self, **query: Any) -> Response:
        return self._api.request("GET", self.path, query=query)

    def walk(self, name: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every resource of the pages' property `name`."""
        page = self.list(**query).json
        yield from page[name]
        while "next_cursor" in page:
            page = self.list(**query, cursor=page["next_cursor"]).json
            yield from page[name]

    def _new(self, body: Any) -> Any:
        return self.body() if body is NEW else body

    def _resolve(self, node: Any) -> Any:
        return resolve(self._api.spec, node)


def _path(api: Api, resource: str) -> str:
    parent, separator, rest = resource.partition("/{")
    if not separator:
        return resource
    collection = Collection(api, parent)
    id = collection.create().json["id"]
    return f"{collection.path}/{id}{rest.partition('}')[2]}"
