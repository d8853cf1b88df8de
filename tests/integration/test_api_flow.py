"""The API from end to end, as its callers use it: in process, or wherever --base-url says."""

import pytest

from tests.client import Api, address
from tests.conftest import SPEC

NO_MOCK = "it runs proxy integrations only, no MOCK"
NO_GATEWAY_RESPONSES = "it knows no gateway responses"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
ALLOWED = {}
for path, item in SPEC["paths"].items():
    ALLOWED[path.replace("{id}", "any")] = {key.upper() for key in item if key in METHODS}
PATHS = list(ALLOWED.items())


def test_a_user_lives_from_post_to_delete(api: Api) -> None:
    email, moved = address(), address()

    created = api.create(email, "Ada")
    id = created.json["id"]
    assert created.status == 201
    # under the stage or base path, if the API has one there; the smoke test follows it
    assert created.headers["Location"].endswith(f"/users/{id}")

    fetched = api.get(id)
    assert fetched.json == created.json
    assert api.get(id, If_None_Match=fetched.etag).status == 304
    assert api.list(email=email.upper()).json["users"] == [fetched.json]

    updated = api.update(id, moved, "Ada Lovelace", If_Match=fetched.etag)
    assert (updated.status, updated.json["email"], updated.json["name"]) == (
        200,
        moved,
        "Ada Lovelace",
    )
    assert api.update(id, email, If_Match=fetched.etag).status == 412
    assert api.delete(id, If_Match=fetched.etag).status == 412

    assert api.delete(id, If_Match=updated.etag).status == 204
    assert api.get(id).status == 404
    assert api.create(moved).status == 201


def test_an_address_belongs_to_one_user(api: Api) -> None:
    email = address()
    api.create(email)

    assert api.create(email.upper()).problem() == (409, "Email already in use")
    assert api.update(api.create().json["id"], email).problem() == (409, "Email already in use")


def test_a_create_is_repeated_by_its_key(api: Api) -> None:
    email, key = address(), address()
    first = api.create(email, key=key)

    again = api.create(email, key=key)
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert api.create(address(), key=key).status == 422


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_walk_shows_each_user_once(api: Api, limit: int) -> None:
    created = [api.create().json["id"] for _ in range(5)]

    seen = [user["id"] for user in api.walk(limit=limit)]

    assert all(seen.count(id) == 1 for id in created)


@pytest.mark.criterion("list-users/3")
def test_users_that_come_and_go_do_not_disturb_a_walk(api: Api) -> None:
    stay = {api.create().json["id"] for _ in range(6)}
    page = api.list(limit=3).json
    seen = [user["id"] for user in page["users"]]
    while "next_cursor" in page:
        api.delete(api.create().json["id"])
        page = api.list(limit=3, cursor=page["next_cursor"]).json
        seen += [user["id"] for user in page["users"]]

    assert all(seen.count(id) == 1 for id in stay)


@pytest.mark.criterion("create-user/10", "update-user/10")
@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "application/jsonx", "application"]
)
def test_a_body_of_another_media_type_is_refused(api: Api, method: str, content_type: str) -> None:
    path = "/users" if method == "POST" else f"/users/{api.create().json['id']}"

    response = api.request(method, path, data=b"{}", headers={"Content-Type": content_type})

    assert response.problem() == (415, "Content-Type must be application/json")


@pytest.mark.not_in_sam_local(NO_MOCK)
@pytest.mark.parametrize(("path", "methods"), PATHS)
def test_a_browser_may_ask_what_it_may_send(api: Api, path: str, methods: set[str]) -> None:
    response = api.request("OPTIONS", path, headers={"Origin": "https://example.com"})

    assert response.status == 204
    assert set(response.headers["Access-Control-Allow-Methods"].split(", ")) == methods
    assert "If-Match" in response.headers["Access-Control-Allow-Headers"]
    assert response.headers["Access-Control-Max-Age"] == "600"


@pytest.mark.not_in_sam_local(NO_MOCK)
@pytest.mark.parametrize(("path", "methods"), PATHS)
def test_a_question_of_another_media_type_is_refused(
    api: Api, path: str, methods: set[str]
) -> None:
    response = api.request("OPTIONS", path, headers={"Content-Type": "text/plain"})

    assert response.problem() == (415, "Content-Type must be application/json")


def test_every_response_may_be_read_by_a_browser(api: Api) -> None:
    for response in (api.list(), api.create(), api.get("1"), api.create("x")):
        assert response.headers["Access-Control-Allow-Origin"]
        assert "ETag" in response.headers["Access-Control-Expose-Headers"]


@pytest.mark.not_in_sam_local(NO_MOCK)
@pytest.mark.parametrize(
    ("method", "path"),
    [(m.upper(), p) for p in ALLOWED for m in sorted(METHODS) if m.upper() not in ALLOWED[p]],
)
def test_another_method_is_not_allowed(api: Api, method: str, path: str) -> None:
    response = api.request(method, path)

    assert response.status == 405
    assert set(response.headers["Allow"].split(", ")) == ALLOWED[path]
    assert response.headers["Access-Control-Allow-Origin"]


@pytest.mark.parametrize(
    ("method", "path"), [(m, p) for p in ALLOWED for m in sorted(ALLOWED[p] - {"OPTIONS"})]
)
def test_every_method_of_the_spec_is_allowed(api: Api, method: str, path: str) -> None:
    assert api.request(method, path).status not in (403, 405)


@pytest.mark.not_in_sam_local(NO_GATEWAY_RESPONSES)
@pytest.mark.parametrize("path", ["/", "/user", "/users/1/2"])
def test_an_unknown_path_is_not_found(api: Api, path: str) -> None:
    response = api.request("GET", path)

    assert response.problem() == (404, "No such path")
    assert response.headers["Access-Control-Allow-Origin"]
