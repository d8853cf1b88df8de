"""Builds the project and runs it by `sam local start-api` over DynamoDB Local, until Ctrl-C."""

import argparse
import signal
from dataclasses import dataclass
from pathlib import Path

from samspec.aws import tables
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template
from samspec.sam_local import api, dynamodb, processes


@dataclass(frozen=True)
class SamLocalOptions:
    """DynamoDB is the one at the URL, or a DynamoDBLocal.jar, or the image in Docker."""

    port: int
    dynamodb: str | None
    dynamodb_jar: Path | None


def main(arguments: list[str] | None = None) -> int:
    # Both end it in order, also where a script started it in the background, which ignores SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    serve(_options(arguments))
    return 0


def serve(options: SamLocalOptions) -> None:
    processes.require("sam", "install the AWS SAM CLI")
    processes.require("docker", "install Docker, or use scripts/start, which needs none")
    processes.run(
        ["docker", "info"], "Docker does not respond: start its daemon, or use scripts/start"
    )
    processes.require_free(options.port)
    template = Template(Path("template.yaml"))
    api.fetch_images(template)
    built = api.build(template.path)
    with dynamodb.endpoint(options.dynamodb, options.dynamodb_jar) as endpoint:
        tables.connect(template, endpoint)
        with api.running(built, endpoint, options.port) as process:
            print(
                f"\nReady: http://127.0.0.1:{options.port} (DynamoDB: {endpoint}; Ctrl-C ends)\n",
                flush=True,
            )
            process.wait()
    raise ProjectError(
        f"sam local ended by itself with status {process.returncode}: its output is above"
    )


def _options(arguments: list[str] | None) -> SamLocalOptions:
    parser = argparse.ArgumentParser(prog="samspec sam-local", description=__doc__)
    parser.add_argument("--port", type=int, default=3000, help="the API's port (default: 3000)")
    database = parser.add_mutually_exclusive_group()
    database.add_argument(
        "--dynamodb-jar", type=Path, metavar="PATH", help="run this DynamoDBLocal.jar"
    )
    database.add_argument(
        "--dynamodb", metavar="URL", help=f"use this one (default: {dynamodb.IMAGE} in Docker)"
    )
    parsed = parser.parse_args(arguments)
    return SamLocalOptions(parsed.port, parsed.dynamodb, parsed.dynamodb_jar)
