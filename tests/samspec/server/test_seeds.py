from typing import Any

import pytest
from samspec.gateway import Gateway
from samspec.sam.errors import ProjectError
from samspec.server import seeds
from werkzeug.test import Client


def test_seeds_are_plausible_and_distinct(application: Gateway) -> None:
    assert "30 created by POST /users" in seeds.plant(application, 30)
    users = Client(application).get("/users?limit=100").get_json()["users"]
    assert len({user["email"] for user in users}) == 30
    assert "ada.allen@example.com" in {user["email"] for user in users}
    assert "Grace Allen" in {user["name"] for user in users}


def test_a_refused_seed_shows_the_response(library: Gateway) -> None:
    with pytest.raises(ProjectError, match="--seed: POST /books responded with 400"):
        seeds.plant(library, 1)


@pytest.mark.parametrize(
    ("resource", "paths"),
    [
        ("/users", ["/users"]),
        ("/users/{id}/orders", ["/users/a/orders", "/users/b/orders"]),
        ("/shelves/{id}/books", []),
        ("/users/{id}/orders/{order}/lines", []),
    ],
)
def test_what_belongs_to_a_resource_is_created_under_those_there_are(
    resource: str, paths: list[str]
) -> None:
    assert seeds._paths(resource, {"/users": ["a", "b"]}) == paths


def test_an_api_that_creates_nothing_is_refused(library: Gateway, monkeypatch: Any) -> None:
    monkeypatch.setattr(seeds, "_creating", lambda _: [])
    with pytest.raises(ProjectError, match="no POST operation to create resources with"):
        seeds.plant(library, 1)
