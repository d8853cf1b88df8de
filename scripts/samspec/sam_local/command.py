"""Builds the project and runs it by `sam local start-api` over DynamoDB Local, until Ctrl-C."""

import argparse
import signal
from pathlib import Path

from samspec.aws import tables
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template
from samspec.sam_local import api, dynamodb, processes


def main(arguments: list[str] | None = None) -> int:
    # Both end it in order, also where a script started it in the background, which ignores SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    serve(_options(arguments))
    return 0


def serve(arguments: argparse.Namespace) -> None:
    processes.require("sam", "install the AWS SAM CLI")
    processes.require("docker", "install Docker, or use scripts/start, which needs none")
    processes.run(
        ["docker", "info"], "Docker does not respond: start its daemon, or use scripts/start"
    )
    processes.require_free(arguments.port)
    template = Template(Path("template.yaml"))
    api.fetch_images(template)
    built = api.build(template.path)
    with dynamodb.endpoint(arguments.dynamodb, arguments.dynamodb_jar) as endpoint:
        tables.connect(template, endpoint)
        with api.running(built, endpoint, arguments.port) as process:
            print(
                f"\nReady: http://127.0.0.1:{arguments.port} (DynamoDB: {endpoint}; Ctrl-C ends)\n",
                flush=True,
            )
            process.wait()
    raise ProjectError(
        f"sam local ended by itself with status {process.returncode}: its output is above"
    )


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="samspec sam-local", description=__doc__)
    parser.add_argument("--port", type=int, default=3000, help="the API's port (default: 3000)")
    database = parser.add_mutually_exclusive_group()
    database.add_argument(
        "--dynamodb-jar", type=Path, metavar="PATH", help="run this DynamoDBLocal.jar"
    )
    database.add_argument(
        "--dynamodb", metavar="URL", help=f"use this one (default: {dynamodb.IMAGE} in Docker)"
    )
    return parser.parse_args(arguments)
