"""The table of callers, at an API whose functions decide by the token's subject and scopes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from samspec.aws import issuer
from samspec.deploy.stack import Stack
from samspec.gateway.authorization.trusted import Trusted
from samspec.rehearse import callers, identities, provider
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from werkzeug.wrappers import Request, Response

from tests.samspec.deploy.notes import ISSUER, TEMPLATE, served

TABLE = """\
callers of POST /notes, GET /notes, DELETE /notes/{id}
none           401 200 401
expired        401 200 401
wrong issuer   401 200 401
wrong scope    403 200 403
other user     403 200 403
owner          201 200 204
administrator  201 200 204
IAM            401 200 401"""


class Notes:
    """The API at /live; `wrong` is what it does wrong."""

    def __init__(self) -> None:
        self.wrong = ""
        self.exists = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return self.response(Request(environ))(environ, start_response)

    def response(self, request: Request) -> Response:
        if request.method == "GET":
            return Response("[]", 200)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = issuer.verify(token, [ISSUER])
        except issuer.InvalidToken:
            return Response("", 201 if self.wrong == "open" else 401)
        scopes = claims["scope"].split()
        if "notes/write" not in scopes:
            return Response("", 201 if self.wrong == "scopes" else 403)
        is_owner = claims["sub"] == "ada" or self.wrong == "shared"
        if "notes/admin" not in scopes and not is_owner:
            return Response("", 418 if self.wrong == "undocumented" else 403)
        if self.wrong == "nobody":
            return Response("", 403)
        if request.method == "DELETE":
            self.exists = False
            return Response("", 204)
        if self.exists and self.wrong == "unique":
            return Response("", 409)
        self.exists = True
        return Response(request.data, 201, {"Location": "/live/notes/1"})


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return tmp_path


@pytest.fixture
def stack(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with served(notes) as url:
        stack = Stack("notes", "us-east-1")
        output = {"OutputKey": "Url", "OutputValue": "https://a.execute-api.b.amazonaws.com/live"}
        stack.__dict__ |= {"description": {"Outputs": [output]}, "resources": {}}
        monkeypatch.setattr(Stack, "url", f"{url}/live")
        yield stack


def test_each_caller_is_tried_with_each_operation(root: Path, stack: Stack) -> None:
    assert "\n".join(callers.rows(root, stack)) == TABLE


def test_an_item_that_another_user_may_have_is_named(
    notes: Notes, root: Path, stack: Stack
) -> None:
    notes.wrong = "shared"
    *_, note = callers.rows(root, stack)
    assert (
        note == "note: DELETE /notes/{id} lets another user have the owner's item: is that meant?"
    )


def test_an_item_that_exists_is_not_created_again(notes: Notes, root: Path, stack: Stack) -> None:
    notes.wrong = "unique"
    file = root / "template.yaml"
    file.write_text(file.read_text().replace('"201": {', '"409": { description: Is }, "201": {'))

    table = "\n".join(callers.rows(root, stack))

    assert "owner          409 200 204" in table


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("open", "POST /notes: 201 for the caller 'none'"),
        ("scopes", "POST /notes: 201 for the caller 'wrong scope'"),
        ("undocumented", "POST /notes: 418 for the caller 'other user', not one of 201, 403"),
        ("nobody", "POST /notes lets nobody create: owner: 403"),
    ],
)
def test_who_must_be_refused_and_is_not_is_an_error(
    wrong: str, message: str, notes: Notes, root: Path, stack: Stack
) -> None:
    notes.wrong = wrong
    with pytest.raises(ProjectError, match=message):
        list(callers.rows(root, stack))


def test_a_provider_that_is_not_the_local_issuer_is_named(root: Path, stack: Stack) -> None:
    file = root / "template.yaml"
    file.write_text(file.read_text().replace(ISSUER, "https://login.example"))
    [line] = callers.rows(root, stack)
    assert line == "not tried: signed-in callers, because nobody here issues their tokens"


def test_without_a_body_that_can_be_made_nothing_is_tried(root: Path, stack: Stack) -> None:
    file = root / "template.yaml"
    file.write_text(file.read_text().replace("requestBody:", "x-body:"))
    [line] = callers.rows(root, stack)
    assert line == "not tried: signed-in callers, because there is no item that can be created"


def test_an_open_api_has_no_table(root: Path, stack: Stack) -> None:
    file = root / "template.yaml"
    file.write_text(file.read_text().replace("security: [{ Token: [] }]", "security: []"))
    assert list(callers.rows(root, stack)) == ["no operation asks for a token or an API key"]


def test_a_partner_has_a_key_and_others_have_an_unknown_one() -> None:
    stranger, partner = identities._partners({"X-Api-Key": "s" * 24})

    assert (stranger.name, stranger.is_refused) == ("unknown key", True)
    assert stranger.headers["X-Api-Key"] != "s" * 24
    assert (partner.name, partner.headers) == ("partner", {"X-Api-Key": "s" * 24})


def test_the_local_issuer_takes_the_place_of_the_provider(root: Path) -> None:
    with provider.running(Project(root)) as parameters:
        url = parameters["Provider"]
        document = requests.get(f"{url}/.well-known/openid-configuration", timeout=30).json()
        keys = requests.get(document["jwks_uri"], timeout=30).json()
        assert document["issuer"] == url
        assert keys == issuer.public_keys()
        assert requests.get(f"{url}/else", timeout=30).status_code == 404


def test_without_a_parameter_for_the_provider_nothing_runs(root: Path) -> None:
    file = root / "template.yaml"
    file.write_text(file.read_text().replace("{ Ref: Provider }", ISSUER))
    with provider.running(Project(root)) as parameters:
        assert parameters == {}


def test_scopes_of_users_are_those_that_are_not_an_administrators() -> None:
    token = Trusted(ISSUER, "access", "local", "", ("notes/read", "notes/admin"))
    owner = next(who for who in identities._of_local_issuer(token) if who.name == "owner")
    claims = issuer.verify(owner.headers["Authorization"].removeprefix("Bearer "), [ISSUER])
    assert claims["scope"] == "notes/read"
    assert owner.proves == {"email": claims["email"]}
