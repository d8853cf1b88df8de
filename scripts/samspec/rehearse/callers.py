"""What the operations of a deployed resource say to each kind of caller.

Who may do what on whose resource is the functions' affair: the statuses are shown. A status is an
error if it lets in a caller whom API Gateway must refuse, or if the API does not document it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from samspec.deploy.caller import Caller
from samspec.deploy.smoke import Operation, Smoke, apis_of
from samspec.deploy.stack import Stack
from samspec.gateway.authorization import requirements
from samspec.rehearse import identities
from samspec.rehearse.identities import Identity
from samspec.sam.errors import ProjectError

REFUSED = (401, 403)
EXISTS = 409
COLLECTION, ITEM = ("post", "get"), ("get", "put", "delete")
WIDTH = len("administrator")
STRANGER = "other user"
MAKERS = ("owner", "partner", "administrator")


def rows(root: Path, stack: Stack) -> Iterator[str]:
    """A table for each API that asks for its caller, line by line; or why there is none.

    Raises a ProjectError for the first status that is an error.
    """
    for api in apis_of(root, stack):
        smoke = Smoke(api.document, Caller(stack.url, stack.region))
        if not _asks_for_credentials(smoke):
            yield "no operation asks for a token or an API key"
            continue
        with identities.of(api, stack) as callers:
            table = _table(smoke, callers)
            if not callers:
                yield "not tried: signed-in callers, because nobody here issues their tokens"
            elif not table:
                yield "not tried: signed-in callers, because there is no item that can be created"
            else:
                yield from table.rows()


def _asks_for_credentials(smoke: Smoke) -> bool:
    """Whether an operation asks for a token or a key; a signature is anybody's in the account."""
    stated = {operation.authorization for operation in smoke.operations.values()}
    return bool(stated - {"NONE", "AWS_IAM"})


def _table(smoke: Smoke, callers: list[Identity]) -> "_Table | None":
    for path in smoke.document["paths"]:
        item = smoke.item_of(path)
        if item and smoke.can_create(path):
            return _Table(smoke, callers, path, item)
    return None


def _operations(smoke: Smoke, path: str, item: str) -> Iterator[Operation]:
    """Those of the collection, then those of its items."""
    for place, methods in ((path, COLLECTION), (item, ITEM)):
        for method in methods:
            if (method, place) in smoke.operations:
                yield smoke.operations[method, place]


class _Table:
    """Every caller with the operations of one resource; the owner's item exists each time."""

    def __init__(self, smoke: Smoke, callers: list[Identity], path: str, item: str) -> None:
        self.smoke, self.callers, self.item = smoke, callers, item
        self.operations = list(_operations(smoke, path, item))
        self.create = smoke.operations["post", path]
        self.proven: Mapping[str, str] = {}
        for caller in callers:
            if caller.name == "owner":
                self.proven = caller.proves
        self.made = ""  # the URL of the owner's item
        self.owners_body = self._with_proven(smoke.body(self.create))

    def rows(self) -> Iterator[str]:
        yield f"callers of {', '.join(map(str, self.operations))}"
        shared: list[Operation] = []
        for caller in self.callers:
            statuses = [self._status(caller, operation) for operation in self.operations]
            yield f"{caller.name:<{WIDTH}}  {' '.join(map(str, statuses))}"
            if caller.name == STRANGER:
                shared += self._shared(statuses)
        for operation in shared:
            yield f"note: {operation} lets another user have the owner's item: is that meant?"

    def _shared(self, statuses: list[int]) -> Iterator[Operation]:
        """The operations on the owner's item that succeeded."""
        for operation, status in zip(self.operations, statuses, strict=True):
            if operation.path == self.item and status < 300:
                yield operation

    def _status(self, caller: Identity, operation: Operation) -> int:
        url = self._url()
        if operation.path != self.item:
            url = self.smoke.caller.url + operation.path
        response = self._send(caller, operation, url, self._body(caller, operation))
        self._judge(caller, operation, response)
        return response.status_code

    def _url(self) -> str:
        """The URL of the owner's item, which exists; made by another if the owner may not."""
        refusals = []
        for caller in self.callers:
            if caller.name in MAKERS:
                url = self.smoke.caller.url + self.create.path
                response = self._send(caller, self.create, url, self.owners_body)
                if response.status_code < 300:
                    self.made = self.smoke.where(response, self.item)
                if response.status_code < 300 or (response.status_code == EXISTS and self.made):
                    return self.made
                refusals.append(f"{caller.name}: {response.status_code} {response.text[:200]}")
        raise ProjectError(f"{self.create} lets nobody create: {'; '.join(refusals)}")

    def _send(
        self, caller: Identity, operation: Operation, url: str, body: Any
    ) -> requests.Response:
        sender = replace(self.smoke.caller, headers=caller.headers)
        return sender.call(operation.method.upper(), url, body, signed=caller.is_signed)

    def _body(self, caller: Identity, operation: Operation) -> Any:
        """New values; the owner's proven ones from the owner, and from a user who claims them."""
        if caller.name == "owner" and operation == self.create:
            return self.owners_body
        body = self.smoke.body(operation)
        return self._with_proven(body) if caller.proves else body

    def _with_proven(self, body: Any) -> Any:
        for name, value in self.proven.items():
            if isinstance(body, dict) and name in body:
                body = {**body, name: value}
        return body

    def _judge(self, caller: Identity, operation: Operation, response: requests.Response) -> None:
        status = response.status_code
        documented = operation.node.get("responses") or {}
        if self._must_refuse(caller, operation):
            if status not in REFUSED:
                raise ProjectError(f"{operation}: {status} for the caller {caller.name!r}")
        elif status >= 500 or (str(status) not in documented and "default" not in documented):
            raise ProjectError(
                f"{operation}: {status} for the caller {caller.name!r}, not one of "
                f"{', '.join(documented)} below 500: {response.text[:300]}"
            )

    def _must_refuse(self, caller: Identity, operation: Operation) -> bool:
        requirement = requirements.read(self.smoke.document, operation.node)
        if not caller.is_refused or requirement.is_open:
            return False
        named = requirement.authorizer.scopes if requirement.authorizer else ()
        return bool(requirement.scopes or named) or not caller.lacks_scopes
