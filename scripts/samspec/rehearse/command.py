"""`samspec rehearse ENVIRONMENT`: deploy to a local AWS, inspect, test, change, delete."""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from textwrap import indent
from typing import Any

import requests
from botocore.exceptions import BotoCoreError, ClientError

from samspec.deploy import command as deploy
from samspec.deploy import options as deploy_options
from samspec.deploy import restore_drill, sign_in, smoke
from samspec.deploy.stack import Stack, client
from samspec.rehearse import callers, ministack, provider, retained, standins
from samspec.rehearse.inspection import Inspection, inventory, the_api
from samspec.sam import environments
from samspec.sam.environments import Environment
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.sam.samconfig import overrides
from samspec.sam_local import processes

SAM = """#!/bin/sh -e
{sam} "$@"
[ "$1" != build ] || {python} -P -m samspec.rehearse.standins
"""
TESTS = "tests/integration"
NEW_PATH = """\
/rehearsal:
  get:
    responses: {"200": {description: Only in a rehearsal.}}
    x-amazon-apigateway-integration:
      type: mock
      requestTemplates: {application/json: '{"statusCode": 200}'}
      responses: {default: {statusCode: "200"}}
"""


@dataclass(frozen=True)
class Plan:
    """What a project has rehearsed of an environment: [tool.samspec.rehearse.ENVIRONMENT].

    `parameters` come on top of samconfig.toml's. `refused` are parameters with the words in which
    AWS must refuse them. `then` are changes of parameters, deployed one after the other.
    `restores` says that the tables are restored, too, as `samspec restore-drill` does.
    """

    parameters: str = ""
    restores: bool = False
    refused: Mapping[str, str] | None = None
    then: Sequence[str] = ()

    @classmethod
    def of(cls, root: Path, environment: str) -> "Plan":
        file = root / "pyproject.toml"
        project = tomllib.loads(file.read_text()) if file.exists() else {}
        settings = project.get("tool", {}).get("samspec", {}).get("rehearse", {})
        own = settings.get(environment, {})
        unknown = sorted(set(own) - {field.name for field in fields(cls)})
        if unknown:
            raise ProjectError(
                f"pyproject.toml: [tool.samspec.rehearse.{environment}] has no {unknown[0]!r}"
            )
        return cls(**own)


def main(arguments: list[str] | None = None) -> int:
    """0 if everything was as it should be. Raises a ProjectError otherwise."""
    parser = argparse.ArgumentParser(prog="samspec rehearse", description=__doc__)
    parser.add_argument("environment", help="an environment of samconfig.toml, such as dev")
    environment = environments.named(Path.cwd(), parser.parse_args(arguments).environment)
    processes.require("sam", "install the AWS SAM CLI")
    the_api(Project().resolved)
    # what ends by Ctrl-C ends by `kill` as well
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="rehearsal-") as folder,
            ministack.running(Path(folder)) as endpoint,
        ):
            Rehearsal(environment, Path(folder), endpoint).run()
    except (BotoCoreError, ClientError, requests.RequestException) as error:
        raise ProjectError(str(error)) from None
    return 0


