"""GET /users/{id}"""

import uuid

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError
from samspec.testing.client import Response
from samspec.testing.dynamodb import DynamoDB, always, error, raising

from tests.client import Api


@pytest.fixture
def ada(api: Api) -> Response:
    return api.create("ada@example.com")


@pytest.mark.criterion("get-user/1")
def test_a_user_is_given_with_its_tag(api: Api, ada: Response) -> None:
    response = api.get(ada.json["id"])

    assert response.status == 200
    assert response.json == ada.json
    assert response.etag == ada.etag


@pytest.mark.criterion("get-user/2")
def test_a_user_that_does_not_exist_is_not_found(api: Api) -> None:
    assert api.get(str(uuid.uuid4())).problem() == (404, "User not found")


@pytest.mark.criterion("get-user/5")
@pytest.mark.parametrize(
    "id", ["1", "email%23ada@example.com", "%00", "..%2Fusers", "x" * 5000, "null", "*"]
)
def test_an_id_is_a_uuid(api: Api, id: str) -> None:
    assert api.get(id).faults() == {("path", "id")}


def test_a_uuid_has_lower_case_letters(api: Api) -> None:
    assert api.get("5F0C4E8A-6F1D-4A51-9C53-0D2F6B1A7E3C").faults() == {("path", "id")}


@pytest.mark.criterion("get-user/3")
@pytest.mark.parametrize("condition", ["{0}", "W/{0}", '"x", {0}', ', {0} ,\t"y"', "*"])
def test_a_user_as_the_caller_knows_it_is_not_sent_again(
    api: Api, ada: Response, condition: str
) -> None:
    response = api.get(ada.json["id"], If_None_Match=condition.format(ada.etag))

    assert (response.status, response.body, response.etag) == (304, b"", ada.etag)


@pytest.mark.criterion("get-user/4")
@pytest.mark.parametrize("condition", ['"x"', 'W/"x", "y"', '""'])
def test_a_user_that_has_changed_is_sent(api: Api, ada: Response, condition: str) -> None:
    assert api.get(ada.json["id"], If_None_Match=condition).json == ada.json


@pytest.mark.criterion("get-user/5")
@pytest.mark.parametrize(
    "condition", ["x", '"x', '"x" "y"', 'w/"x"', '*, "x"', "", ",", 'W/ "x"', '"é"']
)
def test_a_malformed_condition_is_refused(api: Api, ada: Response, condition: str) -> None:
    assert api.get(ada.json["id"], If_None_Match=condition).faults() == {
        ("header", "If-None-Match")
    }


@pytest.mark.criterion("get-user/6")
@pytest.mark.parametrize(
    "failure",
    [
        error("ThrottlingException"),
        error("InternalServerError", 500),
        error("SomethingNew", 503),
        raising(ConnectTimeoutError(endpoint_url="https://dynamodb")),
        raising(EndpointConnectionError(endpoint_url="https://dynamodb")),
    ],
)
def test_a_database_that_does_not_respond_is_unavailable(
    api: Api, dynamodb: DynamoDB, failure: object
) -> None:
    dynamodb.spoil("GetItem", always(failure))  # type: ignore[arg-type]

    response = api.get(str(uuid.uuid4()))

    assert response.problem() == (503, "Database temporarily unavailable")
    assert response.headers["Retry-After"] == "1"


def test_a_database_that_refuses_the_function_is_an_internal_error(
    api: Api, dynamodb: DynamoDB
) -> None:
    dynamodb.spoil("GetItem", error("AccessDeniedException"))

    assert api.get(str(uuid.uuid4())).problem() == (500, "Internal server error")
