"""What `samspec deploy` was asked for."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from samspec.sam import documents, environments, samconfig
from samspec.sam.environments import KIND, Environment
from samspec.sam.errors import ProjectError
from samspec.sam.project import template_at

CANARY = "Canary"  # the template's parameter of `--without-canary`


@dataclass(frozen=True)
class Options:
    """`parameters` are the environment's with those of the command line; `sam` goes to `sam
    deploy`.
    """

    environment: Environment
    parameters: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()  # logical ids whose data may stay behind
    sam: tuple[str, ...] = ()


def read(root: Path, arguments: Sequence[str] | None) -> Options:
    """Raises a ProjectError where a parameter would make another kind of environment."""
    parsed, rest = _parser().parse_known_args(arguments)
    environment = environments.named(root, parsed.environment)
    if parsed.region:
        environment = replace(environment, region=parsed.region)
    overrides = samconfig.overrides(parsed.parameter_overrides, "--parameter-overrides")
    _refuse_another_kind(environment, overrides)
    parameters = {**environment.parameters, **overrides}
    declared = documents.read(template_at(root)).get("Parameters") or {}
    if parsed.without_canary and CANARY not in declared:
        raise ProjectError(f"--without-canary: the template has no parameter {CANARY}")
    if CANARY in declared:  # said each time: CloudFormation keeps what a deploy does not say
        default = declared[CANARY].get("Default", "")
        parameters[CANARY] = "false" if parsed.without_canary else overrides.get(CANARY, default)
    headers = dict(header.split(": ", 1) for header in parsed.header)
    return Options(environment, parameters, headers, tuple(parsed.accept_loss), tuple(rest))


def _refuse_another_kind(environment: Environment, overrides: dict[str, str]) -> None:
    own = environment.parameters.get(KIND)
    asked = overrides.get(KIND, own)
    if asked != own:
        raise ProjectError(
            f"{KIND}={asked} is not what samconfig.toml says of {environment.name} ({own}): "
            "deploy the other environment by its name, or change samconfig.toml"
        )


def _header(text: str) -> str:
    if ": " not in text:
        raise argparse.ArgumentTypeError(f"{text!r}: write it as 'Name: value'")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="samspec deploy",
        description="Check, build, deploy and try an environment. "
        "Other options go to `sam deploy`.",
        allow_abbrev=False,
    )
    parser.add_argument("environment", help="an environment of samconfig.toml, such as dev")
    parser.add_argument(
        "--parameter-overrides",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="on top of samconfig.toml's, which a plain `sam deploy` would drop",
    )
    parser.add_argument(
        "--without-canary",
        action="store_true",
        help="all requests at once, whatever alarm is on: for the deploy that ends an incident",
    )
    parser.add_argument("--region", help="another than samconfig.toml's")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        type=_header,
        metavar="'NAME: VALUE'",
        help="of every request of the smoke test, such as an Authorization",
    )
    parser.add_argument(
        "--accept-loss",
        action="append",
        default=[],
        metavar="LOGICAL_ID",
        help="replace or remove this resource though its data stays behind",
    )
    return parser
