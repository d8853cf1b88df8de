"""handlers/sdk-data/endpoints.json: DynamoDB's part of botocore's own."""

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from api.dynamodb import Table

OURS = Path("handlers/sdk-data/endpoints.json")
THEIRS = Path(botocore.__file__).parent / "data/endpoints.json"


def test_the_endpoints_are_botocores_own_for_dynamodb(pytestconfig: pytest.Config) -> None:
    endpoints = json.loads(THEIRS.read_text())
    for partition in endpoints["partitions"]:
        partition["services"] = {
            name: it for name, it in partition["services"].items() if name == "dynamodb"
        }
    file = pytestconfig.rootpath / OURS
    text = json.dumps(endpoints, separators=(",", ":"), sort_keys=True) + "\n"
    if pytestconfig.getoption("--record") and file.read_text() != text:
        new = file.with_suffix(".new")  # tests in other processes read the file meanwhile
        new.write_text(text)
        new.replace(file)

    assert json.loads(file.read_text()) == endpoints, f"write {OURS} again: scripts/test --record"


@pytest.mark.parametrize("fips", ["false", "true"])
@pytest.mark.parametrize("dual_stack", ["false", "true"])
@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "cn-north-1"])
def test_every_kind_of_endpoint_is_botocores_own(
    region: str, dual_stack: str, fips: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", dual_stack)
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", fips)
    theirs = botocore.session.Session().create_client("dynamodb")

    assert _endpoint(Table("t")._client) == _endpoint(theirs)


def test_the_endpoints_differ_by_their_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    plain = _endpoint(Table("t")._client)
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")

    assert _endpoint(Table("t")._client) != plain


def _endpoint(client: Any) -> str:
    """Where a request would go: what is resolved per request, not only the client's default."""
    request = client._resolve_endpoint_ruleset(
        client.meta.service_model.operation_model("GetItem"), {"TableName": "t"}, {}
    )
    return str(request[0])
