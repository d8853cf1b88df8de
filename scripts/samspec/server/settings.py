"""What a command's options and the SAM CLI's files say of how to read a template."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from samspec.sam.samconfig import SamConfig, environments, overrides
from samspec.sam.template import Settings

REGION = r"[a-z]{2}(-[a-z]+)+-\d"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that runs a template, with the SAM CLI's names."""
    setting = like(r"\w+=.*|ParameterKey=\w+,ParameterValue=.*", "is not of the form KEY=VALUE")
    value = like(
        r"(ssm|secretsmanager|import):[^=]+=.*",
        "is not of the form ssm:NAME=VALUE, secretsmanager:NAME=VALUE or import:NAME=VALUE",
    )
    region = like(REGION, "is not a region such as eu-west-1")
    parser.add_argument(
        "--parameter-overrides", nargs="+", type=setting, default=[], metavar="KEY=VALUE"
    )
    parser.add_argument(
        "--value",
        nargs="+",
        type=value,
        default=[],
        metavar="KIND:NAME=VALUE",
        help="what is outside the template: ssm:NAME, secretsmanager:NAME, import:NAME",
    )
    parser.add_argument("--region", type=region, help="default: samconfig.toml's, or us-east-1")
    parser.add_argument(
        "--env-vars", type=Path, metavar="FILE", help="variables of functions, as JSON by function"
    )
    parser.add_argument(
        "--config-env", default="default", metavar="NAME", help="the part of samconfig.toml"
    )
    parser.add_argument(
        "--allow-host",
        nargs="+",
        default=[],
        metavar="HOST",
        help="let http integrations call these hosts, too",
    )


def settings(options: argparse.Namespace, folder: Path) -> Settings:
    """How to read the template in `folder`: the options, then samconfig.toml, then defaults."""
    stated = SamConfig.read(folder, options.config_env)
    parameters = overrides(options.parameter_overrides, "--parameter-overrides")
    values = dict(item.split("=", 1) for item in options.value)
    file = options.env_vars or (folder / stated.env_vars if stated.env_vars else None)
    return Settings(
        parameters={**stated.parameters, **parameters},
        values=values,
        region=options.region or stated.region or Settings.region,
        allowed_hosts=frozenset(options.allow_host),
        variables=environments(file) if file else {},
    )


def like(pattern: str, otherwise: str) -> Callable[[str], str]:
    """An option's type: text of the pattern, or an error that says what it is not."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise argparse.ArgumentTypeError(f"{text!r} {otherwise}")
        return text

    return check
