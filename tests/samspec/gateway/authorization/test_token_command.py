"""`samspec token`: what it prints is what the gateway accepts."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samspec.aws import issuer
from samspec.cli import main
from samspec.sam.account import KEY_ID
from samspec.server.console import Console
from samspec.server.recorder import Recorder
from werkzeug.test import Client

from tests.samspec.gateway.authorization.conftest import POOL, POOL_ISSUER, Project
from tests.samspec.gateway.authorization.test_keys import resources

Run = Callable[..., str]


@pytest.fixture
def template(project: Project) -> Path:
    authorizer = {"type": "cognito_user_pools", "providerARNs": [POOL]}
    project.scheme("Pool", **{"x-amazon-apigateway-authorizer": authorizer})
    project.operation("/books", security=[{"Pool": ["books/read", "books/admin"]}])
    return project.write()


@pytest.fixture
def token(template: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; gives the one line of standard output."""

    def run(*arguments: str) -> str:
        assert main(["token", "--template", str(template), *arguments]) == 0
        return capsys.readouterr().out.strip()

    return run


def status(client: Client, value: str) -> int:
    return client.get("/books", headers={"Authorization": f"Bearer {value}"}).status_code


def test_the_gateway_accepts_the_token(project: Project, token: Run) -> None:
    client = project.client()
    assert status(client, token("--sub", "ada", "--scope", "books/read")) == 200
    assert status(client, token("--sub", "ada", "--scope", "books/write")) == 401
    assert status(client, token("--scope", "books/read", "--expired")) == 401
    assert status(client, token("--scope", "books/read", "--issuer", "https://x.example")) == 401
    assert status(client, token("--scope", "books/read", "--use", "id")) == 401


def test_the_token_says_what_it_was_asked_to(token: Run) -> None:
    value = token(
        *("--sub", "ada", "--scope", "books/read", "books/admin", "--group", "staff"),
        *("--claim", "tenant=acme", "level=3"),
    )
    claims = issuer.verify(value, [POOL_ISSUER])
    assert claims["sub"] == claims["username"] == "ada"
    assert claims["scope"] == "books/read books/admin"
    assert claims["cognito:groups"] == ["staff"]
    assert (claims["tenant"], claims["level"]) == ("acme", 3)


def test_a_scope_that_no_operation_asks_for_is_named(
    template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["token", "--template", str(template), "--scope", "books/raed"])
    assert "no operation asks for books/raed" in capsys.readouterr().err


def test_without_scopes_the_apis_are_listed(
    template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["token", "--template", str(template)])
    assert "this API's are books/read, books/admin" in capsys.readouterr().err


def test_the_template_names_the_client(project: Project, token: Run) -> None:
    pool = {"Type": "AWS::Cognito::UserPool", "Properties": {}}
    client = {
        "Type": "AWS::Cognito::UserPoolClient",
        "Properties": {"UserPoolId": {"Ref": "Users"}},
    }
    project.resources |= {"Users": pool, "Web": client}
    arn = {"Fn::GetAtt": ["Users", "Arn"]}
    authorizer = {"type": "cognito_user_pools", "providerARNs": [arn]}
    project.scheme("Pool", **{"x-amazon-apigateway-authorizer": authorizer})
    gateway = project.gateway()
    [trusted] = gateway.project.access.issuers
    claims = issuer.verify(token("--scope", "books/read"), [trusted])
    assert claims["client_id"] == gateway.project.template.resource("Web").ref


def test_the_key_is_kept_for_other_terminals(template: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "samspec", "token", "--template", str(template), "--sub", "x"]
    environment = {"XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONPATH": ":".join(sys.path)}
    keys = []
    for _ in range(2):
        subprocess.run(command, env=environment, check=True, capture_output=True)
        keys.append((tmp_path / "state/samspec/issuer-key.json").read_bytes())
    assert keys[0] == keys[1]
    assert (tmp_path / "state/samspec/issuer-key.json").stat().st_mode & 0o777 == 0o600


def test_a_key_that_cannot_be_read_is_named(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "samspec").mkdir()
    (tmp_path / "samspec/issuer-key.json").write_text("{")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(["token", "--template", str(template)]) == 2
    assert "delete the file, a new key is then made" in capsys.readouterr().err


def test_the_issuer_is_discovered_at_the_gateway(project: Project, template: Path) -> None:
    console = Client(Console(project.gateway(), Recorder()))
    configuration = console.get("/_/issuer/.well-known/openid-configuration").json
    assert configuration
    assert configuration["jwks_uri"] == "http://localhost/_/issuer/jwks.json"
    assert console.get("/_/issuer/jwks.json").json == issuer.public_keys()
    assert console.get("/_/issuer/other").status_code == 404
    assert KEY_ID not in str(configuration)


def test_an_api_key_can_be_printed_too(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.scheme("api_key", name="x-api-key")
    project.operation(security=[{"api_key": []}])
    template = str(project.write())
    assert main(["token", "--template", template, "--api-key"]) == 2
    assert "no API key is in a usage plan" in capsys.readouterr().err
    project.resources = resources()
    project.write()
    assert main(["token", "--template", template, "--api-key"]) == 0
    assert capsys.readouterr().out == "partner-secret-of-twenty\n"
    assert main(["token", "--template", template, "--api-key", "Other"]) == 2
    assert "there are: PartnerKey" in capsys.readouterr().err
