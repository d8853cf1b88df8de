"""`samspec deploy ENVIRONMENT`: check, build, deploy, wait, try, compare."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import requests
from botocore.exceptions import BotoCoreError, ClientError

from samspec.deploy import options as deploy_options
from samspec.deploy import preview, smoke, versions
from samspec.deploy.options import Options
from samspec.deploy.stack import Stack
from samspec.sam import documents
from samspec.sam.errors import ProjectError
from samspec.sam.project import template_at
from samspec.sam.template import Template

DONE = {
    "CREATE_COMPLETE": "created",
    "UPDATE_COMPLETE": "updated",
    "DELETE_COMPLETE": "removed",
    "DELETE_SKIPPED": "kept, though no longer in the stack",
}
Drift = Callable[[Path, Sequence[str]], int]


def main(arguments: list[str] | None = None) -> int:
    """0 if the environment is deployed and works; if not, raises a ProjectError."""
    root = Path.cwd()
    return run(root, deploy_options.read(root, arguments))


def run(root: Path, options: Options, drift: Drift | None = None) -> int:
    """Deploy the project at `root`; `drift` takes the arguments of `samspec drift`."""
    drift = drift or _drift
    environment = options.environment
    stack = Stack(environment.stack, environment.region)
    try:
        _look_ahead(root, stack, options)
        if drift(root, []):
            raise ProjectError("nothing is deployed: fix what drift says (above) first")
        started = datetime.now(UTC)
        _build_and_deploy(root, stack, options)
        stack = stack.reread()
        _check_parameters(stack, options)
        _say("changed", _changes(stack, started))
        _say(f"{stack.url} works", smoke.test(root, stack, options.headers))
    except (BotoCoreError, ClientError, requests.RequestException) as error:
        raise ProjectError(str(error)) from None
    os.environ["AWS_DEFAULT_REGION"] = stack.region  # where drift looks for the stack
    if drift(root, ["--stack", stack.name]):
        raise ProjectError("it is deployed, and the stage is not what the spec says (above)")
    return 0


def _look_ahead(root: Path, stack: Stack, options: Options) -> None:
    """Refuse what should not be deployed, and say which parameters change."""
    template = Template(template_at(root), _effective(root, stack, options))
    template.check()
    preview.refuse(stack, options, template)
    changed = preview.changed_parameters(stack, options, template)
    _say(f"stack {stack.name}, {stack.region}", changed)


def _build_and_deploy(root: Path, stack: Stack, options: Options) -> None:
    sam(root, "build", "--config-env", options.environment.section)
    versions.mark(root, _effective(root, stack, options))
    sam(root, "deploy", *_deploy_words(options))


def sam(root: Path, *words: str) -> None:
    """Run the SAM CLI. Raises a ProjectError if it fails; it has said why."""
    try:
        done = subprocess.run(["sam", *words], cwd=root, check=False)
    except FileNotFoundError:
        raise ProjectError("no sam on the PATH: install the AWS SAM CLI") from None
    if done.returncode:
        raise ProjectError(f"sam {words[0]} failed: it says why above")


def _effective(root: Path, stack: Stack, options: Options) -> dict[str, str]:
    """The parameters after the deploy: CloudFormation keeps those that nobody says."""
    declared = documents.read(template_at(root)).get("Parameters") or {}
    kept = {name: value for name, value in stack.parameters.items() if name in declared}
    return {**kept, **options.parameters}


def _deploy_words(options: Options) -> list[str]:
    words = ["--config-env", options.environment.section, "--no-fail-on-empty-changeset"]
    words += ["--region", options.environment.region]
    if options.parameters:
        words.append("--parameter-overrides")
    for name, value in options.parameters.items():
        text = value.replace('"', '\\"')
        words.append(f'{name}="{text}"')
    return [*words, *options.sam]


def _check_parameters(stack: Stack, options: Options) -> None:
    if not stack.exists:
        raise ProjectError(f"there is no stack {stack.name}: the change set was not executed")
    for name, value in options.parameters.items():
        deployed = stack.parameters.get(name, value)
        if deployed not in (value, preview.HIDDEN):
            raise ProjectError(f"stack {stack.name} has {name}={deployed}, not {value}")


def _changes(stack: Stack, started: datetime) -> list[str]:
    """The resources that were created, updated and removed since then."""
    names: dict[str, set[str]] = {}
    for event in stack.events_since(started):
        name, status = event["LogicalResourceId"], str(event.get("ResourceStatus", ""))
        if status in DONE and name != stack.name:
            names.setdefault(DONE[status], set()).add(name)
    return [f"{what}: {', '.join(sorted(those))}" for what, those in names.items()] or ["nothing"]


def _say(title: str, lines: Iterable[str]) -> None:
    print(f"deploy: {title}", flush=True)
    for line in lines:
        print(f"  - {line}", flush=True)


def _drift(root: Path, arguments: Sequence[str]) -> int:
    command = [sys.executable, "-P", "-m", "samspec", "drift", "--root", str(root), *arguments]
    return subprocess.run(command, check=False).returncode
