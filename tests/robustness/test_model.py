"""Any sequence of operations, by clients that interrupt each other, against a dictionary that does
the same.
"""

import uuid
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from samspec.testing.client import Response
from samspec.testing.dynamodb import DynamoDB, after

from tests.client import Api
from tests.robustness.conftest import TIMES

pytestmark = pytest.mark.in_process

clients = st.integers(0, 1)
emails = st.sampled_from(
    ["ada@example.com", "ADA@example.com", "eve@example.com", "bob@example.com", "dan@example.com"]
)
names = st.sampled_from(["Ada", "Eve"])
keys = st.none() | st.sampled_from(["order-1", "order-2"])
places = st.integers(0, 3)  # which of the ids that there ever were: first those that users have
conditions = st.sampled_from([None, None, None, "known", "*", '"x"'])
sent = st.fixed_dictionaries({"email": emails, "name": names, "key": keys, "condition": conditions})
interruptible = st.sampled_from(
    [
        *(("create", "TransactWriteItems"), ("get", "GetItem"), ("update", "UpdateItem")),
        *(
            ("update", "TransactWriteItems"),
            ("delete", "GetItem"),
            ("delete", "TransactWriteItems"),
        ),
    ]
)


@dataclass(frozen=True)
class Known:
    id: str
    email: str
    name: str
    etag: str
    request: tuple[str, str] | None  # what its idempotency key stands for


class Clients(RuleBasedStateMachine):
    def __init__(self, api: Api, dynamodb: DynamoDB) -> None:
        super().__init__()
        dynamodb.clear()
        self.api, self.dynamodb = api, dynamodb
        self.users: dict[str, Known] = {}
        self.ids = [str(uuid.uuid4())]
        self.keys: dict[str, str] = {}
        self.tags: dict[tuple[int, str], str] = {}  # what a client saw of a user the last time

    @rule(client=clients, email=emails, name=names, key=keys)
    def create(self, client: int, email: str, name: str, key: str | None) -> None:
        response = self.api.create(email, name, key)

        earlier = self.users.get(self.keys.get(key or "", ""))
        if earlier and earlier.request != (email.lower(), name):
            assert response.status == 422
        elif earlier:
            self._shows(client, response, earlier, 201)
            assert response.headers["Idempotency-Replayed"] == "true"
        elif self._owner(email):
            assert response.status == 409
        else:
            request = (email.lower(), name) if key else None
            user = Known(response.json["id"], email.lower(), name, response.etag, request)
            self._shows(client, response, user, 201)
            assert "Idempotency-Replayed" not in response.headers
            self.users[user.id] = user
            self.ids.append(user.id)
            self.keys |= {key: user.id} if key else {}

    @rule(client=clients, place=places)
    def get(self, client: int, place: int) -> None:
        id = self._id(place)
        tag = self.tags.get((client, id), '"x"')
        response = self.api.get(id, If_None_Match=tag)

        user = self.users.get(id)
        if user and user.etag == tag:
            assert (response.status, response.etag) == (304, user.etag)
        elif user:
            self._shows(client, response, user, 200)
        else:
            assert response.status == 404

    @rule(client=clients, place=places, email=emails, name=names, condition=conditions)
    def update(self, client: int, place: int, email: str, name: str, condition: str | None) -> None:
        id = self._id(place)
        match = self._condition(client, id, condition)
        response = self.api.update(id, email, name, **match)

        user = self.users.get(id)
        if not user:
            assert response.status == 404
        elif match.get("If_Match", "*") not in ("*", user.etag):
            assert response.status == 412
        elif self._owner(email) not in (None, id):
            assert response.status == 409
        else:
            assert response.etag not in {other.etag for other in self.users.values()}
            self.users[id] = replace(user, email=email.lower(), name=name, etag=response.etag)
            self._shows(client, response, self.users[id], 200)

    @rule(client=clients, place=places, condition=conditions)
    def delete(self, client: int, place: int, condition: str | None) -> None:
        id = self._id(place)
        match = self._condition(client, id, condition)
        response = self.api.delete(id, **match)

        user = self.users.get(id)
        if not user:
            assert response.status == 404
        elif match.get("If_Match", "*") not in ("*", user.etag):
            assert response.status == 412
        else:
            assert response.status == 204
            del self.users[id]

    @rule(limit=st.integers(1, 3))
    def list(self, limit: int) -> None:
        assert sorted(user["id"] for user in self.api.walk(limit=limit)) == sorted(self.users)

    @rule(email=emails)
    def find(self, email: str) -> None:
        owner = self._owner(email)

        assert [user["id"] for user in self.api.list(email=email).json["users"]] == (
            [owner] if owner else []
        )

    @rule(
        first=interruptible,
        second=st.sampled_from(["update", "update", "delete", "create"]),
        place=places,
        arguments=sent,
        others=sent,
    )
    def interrupt(
        self, first: tuple[str, str], second: str, place: int, arguments: Any, others: Any
    ) -> None:
        """While one client's operation runs, in front of one of its calls, another's on the same
        user runs from start to end: what the first one does is then what it would do after the
        second.
        """
        operation, call = first
        self.dynamodb.spoil(call, after(lambda: self._run(second, 1, {**others, "place": place})))
        self._run(operation, 0, {**arguments, "place": place})
        self.dynamodb.heal()

    @invariant()
    def every_user_has_its_marker_and_every_marker_its_user(self) -> None:
        items = self.dynamodb.items()
        markers = {key: items.pop(key)["owner"] for key in list(items) if key.startswith("email#")}

        stored = {id: (item["email"], item["name"]) for id, item in items.items()}
        expected = {user.id: (user.email, user.name) for user in self.users.values()}
        assert stored == expected
        assert markers == {f"email#{user.email}": user.id for user in self.users.values()}

    def _run(self, operation: str, client: int, arguments: dict[str, Any]) -> None:
        wanted = {
            "create": ("email", "name", "key"),
            "get": ("place",),
            "update": ("place", "email", "name", "condition"),
            "delete": ("place", "condition"),
        }[operation]
        getattr(self, operation)(client, *(arguments[name] for name in wanted))

    def _shows(self, client: int, response: Response, user: Known, status: int) -> None:
        assert response.status == status
        assert (response.json["id"], response.json["email"], response.json["name"]) == (
            user.id,
            user.email,
            user.name,
        )
        assert response.etag == user.etag
        self.tags[client, user.id] = user.etag

    def _id(self, place: int) -> str:
        ids = [*self.users, *(id for id in self.ids if id not in self.users)]
        return ids[place % len(ids)]

    def _owner(self, email: str) -> str | None:
        return next((user.id for user in self.users.values() if user.email == email.lower()), None)

    def _condition(self, client: int, id: str, condition: str | None) -> dict[str, str]:
        match = self.tags.get((client, id)) if condition == "known" else condition
        return {"If_Match": match} if match else {}


@pytest.mark.parametrize("sequences", [5, pytest.param(40 * TIMES, marks=pytest.mark.slow)])
def test_any_sequence_of_operations_returns_and_leaves_what_a_dictionary_would(
    api: Api, dynamodb: DynamoDB, sequences: int
) -> None:
    run_state_machine_as_test(
        lambda: Clients(api, dynamodb),  # type: ignore[arg-type]  # it calls it, and that is all
        settings=settings(
            max_examples=sequences,
            stateful_step_count=25,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
