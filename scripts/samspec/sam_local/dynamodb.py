"""The DynamoDB behind the functions: DynamoDB Local from its Docker image or its jar, or any
endpoint.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samspec.sam.errors import ProjectError
from samspec.sam_local import processes

IMAGE = "amazon/dynamodb-local"
# Without -sharedDb, each region and access key has tables of its own.
OPTIONS = ["-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb"]


@contextmanager
def endpoint(url: str | None, jar: Path | None) -> Iterator[str]:
    """The endpoint's URL as this machine sees it; what had to be started for it ends with the
    block.
    """
    if url:
        yield url
        return
    port = processes.free_port()
    command = _jar_command(jar, port) if jar else _image_command(port)
    with processes.running(
        command, port, cwd=jar and jar.absolute().parent, stdout=subprocess.DEVNULL
    ):
        yield f"http://127.0.0.1:{port}"


def _jar_command(jar: Path, port: int) -> list[str]:
    if not jar.is_file():
        raise ProjectError(
            f"{jar}: no such file: give --dynamodb-jar the path of DynamoDBLocal.jar"
        )
    processes.require("java", "install a Java runtime, 17 or newer, or leave --dynamodb-jar out")
    return ["java", "-Djava.library.path=DynamoDBLocal_lib", *OPTIONS, "-port", str(port)]


def _image_command(port: int) -> list[str]:
    processes.fetch_image(IMAGE, "use --dynamodb-jar PATH or --dynamodb URL")
    return ["docker", "run", "--rm", "--init", "--publish", f"{port}:8000", IMAGE, *OPTIONS]
