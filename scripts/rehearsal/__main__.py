"""`scripts/rehearse dev|prod`: deploy, inspect, test, change, delete."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import requests
from botocore.exceptions import BotoCoreError, ClientError
from deployment import smoke
from deployment.stack import Stack, client
from gateway.errors import ProjectError
from sam_local import processes

from rehearsal import ministack, standins
from rehearsal.inspection import Inspection

CONFIG = {"dev": "default", "prod": "prod"}
PARAMETERS = {
    "dev": "Environment=dev CorsAllowOrigin=*",
    "prod": "Environment=prod CorsAllowOrigin=https://example.com AlarmEmail=ops@example.com",
}
RETAINED = {"dev": ["role"], "prod": ["key", "log group", "log group", "role", "table"]}
SAM = """#!/bin/sh -e
{sam} "$@"
[ "$1" != build ] || PYTHONPATH=scripts .venv/bin/python -m rehearsal.standins
"""

DRIFT = """#!/bin/sh -e
PYTHONPATH=scripts exec .venv/bin/python -m rehearsal.drift "$@"
"""
HEAD = """
    head:
      responses: { "200": { description: As GET. } }
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: { application/json: '{"statusCode": 200}' }
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/rehearse", description=__doc__)
    parser.add_argument("environment", choices=CONFIG)
    environment = parser.parse_args().environment
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what ends by Ctrl-C ends by `kill` as well
    try:
        processes.require("sam", "install the AWS SAM CLI")
        with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder, ministack.running(Path(folder)) as endpoint:
            Rehearsal(environment, Path(folder), endpoint).run()
    except (ProjectError, BotoCoreError, ClientError, requests.RequestException) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


class Rehearsal:
    """Works on a copy of the project, where `sam` is followed by the stand-ins."""

    def __init__(self, environment: str, folder: Path, endpoint: str):
        self.environment, self.config = environment, CONFIG[environment]
        self.is_open = environment == "dev"
        self.root, self.project = Path.cwd(), folder / "project"
        _copy(self.root, self.project)
        (self.project / "scripts/drift").write_text(DRIFT)
        shim = folder / "bin" / "sam"
        shim.parent.mkdir()
        shim.write_text(SAM.format(sam=shutil.which("sam")))
        shim.chmod(0o755)
        os.environ |= {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "PATH": f"{shim.parent}:{os.environ['PATH']}",
            "REHEARSED": environment,
            "SAM_CLI_POLL_DELAY": "1",
            "SAM_CLI_TELEMETRY": "0",
        }

    def run(self) -> None:
        _list("MiniStack instead of AWS:", (*(str(s.__doc__) for s in standins.ALL), *standins.UNCHECKED))
        before = self.inventory()
        self.command("scripts/deploy", self.environment, "--no-confirm-changeset", *self.parameters())
        _list("Deployed:", Inspection(self.stack()).report())
        if self.is_open:
            self.integration()
        else:
            self.refuse_any_origin()
        self.switch_authorization()
        if self.is_open:
            self.integration()
        self.change_spec()
        self.command("sam", "delete", "--no-prompts", "--config-env", self.config)
        self.compare(before)

    def stack(self) -> Stack:
        return Stack(self.config, self.project)

    def parameters(self, *more: str) -> list[str]:
        return ["--parameter-overrides", *PARAMETERS[self.environment].split(), *more]

    def command(self, *words: str) -> None:
        print("$", *words, flush=True)
        done = subprocess.run(words, cwd=self.project, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout, done.stderr, sep="\n")
            raise ProjectError(f"{words[0]} {words[1]} failed: what it said is above")

    def integration(self) -> None:
        _list("The integration suite, over HTTP, without:", standins.UNTESTED)
        skipped = f"not ({' or '.join(standins.UNTESTED)})"
        command = ["scripts/test", "tests/integration", "-q", "--base-url", self.stack().url, "-k", skipped]
        if subprocess.run(command, cwd=self.root, check=False).returncode:
            raise ProjectError("the integration suite failed against the deployed API")

    def refuse_any_origin(self) -> None:
        words = ["sam", "deploy", "--config-env", self.config, *self.parameters("CorsAllowOrigin=*")]
        refused = subprocess.run(words, cwd=self.project, capture_output=True, text=True, check=False)
        if "CorsAllowOrigin must name an origin" not in refused.stderr + refused.stdout:
            raise ProjectError(f"in prod a rule should refuse CorsAllowOrigin=*; sam deploy said {refused.stderr}")
        print("A rule refuses CorsAllowOrigin=* in prod", flush=True)

    def switch_authorization(self) -> None:
        """By a parameter alone: it has to reach the stage though the spec is the same."""
        other = "AWS_IAM" if self.is_open else "NONE"
        self.deploy(f"Authorization={other}")
        self.is_open = not self.is_open
        print(smoke.test(self.stack()), flush=True)

    def change_spec(self) -> None:
        """One file: the gateway has to follow it, and the functions."""
        spec = self.project / "specs/api/users-api.yaml"
        text = spec.read_text().replace("maximum: 100, default: 20", "maximum: 50, default: 20")
        spec.write_text(text.replace("    options:\n", HEAD + "    options:\n", 1))
        self.command("sam", "build", "--config-env", self.config)
        self.deploy("Authorization=NONE")
        stack = self.stack()
        if "head" not in Inspection(stack).export()["paths"]["/users"]:
            raise ProjectError("the stage does not have the changed spec")
        if requests.get(f"{stack.url}/users?limit=60", timeout=30).status_code != 400:
            raise ProjectError("the functions do not have the changed spec")
        print("A changed spec shows in the stage and in the functions", flush=True)

    def deploy(self, *parameters: str) -> None:
        options = ["--config-env", self.config, "--no-confirm-changeset", *self.parameters(*parameters)]
        self.command("sam", "deploy", *options)

    def inventory(self) -> set[tuple[str, str]]:
        """Everything of the kinds that the stack makes, by kind and name."""
        found = set()
        for kind, service, action, key, name in KINDS:
            for item in getattr(client(service, "us-east-1"), action)()[key]:
                found.add((kind, item if name is None else item[name]))
        return found

    def compare(self, before: set[tuple[str, str]]) -> None:
        left = sorted(kind for kind, _ in self.inventory() - before)
        if left != RETAINED[self.environment]:
            raise ProjectError(f"sam delete left {left}, not {RETAINED[self.environment]}")
        print(f"sam delete left what the template retains ({', '.join(left)}) and nothing else")


KINDS = (
    ("alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("API", "apigateway", "get_rest_apis", "items", "id"),
    ("dashboard", "cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("function", "lambda", "list_functions", "Functions", "FunctionName"),
    ("key", "kms", "list_keys", "Keys", "KeyId"),
    ("log group", "logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("role", "iam", "list_roles", "Roles", "RoleName"),
    ("table", "dynamodb", "list_tables", "TableNames", None),
    ("topic", "sns", "list_topics", "Topics", "TopicArn"),
)


def _copy(root: Path, project: Path) -> None:
    """The files that git knows or would take, and the virtual environment."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, check=True)
    for name in filter(os.path.lexists, listed.stdout.decode().split("\0")):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, project / name, follow_symlinks=False)
    (project / ".venv").symlink_to(root / ".venv")


def _list(title: str, lines: Iterable[str]) -> None:
    print(title, flush=True)
    for line in lines:
        print(f"  - {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
