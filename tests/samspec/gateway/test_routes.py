from collections.abc import Callable
from typing import Any

import pytest
from samspec.gateway import Gateway
from samspec.gateway.routes import Route, Router
from werkzeug.test import Client

RESOURCES = ("/a", "/a/b", "/a/{id}", "/a/{id}/c", "/a/{rest+}", "/{any}", "/{any}/d")


@pytest.fixture(scope="module")
def router() -> Router:
    return Router([Route("GET", resource, {}, {}) for resource in reversed(RESOURCES)])


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/a", "/a", {}),
        ("/a/", "/a", {}),
        ("/a/b", "/a/b", {}),
        ("/a/x", "/a/{id}", {"id": "x"}),
        ("/a/x/c", "/a/{id}/c", {"id": "x"}),
        ("/a/x/y/z", "/a/{rest+}", {"rest": "x/y/z"}),
        ("/a/b/c", "/a/{id}/c", {"id": "b"}),
        ("/z", "/{any}", {"any": "z"}),
        ("/b/d", "/{any}/d", {"any": "b"}),
    ],
)
def test_static_segments_win_over_parameters_and_those_over_greedy_ones(
    router: Router, path: str, resource: str, parameters: dict[str, str]
) -> None:
    route, path_parameters = router.find("GET", path)
    assert route
    assert (route.resource, path_parameters) == (resource, parameters)


@pytest.mark.parametrize("path", ["/", "//", "/b/e", "/b//", "/z/d/e"])
def test_what_no_resource_matches_has_no_route(router: Router, path: str) -> None:
    assert router.find("GET", path)[0] is None


def test_a_named_method_wins_over_any(event: Callable[..., Any], client: Client) -> None:
    assert client.get("/books/none-such").status_code == 404
    assert event("/books/none-such", "PATCH")["httpMethod"] == "PATCH"


def test_any_takes_head_and_responds_without_a_body(client: Client) -> None:
    response = client.head("/books/1")
    assert (response.status_code, response.data) == (200, b"")


def test_head_on_a_get_route_is_an_unknown_route(client: Client) -> None:
    assert client.head("/books").status_code == 403


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("PATCH", "/books"), ("GET", "/books/1/2")]
)
def test_unknown_paths_and_methods_are_a_403_with_missing_authentication_token(
    client: Client, method: str, path: str
) -> None:
    response = client.open(path, method=method)
    assert response.status_code == 403
    assert response.json == {"message": "Missing Authentication Token"}
    assert response.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_the_stage_may_stand_before_the_path(event: Callable[..., Any]) -> None:
    with_stage, without = event("/v1/books"), event("/books")
    assert with_stage["path"] == without["path"] == "/books"
    assert with_stage["requestContext"]["path"] == "/v1/books"
    assert without["requestContext"]["path"] == "/books"


def test_a_trailing_slash_is_ignored_for_routing_and_kept_in_the_path(
    event: Callable[..., Any],
) -> None:
    received = event("/books/")
    assert (received["resource"], received["path"]) == ("/books", "/books/")


def test_routes_say_which_function_and_alias_they_call(
    application: Gateway, library: Gateway
) -> None:
    assert {(r.function, r.qualifier) for r in application.routes if r.type == "aws_proxy"} >= {
        ("CreateUserFunction", "live")
    }
    assert {(r.function, r.qualifier) for r in library.routes if r.type == "aws_proxy"} == {
        ("BooksFunction", None),
        ("CoversFunction", None),
    }
