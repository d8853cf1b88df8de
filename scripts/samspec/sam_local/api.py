"""`sam build` and `sam local start-api`, wired to a DynamoDB."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from samspec.sam import documents
from samspec.sam.account import KEY_ID, SECRET
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template
from samspec.sam_local import processes

HOST = "host.docker.internal"  # this machine, as a container calls it
CONTAINERS = ["--skip-pull-image", "--add-host", f"{HOST}:host-gateway"]


def fetch_images(template: Template) -> None:
    """The functions' base images; `sam local` would ask the registry for them at every start."""
    for function in template.of_type("AWS::Serverless::Function").values():
        language, version = re.split(r"(?=\d)", str(function["Runtime"]), maxsplit=1)
        architecture = (function.get("Architectures") or ["x86_64"])[0]
        image = f"public.ecr.aws/lambda/{language}:{version}-{architecture}"
        processes.fetch_image(image, "check the network and the template's Runtime")


def build(template: Path) -> Path:
    """The built template."""
    print("sam build ...", flush=True)
    command = ["sam", "build", "--template", str(template)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise ProjectError("sam build failed: its output is above")
    return template.parent / ".aws-sam/build/template.yaml"


@contextmanager
def running(
    built: Path, endpoint: str, port: int, warm: bool = True
) -> Iterator[processes.Process]:
    """The API on `port`, whose functions call the DynamoDB at `endpoint`.

    Its containers are warm, or each request has a new one.
    """
    print("sam local start-api ...", flush=True)
    network = f"sam-local-{port}"
    command = [
        "sam",
        "local",
        "start-api",
        "--port",
        str(port),
        "--template",
        str(wired(built, endpoint)),
    ]
    command += [
        *CONTAINERS,
        "--docker-network",
        network,
        *(["--warm-containers", "EAGER"] if warm else []),
    ]
    with _network(network), processes.running(command, port, env=environment(endpoint)) as process:
        yield process


def environment(endpoint: str) -> dict[str, str]:
    """For `sam local`, whose containers take from it what the template declares, and the keys.

    They get the emulator's keys, never the developer's own.
    """
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": ""}
    return os.environ | keys | {"AWS_ENDPOINT_URL_DYNAMODB": _from_container(endpoint)}


@contextmanager
def _network(name: str) -> Iterator[None]:
    """A Docker network; whatever runs in it when the block ends is ended: `sam local` forgets some
    containers.
    """
    processes.run(["docker", "network", "create", name], f"Docker cannot make the network {name}")
    try:
        yield
    finally:
        left = processes.run(
            ["docker", "ps", "--all", "--quiet", "--filter", f"network={name}"], "Docker is gone"
        )
        for container in left.split():
            processes.run(
                ["docker", "rm", "--force", container], f"try: docker rm --force {container}"
            )
        processes.run(["docker", "network", "rm", name], f"try: docker network rm {name}")


def wired(built: Path, endpoint: str) -> Path:
    """The built template, with the endpoint in every function's environment.

    `sam local --env-vars` sets only variables that the template declares; an endpoint has no place
    in that.
    """
    document = documents.read(built)
    function = document.setdefault("Globals", {}).setdefault("Function", {})
    variables = function.setdefault("Environment", {}).setdefault("Variables", {})
    variables["AWS_ENDPOINT_URL_DYNAMODB"] = _from_container(endpoint)
    wired = built.with_stem(f"{built.stem}-wired")
    wired.write_text(yaml.safe_dump(document, sort_keys=False))
    return wired


def _from_container(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    if parts.hostname not in ("localhost", "127.0.0.1", "0.0.0.0"):  # noqa: S104
        return endpoint
    return parts._replace(netloc=f"{HOST}:{parts.port}" if parts.port else HOST).geturl()
