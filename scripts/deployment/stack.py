"""The stack of one of samconfig.toml's environments; run as a module, this prints its name and region."""

import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError
from gateway.errors import ProjectError
from gateway.template import Template


class Stack:
    """A deployed stack. Raises ProjectError where there is none."""

    def __init__(self, config: str, root: Path = Path()):
        settings = _settings(config, root)
        self.name, self.region = str(settings["stack_name"]), str(settings["region"])
        try:
            cloudformation = client("cloudformation", self.region)
            described = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        except (BotoCoreError, ClientError) as error:
            raise ProjectError(f"stack {self.name} in {self.region} cannot be read: {error}") from None
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
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


if __name__ == "__main__":
    settings = _settings(sys.argv[1], Path())
    print(settings["stack_name"], settings["region"])
