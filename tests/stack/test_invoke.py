"""`sam local invoke` runs each function with its file of events/."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from samspec.sam.account import KEY_ID, SECRET
from samspec.sam_local import api
from users.repository import Users
from users.user import User

from tests.stack.conftest import ROOT, Start

STATUSES = {
    "create_user": 201,
    "get_user": 200,
    "list_users": 200,
    "update_user": 200,
    "delete_user": 204,
}


@pytest.fixture
def database(start_database: Start, monkeypatch: pytest.MonkeyPatch) -> str:
    """A DynamoDB where the user of the events is stored."""
    endpoint = start_database()
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
    for name, value in (
        ("ACCESS_KEY_ID", KEY_ID),
        ("SECRET_ACCESS_KEY", SECRET),
        ("DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("USERS_TABLE", "UsersTable")
    id = json.loads((ROOT / "events/get_user.json").read_text())["pathParameters"]["id"]
    Users().add(replace(User.create({"email": "stored@example.com", "name": "Stored"}), id=id))
    return endpoint


def test_there_is_an_event_for_every_function() -> None:
    assert {path.stem for path in (ROOT / "events").iterdir()} == set(STATUSES)


@pytest.mark.parametrize("operation", STATUSES)
def test_a_function_returns_a_response_to_its_event(
    operation: str, quiet: Path, database: str
) -> None:
    function = operation.title().replace("_", "") + "Function"
    event = str(ROOT / "events" / f"{operation}.json")
    command = [
        "sam",
        "local",
        "invoke",
        function,
        "--event",
        event,
        "--template",
        str(api.wired(quiet, database)),
    ]
    command += api.CONTAINERS
    done = subprocess.run(
        command, env=api.environment(database), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["statusCode"] == STATUSES[operation]