class Rehearsal:
    """Works on a copy of the project, where `sam build` is followed by the stand-ins."""

    def __init__(self, environment: Environment, folder: Path, endpoint: str) -> None:
        self.environment = environment
        self.root, self.project = Path.cwd(), folder / "project"
        self.plan = Plan.of(self.root, environment.name)
        self.provided: Mapping[str, str] = {}  # parameters that name the local issuer
        _copy(self.root, self.project)
        shim = folder / "bin" / "sam"
        shim.parent.mkdir()
        shim.write_text(SAM.format(sam=shutil.which("sam"), python=sys.executable))
        shim.chmod(0o755)
        os.environ |= {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "PATH": f"{shim.parent}:{os.environ['PATH']}",
            "SAM_CLI_POLL_DELAY": "0.2",
            "SAM_CLI_TELEMETRY": "0",
        }

    def run(self) -> None:
        stand_ins = [str(stand_in.__doc__) for stand_in in standins.ALL]
        _list("MiniStack instead of AWS:", [*stand_ins, *standins.UNCHECKED])
        with provider.running(Project(self.project)) as self.provided:
            if self.provided:
                print(f"The identity provider is the local issuer: {_words(self.provided)}")
            self.rehearse()

    def rehearse(self) -> None:
        before = inventory(self.environment.region)
        self.deploy(self.plan.parameters)
        for parameters, words in (self.plan.refused or {}).items():
            self.refuse(parameters, words)
        _list("Callers:", callers.rows(self.project, self.stack()))
        tested = self.integration()
        for parameters in self.plan.then:
            self.deploy(f"{self.plan.parameters} {parameters}")
            tested = tested or self.integration()
        if self.plan.restores:
            self.restore()
        self.change_spec()
        self.delete(before)

    def stack(self) -> Stack:
        return Stack(self.environment.stack, self.environment.region)

    def deploy(self, parameters: str) -> None:
        """As `scripts/deploy` does, without its question; then look at what is there."""
        words = [self.environment.name, "--no-confirm-changeset"]
        overrides = [*shlex.split(parameters), *_words(self.provided).split()]
        if overrides:
            words += ["--parameter-overrides", *overrides]
        print("$ samspec deploy", *words, flush=True)
        options = deploy_options.read(self.project, words)
        os.environ["REHEARSED"] = json.dumps(options.parameters)
        deploy.run(self.project, options, drift=_drift)
        _list("Deployed:", Inspection(self.stack(), self.project).report())

    def refuse(self, parameters: str, words: str) -> None:
        """These parameters must be refused, in these words, by AWS itself."""
        planned = overrides(self.plan.parameters, "the plan")
        values = {**planned, **self.environment.parameters}
        values |= overrides(parameters, "the plan")
        pairs = [f"{name}={value}" for name, value in values.items()]
        output = self.command("deploy", "--parameter-overrides", *pairs, fails=True)
        if words not in output:
            print(output)
            raise ProjectError(f"{parameters} was not refused with {words!r}: its output is above")
        print(f"{parameters} is refused: {words}", flush=True)

    def command(self, name: str, *words: str, fails: bool = False) -> str:
        """Run the SAM CLI and give its output. Raises a ProjectError unless it ends as it
        should."""
        command = ["sam", name, "--config-env", self.environment.section, *words]
        if name == "deploy":
            command.append("--no-confirm-changeset")
        print("$", *command, flush=True)
        done = subprocess.run(
            command, cwd=self.project, capture_output=True, text=True, check=False
        )
        output = f"{done.stdout}\n{done.stderr}"
        if bool(done.returncode) is not fails:
            print(output)
            raise ProjectError(f"sam {name} {'succeeded' if fails else 'failed'}: see above")
        return output

    def integration(self) -> bool:
        """Run the project's integration tests, if it has any and callers need no signature."""
        operations = smoke.operations(self.project, self.stack())
        is_signed = any(operation.authorization == "AWS_IAM" for operation in operations)
        if is_signed or not (self.root / TESTS).is_dir():
            return False
        apis = smoke.apis_of(self.project, self.stack())
        with sign_in.credentials(self.stack(), apis) as headers:
            self.test(headers)
        return True

    def test(self, headers: Mapping[str, str]) -> None:
        """Run the integration tests with these headers of the caller."""
        print("The integration suite, without what MiniStack does not read from the spec")
        api = Inspection(self.stack(), self.project)
        path = "/_aws/execute-api/{restApiId}/{stageName}".format(**api.where)
        url = os.environ["AWS_ENDPOINT_URL"] + path
        command = ["scripts/test", TESTS, "-q", "--base-url", url]
        command += ["-m", "not not_in_sam_local"]
        command += [f"--header={name}: {value}" for name, value in headers.items()]
        if subprocess.run(command, cwd=self.root, check=False).returncode:
            raise ProjectError("the integration suite failed against the deployed API")

    def restore(self) -> None:
        """As AWS would by their history, MiniStack does by a copy; it takes no setting for that."""
        database = client("dynamodb", self.environment.region)
        unique = restore_drill.unique_attributes(self.project)
        for name in self.stack().resources_of_type("AWS::DynamoDB::Table"):
            database.update_continuous_backups(
                TableName=name,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )
            print("Restored:", restore_drill.drill(database, name, unique), flush=True)

    def change_spec(self) -> None:
        """One file: the gateway has to follow it, and every function's code."""
        project = Project(self.project)
        spec = self.project / project.spec.name
        lines = spec.read_text().splitlines(keepends=True)
        paths = project.spec.line("paths")
        if lines[paths - 1].strip() != "paths:":
            print("Not tried: a changed spec; its paths are not a block of YAML", flush=True)
            return
        depth = len(lines[paths - 1]) - len(lines[paths - 1].lstrip()) + 2
        lines.insert(paths, indent(NEW_PATH, " " * depth))
        spec.write_text("".join(lines))
        self.command("build")
        self.command("deploy")
        inspection = Inspection(self.stack(), self.project)
        if "/rehearsal" not in inspection.export()["paths"]:
            raise ProjectError("the stage does not have the changed spec")
        for function, files in inspection.code():
            if spec.name in files and files[spec.name] != spec.read_bytes():
                raise ProjectError(f"{function} does not have the changed spec")
        print("A changed spec shows in the stage and in the functions", flush=True)

    def delete(self, before: set[tuple[str, str]]) -> None:
        """`sam delete` has to leave what the template retains, and nothing else."""
        expected = retained.kinds(self.project, self.stack().parameters)
        self.command("delete", "--no-prompts", "--region", self.environment.region)
        stays = inventory(self.environment.region) - before
        of_lambda = {item for item in stays if item[1].startswith("/aws/lambda/")}
        left = sorted(what for what, _ in stays - of_lambda)
        if left != expected:
            raise ProjectError(f"sam delete left {left}, not {expected}")
        print(f"sam delete left what the template retains ({', '.join(left) or 'nothing'})")
        if of_lambda:
            print(
                f"Lambda's own log groups stay, too ({len(of_lambda)}): it made them, not the stack"
            )


def _drift(root: Path, arguments: Sequence[str]) -> int:
    """`samspec drift`, without what the stage lacks because MiniStack does not read it."""
    command = [sys.executable, "-P", "-m", "samspec", "drift", "--root", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if "--stack" in arguments:
        lines = [line for line in lines if not standins.UNSERVED.search(line)]
    for line in [*lines, *done.stderr.splitlines()]:
        print(line)
    errors = [line for line in lines if ": warning: " not in line]
    return len(errors) if done.returncode == 1 else done.returncode


def _copy(root: Path, project: Path) -> None:
    """The files that git knows or would take, and the virtual environment."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, check=True
    )
    for name in filter(os.path.lexists, listed.stdout.decode().split("\0")):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, project / name, follow_symlinks=False)
    if (root / ".venv").exists():
        (project / ".venv").symlink_to(root / ".venv")


def _words(parameters: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in parameters.items())


def _list(title: str, lines: Iterable[Any]) -> None:
    print(title, flush=True)
    for line in lines:
        print(f"  - {line}", flush=True)
