"""A stack in AWS: its parameters, outputs, resources and history; `samspec stack` names one."""

import argparse
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader, create_loader

from samspec.sam import environments
from samspec.sam.errors import ProjectError

EXECUTE_API = re.compile(r"https://(\w+)\.execute-api\.[^/]+/(\w+)")


class Stack:
    """What CloudFormation says of the stack `name`. Raises ProjectError if AWS does not respond."""

    def __init__(self, name: str, region: str) -> None:
        self.name, self.region = name, region

    @cached_property
    def description(self) -> Mapping[str, Any] | None:
        """DescribeStacks' own; None if there is no such stack."""
        try:
            stacks = self._client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise self._unreadable(error) from None
        except BotoCoreError as error:
            raise self._unreadable(error) from None
        return dict(stacks[0])

    @property
    def exists(self) -> bool:
        """A stack in REVIEW_IN_PROGRESS has a change set and nothing else."""
        return self.status not in ("", "REVIEW_IN_PROGRESS")

    @property
    def status(self) -> str:
        return str(self.description["StackStatus"]) if self.description else ""

    @property
    def parameters(self) -> dict[str, str]:
        listed = (self.description or {}).get("Parameters") or []
        return {item["ParameterKey"]: item.get("ParameterValue", "") for item in listed}

    @property
    def outputs(self) -> dict[str, str]:
        listed = (self.description or {}).get("Outputs") or []
        return {item["OutputKey"]: item["OutputValue"] for item in listed}

    @cached_property
    def resources(self) -> dict[str, Mapping[str, Any]]:
        """ListStackResources' summaries, by logical id."""
        pages = self._client("cloudformation").get_paginator("list_stack_resources")
        resources = {}
        for page in pages.paginate(StackName=self.name):
            for resource in page["StackResourceSummaries"]:
                resources[resource["LogicalResourceId"]] = resource
        return resources

    def resources_of_type(self, resource_type: str) -> list[str]:
        """The physical ids."""
        resources = self.resources.values()
        return [r["PhysicalResourceId"] for r in resources if r["ResourceType"] == resource_type]

    @property
    def url(self) -> str:
        """Where the API responds, without a slash at the end: the output that is a URL.

        An emulator has the same at its own port, below the name localhost.
        """
        urls = [value for value in self.outputs.values() if value.startswith("https://")]
        if len(urls) != 1:
            raise ProjectError(
                f"stack {self.name} has {len(urls)} outputs that are URLs: "
                "give the template one, where the API responds"
            )
        url = urls[0].rstrip("/")
        emulator = urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))
        stage = EXECUTE_API.match(url)
        if emulator.port and stage:
            return f"http://{stage[1]}.execute-api.localhost:{emulator.port}/{stage[2]}"
        return url

    def template(self) -> Mapping[str, Any]:
        """The deployed template, SAM's transform applied."""
        formation = self._client("cloudformation")
        body = formation.get_template(StackName=self.name, TemplateStage="Processed")
        return dict(body["TemplateBody"]) if isinstance(body["TemplateBody"], dict) else {}

    def events_since(self, start: datetime) -> Iterator[Mapping[str, Any]]:
        """Its events, the last first."""
        pages = self._client("cloudformation").get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=self.name):
            for event in page["StackEvents"]:
                if event["Timestamp"] < start:
                    return
                yield event

    def reread(self) -> "Stack":
        return Stack(self.name, self.region)

    def _client(self, service: str) -> Any:
        return client(service, self.region)

    def _unreadable(self, error: Exception) -> ProjectError:
        return ProjectError(
            f"stack {self.name} in {self.region} cannot be read: {error}: "
            "check the credentials and the region"
        )


def client(service: str, region: str) -> Any:
    """A client of an AWS service, as the shell's AWS_* variables and profile say."""
    session = botocore.session.get_session()
    session.register_component("data_loader", _loader())
    return session.create_client(service, region_name=region)


@cache
def _loader() -> Loader:
    """Botocore's descriptions of services, which would otherwise be read for each client."""
    return create_loader()


def main(arguments: list[str] | None = None) -> int:
    """Print an environment's stack and region, as samconfig.toml has them."""
    parser = argparse.ArgumentParser(prog="samspec stack", description=main.__doc__)
    parser.add_argument("environment", help="an environment of samconfig.toml, such as dev")
    environment = environments.named(Path.cwd(), parser.parse_args(arguments).environment)
    print(environment.stack, environment.region)
    return 0
