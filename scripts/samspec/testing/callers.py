"""Eight callers of an API that asks who calls. Tests of its rules send requests as each of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from samspec.gateway import Gateway
from samspec.gateway.authorization.trusted import CALLERS, FOREIGN, issued, trusted
from samspec.sam.account import KEY_ID, SECRET
from samspec.testing.client import Response, Send, in_process
from samspec.testing.collection import Collection
from tests.client import Api

OWNER, OTHER = "ada", "grace"  # subjects of tokens
NOTHING: Mapping[str, Any] = {}
Bodies = Mapping[str, Mapping[str, Any]]


class Callers:
    """Sends requests as each caller. What `bodies` has exists already and is the owner's.

    `bodies` are keyed by the paths of items in the spec, such as /users/{id}, parents first.
    `proven` are the properties of bodies that must be verified claims of the caller's token.
    """

    def __init__(
        self,
        application: Gateway,
        spec: Mapping[str, Any],
        administrators: frozenset[str],
        bodies: Bodies,
        proven: tuple[str, ...] = (),
    ) -> None:
        self._application, self._spec = application, spec
        self._administrators, self._bodies, self._proven = administrators, bodies, proven
        self._items: dict[str, str] = {}
        for item, body in bodies.items():
            created = self.send("owner", "POST", collection_of(item), {"json": body})
            assert created.status == 201, created.body
            path = self._place(collection_of(item))
            self._items[item] = f"{path}/{created.json['id']}"

    def send(
        self, caller: str, method: str, path: str, given: Mapping[str, Any] = NOTHING
    ) -> Response:
        """The response to a request of a path of the spec, about what belongs to the owner.

        `given` are arguments of the client, such as json. Without a body, a resource is created or
        replaced with one that fits the caller.
        """
        arguments = dict(given)
        item = self._item(path)
        if item and method in ("POST", "PUT") and not {"json", "data"} & arguments.keys():
            arguments["json"] = self._body(caller, item)
        send = self._sender(caller, self._claims(caller, path))
        return Api(send, self._spec).request(method, self._place(path), **arguments)

    def fresh(self, path: str) -> dict[str, Any]:
        """A valid body for the collection at the path that was not sent before."""
        return Collection(Api(_nowhere, self._spec), path, path).body()

    def _item(self, path: str) -> str | None:
        return next((item for item in self._bodies if path in (item, collection_of(item))), None)

    def _body(self, caller: str, item: str) -> Mapping[str, Any]:
        """The owner repeats the body of what they own, and so does another user if a token must
        prove it; everyone else sends a new one.
        """
        owned = self._bodies[item]
        is_top = item.count("{") == 1
        is_proven = any(name in owned for name in self._proven)
        is_owners = caller == "owner" and (is_top or is_proven)
        is_tried = caller == "other user" and is_top and is_proven
        return owned if is_owners or is_tried else self.fresh(collection_of(item))

    def _place(self, path: str) -> str:
        """The path with the ids of the owner's resources."""
        place = path
        for item, filled in self._items.items():
            if path == item or path.startswith(f"{item}/"):
                place = filled + path.removeprefix(item)
        return place

    def _claims(self, caller: str, path: str) -> dict[str, str]:
        """What the token proves of the body of the resource at the path."""
        claims = {}
        for item, body in self._bodies.items():
            if not f"{path}/".startswith(f"{collection_of(item)}/"):
                continue
            for name in self._proven:
                if name in body:
                    is_other = caller == "other user"
                    claims[name] = f"{OTHER}@example.com" if is_other else str(body[name])
                    claims[f"{name}_verified"] = "true"
        return claims

    def _sender(self, caller: str, claims: Mapping[str, str]) -> Send:
        send = in_process(self._application)

        def as_caller(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response:
            credentials = self._credentials(caller, claims)
            if caller == "IAM":
                credentials = _signature(method, path, body)
            return send(method, path, {**headers, **credentials}, body)

        return as_caller

    def _credentials(self, caller: str, claims: Mapping[str, str]) -> dict[str, str]:
        if caller in ("none", "IAM"):
            return {}
        token = trusted(self._application.project.source.apis)[0]
        scopes = [scope for scope in token.scopes if scope not in self._administrators]
        if caller == "wrong issuer":
            token = replace(token, issuer=FOREIGN)
        if caller == "wrong scope":
            scopes = ["openid"]
        if caller == "administrator":
            scopes = list(token.scopes)
        subject = OTHER if caller == "other user" else OWNER
        lifetime = -60 if caller == "expired" else 3600
        return {"Authorization": f"Bearer {issued(token, subject, scopes, lifetime, **claims)}"}


def collection_of(item: str) -> str:
    """The path of the collection that an item is in: /users for /users/{id}."""
    return item.rpartition("/")[0]


def cases(table: Mapping[str, Sequence[int | None]]) -> list[tuple[str, str, int]]:
    """Operation, caller and status of each entry; a row has the statuses in the order of CALLERS,
    None where the table does not say.
    """
    rows = []
    for operation, statuses in table.items():
        for caller, status in zip(CALLERS, statuses, strict=True):
            if status:
                rows.append((operation, caller, status))
    return rows


def guarded(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Method and path of each operation that asks who calls; a path's parameters have a value."""
    operations = []
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, Mapping) and operation.get("security"):
                operations.append((method.upper(), re.sub(r"\{[^}]+\}", "x", path)))
    return operations


def _signature(method: str, path: str, data: bytes) -> dict[str, str]:
    """The headers of a request that is signed with AWS credentials."""
    headers = {"Host": "localhost", "Content-Type": "application/json"}
    request = AWSRequest(method, f"http://localhost{path}", headers, data)
    SigV4Auth(Credentials(KEY_ID, SECRET), "execute-api", "us-east-1").add_auth(request)
    return dict(request.headers)


def _nowhere(*request: Any) -> Response:
    raise AssertionError("a body is made without a request")
