"""PATCH /users/{id}"""

import uuid
from typing import Any

import pytest
from samspec.testing.client import Response
from samspec.testing.dynamodb import DynamoDB, after, always, error

from tests.client import Api


@pytest.fixture
def ada(api: Api) -> Response:
    return api.create("ada@example.com")


def patch(api: Api, id: str, json: Any, tag: str = "*", **headers: str) -> Response:
    return api.request("PATCH", f"/users/{id}", json=json, headers={"If-Match": tag, **headers})


@pytest.mark.criterion("patch-user/1")
@pytest.mark.parametrize("change", [{"name": "Ada King"}, {"email": "king@example.com"}])
def test_what_the_body_leaves_out_stays_as_it_is(
    api: Api, ada: Response, change: dict[str, str]
) -> None:
    response = patch(api, ada.json["id"], change, ada.etag)

    assert response.status == 200
    assert response.json == {**ada.json, **change, "updated_at": response.json["updated_at"]}


def test_a_user_that_does_not_exist_is_not_found(api: Api) -> None:
    assert patch(api, str(uuid.uuid4()), {"name": "Ada"}).status == 404


def test_an_address_of_another_user_is_a_conflict(api: Api, ada: Response) -> None:
    assert patch(api, api.create().json["id"], {"email": "ada@example.com"}).status == 409


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"age": 36}])
def test_a_change_that_breaks_the_spec_is_refused(api: Api, ada: Response, body: Any) -> None:
    assert patch(api, ada.json["id"], body).status == 400


def test_another_media_type_is_refused(api: Api, ada: Response) -> None:
    assert (
        patch(api, ada.json["id"], {"name": "Ada"}, **{"Content-Type": "text/plain"}).status == 415
    )


def test_a_user_that_has_changed_is_not_touched(
    api: Api, ada: Response, dynamodb: DynamoDB
) -> None:
    assert patch(api, ada.json["id"], {"name": "Ada King"}, '"x"').status == 412
    dynamodb.spoil("UpdateItem", after(lambda: api.update(ada.json["id"], "ada@example.com")))
    assert patch(api, ada.json["id"], {"name": "Ada King"}).status == 412


@pytest.mark.parametrize(
    ("code", "status"), [("ThrottlingException", 503), ("ValidationException", 500)]
)
def test_a_failing_database_is_an_error(
    api: Api, ada: Response, dynamodb: DynamoDB, code: str, status: int
) -> None:
    dynamodb.spoil("GetItem", always(error(code)))

    assert patch(api, ada.json["id"], {"name": "Ada"}).status == status
