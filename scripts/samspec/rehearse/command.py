"""`scripts/rehearse dev|prod`: deploy, inspect, test, change, delete."""

import argparse
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import requests
from botocore.exceptions import BotoCoreError, ClientError

from samspec.deploy import smoke
from samspec.deploy.stack import Stack
from samspec.rehearse import ministack, standins
from samspec.rehearse.inspection import Inspection, inventory
from samspec.sam.errors import ProjectError
from samspec.sam_local import processes

CONFIG = {"dev": "default", "prod": "prod"}
PARAMETERS = {
    "dev": "Environment=dev CorsAllowOrigin=*",
    "prod": "Environment=prod CorsAllowOrigin=https://example.com AlarmEmail=ops@example.com",
}
RETAINED = {"dev": ["role"], "prod": ["key", "log group", "log group", "role", "table"]}
SAM = """#!/bin/sh -e
{sam} "$@"
[ "$1" != build ] || PYTHONPATH=scripts .venv/bin/python -m samspec.rehearse.standins
"""
DRIFT = """#!/bin/sh -e
PYTHONPATH=scripts exec .venv/bin/python -m samspec.rehearse.drift "$@"
"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="samspec rehearse", description=__doc__)
    parser.add_argument("environment", choices=CONFIG)
    environment = parser.parse_args(arguments).environment
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # what ends by Ctrl-C ends by `kill` as well
    try:
        processes.require("sam", "install the AWS SAM CLI")
        with (
            tempfile.TemporaryDirectory(prefix="rehearsal-") as folder,
            ministack.running(Path(folder)) as endpoint,
        ):
            Rehearsal(environment, Path(folder), endpoint).run()
    except (BotoCoreError, ClientError, requests.RequestException) as error:
        raise ProjectError(str(error)) from None
    return 0


class Rehearsal:
    """Works on a copy of the project, where `sam` is followed by the stand-ins."""

    def __init__(self, environment: str, folder: Path, endpoint: str):
        self.environment, self.config = environment, CONFIG[environment]
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
            "SAM_CLI_POLL_DELAY": "0.2",
            "SAM_CLI_TELEMETRY": "0",
        }

    def run(self) -> None:
        _list(
            "MiniStack instead of AWS:",
            (*(str(s.__doc__) for s in standins.ALL), *standins.UNCHECKED),
        )
        before = inventory()
        self.command(
            "scripts/deploy", self.environment, "--no-confirm-changeset", *self.parameters()
        )
        _list("Deployed:", Inspection(self.stack()).report())
        if self.environment == "dev":
            self.integration()
            self.switch_authorization("AWS_IAM")
        else:
            self.refuse_any_origin()
            self.switch_authorization("NONE")
            self.integration()
        self.change_spec()
        self.command("sam", "delete", "--no-prompts", "--config-env", self.config)
        left = sorted(kind for kind, _ in inventory() - before)
        if left != RETAINED[self.environment]:
            raise ProjectError(f"sam delete left {left}, not {RETAINED[self.environment]}")
        print(f"sam delete left what the template retains ({', '.join(left)}) and nothing else")

    def stack(self) -> Stack:
        return Stack(self.config, self.project)

    def parameters(self, *more: str) -> list[str]:
        return ["--parameter-overrides", *PARAMETERS[self.environment].split(), *more]

    def command(self, *words: str, refused: str = "") -> None:
        """Ends the rehearsal if the command fails; or, if it should be refused, unless it is, in these words."""
        print("$", *words, flush=True)
        done = subprocess.run(words, cwd=self.project, capture_output=True, text=True, check=False)
        said = f"{done.stdout}\n{done.stderr}"
        if not (refused in said if refused else done.returncode == 0):
            print(said)
            raise ProjectError(
                f"{words[0]} {words[1]} {'was not refused for it' if refused else 'failed'}: what it said is above"
            )

    def deploy(self, *parameters: str, refused: str = "") -> None:
        options = [
            "--config-env",
            self.config,
            "--no-confirm-changeset",
            *self.parameters(*parameters),
        ]
        self.command("sam", "deploy", *options, refused=refused)

    def integration(self) -> None:
        _list("The integration suite, over HTTP, without:", standins.UNTESTED)
        tested = f"not ({' or '.join(standins.UNTESTED)})"
        command = [
            "scripts/test",
            "tests/integration",
            "-q",
            "--base-url",
            self.stack().url,
            "-k",
            tested,
        ]
        if subprocess.run(command, cwd=self.root, check=False).returncode:
            raise ProjectError("the integration suite failed against the deployed API")

    def refuse_any_origin(self) -> None:
        self.deploy("CorsAllowOrigin=*", refused="CorsAllowOrigin must name an origin")
        print("A rule refuses it: in prod an origin has a name", flush=True)

    def switch_authorization(self, to: str) -> None:
        """By a parameter alone: it has to reach the stage though the spec is the same."""
        self.deploy(f"Authorization={to}")
        print(smoke.test(self.stack()), flush=True)

    def change_spec(self) -> None:
        """One file: the gateway has to follow it, and the functions."""
        spec = self.project / "specs/api/users-api.yaml"
        spec.write_text(
            spec.read_text()
            .replace("    put:\n", "    patch:\n")
            .replace("maximum: 100,", "maximum: 50,")
        )
        self.command("sam", "build", "--config-env", self.config)
        self.deploy("Authorization=NONE")
        stack = self.stack()
        methods = Inspection(stack).export()["paths"]["/users/{id}"]
        if "patch" not in methods or "put" in methods:
            raise ProjectError("the stage does not have the changed spec")
        if requests.get(f"{stack.url}/users?limit=60", timeout=30).status_code != 400:
            raise ProjectError("the functions do not have the changed spec")
        print("A changed spec shows in the stage and in the functions", flush=True)


def _copy(root: Path, project: Path) -> None:
    """The files that git knows or would take, and the virtual environment."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, check=True
    )
    for name in filter(os.path.lexists, listed.stdout.decode().split("\0")):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, project / name, follow_symlinks=False)
    (project / ".venv").symlink_to(root / ".venv")


def _list(title: str, lines: Iterable[str]) -> None:
    print(title, flush=True)
    for line in lines:
        print(f"  - {line}", flush=True)
