"""handlers/sdk-data/endpoints.json: DynamoDB's part of botocore's own."""

import json
from pathlib import Path

import botocore
import pytest

OURS = Path("handlers/sdk-data/endpoints.json")
THEIRS = Path(botocore.__file__).parent / "data/endpoints.json"


def test_the_endpoints_are_botocores_own_for_dynamodb(pytestconfig: pytest.Config) -> None:
    endpoints = json.loads(THEIRS.read_text())
    for partition in endpoints["partitions"]:
        partition["services"] = {
            name: it for name, it in partition["services"].items() if name == "dynamodb"
        }
    file = pytestconfig.rootpath / OURS
    if pytestconfig.getoption("--record"):
        file.write_text(json.dumps(endpoints, separators=(",", ":"), sort_keys=True) + "\n")

    assert json.loads(file.read_text()) == endpoints, f"write {OURS} anew: scripts/test --record"
