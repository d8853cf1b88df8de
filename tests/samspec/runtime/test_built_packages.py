"""Packages that people build with `sam build`, native ones among them, in a running function."""

import os
import subprocess
from pathlib import Path

import pytest
import requests
from samspec.gateway import Gateway
from samspec.serving.http import HttpServer

from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FIXTURE = Path(__file__).parent / "fixtures/packages"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's template, after `sam build`."""
    folder = tmp_path_factory.mktemp("project")
    subprocess.run(["cp", "-R", f"{FIXTURE}/.", str(folder)], check=True)
    done = subprocess.run([ROOT / ".ci/sam-cli"], capture_output=True, text=True, check=True)
    sam = Path(done.stdout.strip()) / "sam"
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    build = subprocess.run(
        [sam, "build"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert build.returncode == 0, build.stderr
    return folder / "template.yaml"


def test_pydantic_numpy_cryptography_and_their_like_work(built: Path) -> None:
    gateway = Gateway.from_template(built)
    reasons: list[str] = []
    gateway.on_exchange = lambda exchange: reasons.append(exchange.response.reason)
    server = HttpServer.on_loopback(gateway)
    try:
        thing = requests.get(f"{server.url}/things/3", timeout=60)
        assert (thing.status_code, thing.json()) == (200, {"size": 3}), reasons
        invalid = requests.get(f"{server.url}/things/three", timeout=60)
        assert invalid.status_code == 422
        everything = requests.get(f"{server.url}/all", timeout=60).json()
    finally:
        server.close()
        gateway.close()
    assert everything == {
        "numpy": "6",
        "pandas": "1.5",
        "orjson": '{"a":1}',
        "pillow": "PNG",
        "lxml": "b",
        "jwt": "ada",
        "psycopg2": "refused",
        "aiohttp": "refused",
        "asyncio": "True",
    }
