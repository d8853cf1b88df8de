"""The stack of one of samconfig.toml's environments."""

import argparse
import os
import tomllib
from pathlib import Path
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from samspec.sam.errors import ProjectError
from samspec.sam.template import Template


class Stack:
    """A deployed stack. Raises ProjectError where there is none."""

    def __init__(self, config: str, root: Path = Path()):
        settings = _settings(config, root)
        self.name, self.region = str(settings["stack_name"]), str(settings["region"])
        try:
            cloudformation = client("cloudformation", self.region)
            described = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        except (BotoCoreError, ClientError) as error:
            raise ProjectError(
                f"stack {self.name} in {self.region} cannot be read: {error}"
            ) from None
        self.outputs = {
            output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]
        }
        self.parameters = {p["ParameterKey"]: p["ParameterValue"] for p in described["Parameters"]}
        self.template = Template(root / "template.yaml", self.parameters)

    @property
    def url(self) -> str:
        """Where the API answers, without a slash at the end."""
        url: str = self.outputs["UsersApi"].rstrip("/")
        if emulator := os.environ.get("AWS_ENDPOINT_URL"):
            host, stage = url.removeprefix("https://").split("/")
            return f"{emulator}/_aws/execute-api/{host.split('.')[0]}/{stage}"
        return url


def client(service: str, region: str) -> Any:
    return botocore.session.get_session().create_client(service, region_name=region)


def _settings(config: str, root: Path) -> dict[str, object]:
    configs = tomllib.loads((root / "samconfig.toml").read_text())
    if not isinstance(configs.get(config), dict):
        raise ProjectError(f"samconfig.toml has no [{config}.global.parameters]")
    return dict(configs[config]["global"]["parameters"])


def main(arguments: list[str] | None = None) -> int:
    """Prints the stack's name and region."""
    parser = argparse.ArgumentParser(
        prog="samspec stack", description="Print a stack and its region."
    )
    parser.add_argument("config", help="an environment of samconfig.toml: default or prod")
    settings = _settings(parser.parse_args(arguments).config, Path())
    print(settings["stack_name"], settings["region"])
    return 0
