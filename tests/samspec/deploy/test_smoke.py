"""The smoke test, against an API of books that can have one thing wrong."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samspec.deploy import caller, smoke
from samspec.deploy.stack import Stack
from samspec.sam.errors import ProjectError
from werkzeug.wrappers import Request, Response

from tests.samspec.deploy.notes import served

TEMPLATE = """
Resources:
  Books:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      DefinitionBody:
        openapi: 3.0.3
        info: { title: Books, version: "1" }
        paths:
          /books:
            post:
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      required: [isbn]
                      properties:
                        isbn: { type: string, pattern: "^[0-9]{13}$" }
                        pages: { type: integer, minimum: 1 }
              responses:
                "201":
                  description: Created
                  headers: { Location: { required: true, schema: { type: string } } }
                "400": { description: Invalid }
                "409": { description: There already }
              x-amazon-apigateway-integration: { type: aws_proxy, uri: "" }
            get:
              responses: { "200": { description: All } }
              x-amazon-apigateway-integration: { type: aws_proxy, uri: "" }
          /books/{isbn}:
            get:
              responses: { "200": { description: It }, "404": { description: None } }
              x-amazon-apigateway-integration: { type: aws_proxy, uri: "" }
            delete:
              responses: { "204": { description: Gone }, "404": { description: None } }
              x-amazon-apigateway-integration: { type: aws_proxy, uri: "" }
          /reports/{year}:
            get:
              responses: { "200": { description: Of that year } }
              x-amazon-apigateway-integration: { type: aws_proxy, uri: "" }
"""


class Books:
    """The API at /live; `wrong` is what it does wrong, `token` what its callers must send."""

    def __init__(self) -> None:
        self.wrong = ""
        self.token = ""
        self.refusals = 0  # responses of 403 before the API is ready
        self.books: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        return self.response(request)(environ, start_response)

    def response(self, request: Request) -> Response:
        if self.refusals:
            self.refusals -= 1
            return Response('{"message": "Forbidden"}', 403)
        if self.token and request.headers.get("Authorization") != self.token:
            return Response("", 401 if self.wrong != "open" else 200)
        if not request.path.startswith("/live/books"):
            return Response("no such path", 404)
        isbn = request.path.removeprefix("/live/books").strip("/")
        return self.collection(request) if not isbn else self.book(request, isbn)

    def collection(self, request: Request) -> Response:
        if request.method == "GET":
            return Response(json.dumps(list(self.books)), 500 if self.wrong == "500" else 200)
        isbn = json.loads(request.data).get("isbn")
        if not isbn:
            return Response("", 201 if self.wrong == "unchecked" else 400)
        if isbn in self.books:
            return Response("", 418 if self.wrong == "unlisted" else 409)
        self.books[isbn] = json.loads(request.data)
        stage = "" if self.wrong == "location" else "/live"
        headers = {} if self.wrong == "header" else {"Location": f"{stage}/books/{isbn}"}
        return Response(request.data, 201, headers)

    def book(self, request: Request, isbn: str) -> Response:
        if isbn not in self.books:
            return Response("", 404)
        if request.method == "DELETE" and self.wrong != "kept":
            del self.books[isbn]
        return Response("", 204 if request.method == "DELETE" else 200)


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def stack(books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    stack = Stack("books", "eu-west-1")
    output = {
        "OutputKey": "Url",
        "OutputValue": "https://a.execute-api.eu-west-1.amazonaws.com/live/",
    }
    stack.__dict__["description"] = {"StackStatus": "CREATE_COMPLETE", "Outputs": [output]}
    stack.__dict__["resources"] = {}
    monkeypatch.setattr(caller, "PAUSE", 0.01)
    with served(books) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield stack


def test_a_resource_lives_from_post_to_delete(books: Books, stack: Stack, tmp_path: Path) -> None:
    assert smoke.test(tmp_path, stack, {}) == [
        "tried POST /books, GET /books/{isbn}, DELETE /books/{isbn}, GET /books",
        "not tried: GET /reports/{year}",
    ]
    assert books.books == {}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("location", "GET .*/books/.* should have success, not 404"),
        ("header", "should have the header Location"),
        ("unlisted", "should have one of 201, 400, 409 below 500, not 418"),
        ("unchecked", "should have the header Location|should have an error, not 201"),
        ("500", "GET .*/books.* 500"),
        ("kept", "should have 404, not 200"),
    ],
)
def test_what_is_wrong_is_found(
    wrong: str,
    words: str,
    books: Books,
    stack: Stack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caller, "NEW_API", 0.05)
    books.wrong = wrong
    with pytest.raises(ProjectError, match=words):
        smoke.test(tmp_path, stack, {})
    assert books.books == {} or wrong in ("header", "kept")


def test_a_new_api_has_time_to_come(books: Books, stack: Stack, tmp_path: Path) -> None:
    books.refusals = 3
    assert smoke.test(tmp_path, stack, {})


def test_one_that_never_comes_is_an_error(
    books: Books, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "NEW_API", 0.05)
    books.refusals = 10_000
    with pytest.raises(ProjectError, match=r"does not work 0\.05 s after the deploy: 403"):
        smoke.test(tmp_path, stack, {})


GUARDED = TEMPLATE.replace(
    'integration: { type: aws_proxy, uri: "" }',
    'integration: { type: aws_proxy, uri: "" }\n              security: [{ token: [] }]',
)


def test_callers_with_a_token_are_tried_with_it(books: Books, stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(GUARDED)
    books.token = "Bearer t"
    assert "5 operations refuse an anonymous caller" in smoke.test(
        tmp_path, stack, {"Authorization": "Bearer t"}
    )


def test_without_a_token_only_the_refusal_is_tried(
    books: Books, stack: Stack, tmp_path: Path
) -> None:
    (tmp_path / "template.yaml").write_text(GUARDED)
    books.token = "Bearer t"
    _, refused, untried = smoke.test(tmp_path, stack, {})
    assert refused == "5 operations refuse an anonymous caller"
    assert "POST /books" in untried


def test_an_operation_that_lets_anybody_in_is_found(
    books: Books, stack: Stack, tmp_path: Path
) -> None:
    (tmp_path / "template.yaml").write_text(GUARDED)
    books.token, books.wrong = "Bearer t", "open"
    with pytest.raises(ProjectError, match="should have 401 or 403 without credentials, not 200"):
        smoke.test(tmp_path, stack, {})


def test_what_nothing_deletes_is_not_created(books: Books, stack: Stack, tmp_path: Path) -> None:
    text = TEMPLATE.replace("            delete:", "            patch:")
    (tmp_path / "template.yaml").write_text(text)
    assert smoke.test(tmp_path, stack, {})[0] == "tried GET /books"
