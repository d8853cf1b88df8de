"""Runs `schemathesis run` with schemathesis.toml. Without --url, starts a local gateway that does
not throttle.
"""

import argparse
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from samspec.fuzz import callers
from samspec.gateway.authorization.trusted import credentials
from samspec.local import MOTO, local_api
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project

# What `sam local start-api` does not do as API Gateway does, and so is not asked of it.
SAM_LOCAL = {
    "--exclude-method=OPTIONS": "it does not run MOCK integrations: OPTIONS is a 403",
}
SAM_LOCAL_CHECKS = {
    "unsupported_method": "in sam local, a method that a path does not have is a 403, not a 405",
}
# Where each request has credentials, it adds them to the requests that are to have none, too.
CREDENTIALS_CHECKS = {
    "missing_required_header": "credentials are in each request; those without are tried at the "
    "end",
}
# tests/contract/hooks.py reads it; the name is SAM CLI's own, in its containers.
SAM_LOCAL_BODIES = (
    "AWS_SAM_LOCAL",
    "bytes that are not UTF-8 are a 502 there, so they are sent as U+FFFD",
)


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options, others = parser.parse_known_args(arguments)
    if options.sam_local and not options.url:
        parser.error("--sam-local says what is behind --url: give that as well")
    seed = random.randrange(2**31) if options.seed is None else options.seed  # noqa: S311 (no secret)
    if options.examples:
        others.append(f"--max-examples={options.examples}")
    if options.seconds:
        others.append(f"--max-time={options.seconds}")
    command = _command([f"--seed={seed}", *others], options.sam_local)
    environment = os.environ | ({SAM_LOCAL_BODIES[0]: "true"} if options.sam_local else {})
    with _target(options.url, options.dynamodb) as url:
        print(f"Against {url}; the same cases again: samspec fuzz --seed {seed}", flush=True)
        status = subprocess.run([*command, f"--url={url}"], env=environment, check=False).returncode
        return max(status, _refusals(url))


def _command(others: list[str], is_sam_local: bool) -> list[str]:
    schemathesis = str(Path(sys.executable).with_name("schemathesis"))
    command = [schemathesis, "run", Project().spec.name, *others]
    headers = credentials(Project().apis)
    command += [f"--header={name}: {value}" for name, value in headers.items()]
    excluded = CREDENTIALS_CHECKS if headers else {}
    if is_sam_local:
        excluded = excluded | SAM_LOCAL_CHECKS
        for what, reason in [*SAM_LOCAL.items(), SAM_LOCAL_BODIES]:
            print(f"{what}: {reason}")
        command += SAM_LOCAL
    for check, reason in excluded.items():
        print(f"without the check {check}: {reason}")
    if excluded:
        command.append(f"--exclude-checks={','.join(excluded)}")
    return command


def _refusals(url: str) -> int:
    """Try callers who may not call; the exit code."""
    status = 0
    for api in Project().apis[:1]:
        for line in callers.accepted(url, api):
            print(f"accepted: {line}")
            status = 1
    return status


@contextmanager
def _target(url: str | None, dynamodb: str | None) -> Iterator[str]:
    """The URL of the running API, or of a local gateway that runs until the block ends."""
    if url:
        _require(url)
        yield url
        return
    with local_api(dynamodb=dynamodb or MOTO) as api:
        yield api.url


def _require(url: str) -> None:
    try:
        requests.get(url, timeout=30)
    except requests.RequestException:
        raise ProjectError(
            f"no response from {url}: start the API there, or give another --url"
        ) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="samspec fuzz",
        description="Property tests on the spec; other options go to `schemathesis run`, such as "
        "--report junit,har.",
        allow_abbrev=False,
    )
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--url", help="a running API (default: the local gateway, started for this run)"
    )
    target.add_argument(
        "--dynamodb", metavar="URL", help="the local gateway over this DynamoDB (default: moto)"
    )
    parser.add_argument(
        "--sam-local", action="store_true", help="the API at --url is behind `sam local start-api`"
    )
    parser.add_argument("--seed", type=int, help="default: a different one each time, printed")
    parser.add_argument(
        "--examples", type=int, metavar="N", help="how many cases an operation and a phase may have"
    )
    parser.add_argument("--seconds", type=int, metavar="N", help="how long the run may take")
    return parser
