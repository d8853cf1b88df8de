from typing import Any

import pytest
from samspec.gateway import Gateway
from samspec.sam.errors import ProjectError
from samspec.server import seeds
from werkzeug.test import Client


def test_seeds_are_plausible_and_distinct(application: Gateway) -> None:
    assert seeds.plant(application, 30) == "30 created by POST /users"
    users = Client(application).get("/users?limit=100").get_json()["users"]
    assert len({user["email"] for user in users}) == 30
    assert "ada.allen@example.com" in {user["email"] for user in users}
    assert "Grace Dijkstra" in {user["name"] for user in users}


def test_there_are_names_without_end() -> None:
    people = seeds.people()
    assert len({next(people) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "format": "email"}, "ada.allen@example.com"),
        ({"type": "string", "enum": ["red", "blue"]}, "red"),
        ({"type": "string", "example": "a shelf"}, "a shelf"),
        ({"type": "integer", "minimum": 5}, 12),
        ({"type": "boolean"}, True),
        ({"type": "array", "items": {}}, []),
        ({"properties": {"name": {"$ref": "#/name"}}}, {"name": "Ada Allen"}),
    ],
)
def test_values_fit_their_schema(schema: dict[str, Any], value: Any) -> None:
    assert seeds.value({"name": {"type": "string"}}, schema, "", "Ada Allen", 7) == value


def test_a_refused_seed_says_what_was_answered(library: Gateway) -> None:
    with pytest.raises(ProjectError, match="--seed: POST /books answered 400"):
        seeds.plant(library, 1)
