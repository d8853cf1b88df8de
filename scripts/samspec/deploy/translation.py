"""The template as CloudFormation gets it: the spec included, SAM's transform applied."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samspec.sam import documents, environments
from samspec.sam.project import template_at
from samspec.sam.samconfig import overrides
from samspec.sam.template import Template
from samspec.sam.translated import translate

BASIC = (
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaRole",
    "AWSXrayWriteOnlyAccess",
    "AWSXRayDaemonWriteAccess",
)


def translated(file: Path, parameters: Mapping[str, str]) -> dict[str, Any]:
    """CloudFormation's template; conditions and mappings are in it as they are in `file`."""
    template = _included(documents.read(file), file.parent)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"  # what `sam deploy` writes
    if "Function" in template.get("Globals", {}):
        template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code.zip"
    policies = {name: f"arn:aws:iam::aws:policy/service-role/{name}" for name in BASIC}
    return translate(template, parameters, policies=policies)


def resolved(file: Path, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The resources that the environment has, without any intrinsic function left."""
    result = translated(file, parameters)
    template = Template(file, parameters, document=result)
    resources = {}
    for name, resource in result["Resources"].items():
        if "Condition" in resource and not template.resolve({"Condition": resource["Condition"]}):
            continue
        resources[name] = template.resolve(resource)
    return resources


def _included(value: Any, folder: Path) -> Any:
    if isinstance(value, dict) and "Fn::Transform" in value:
        return documents.read(folder / value["Fn::Transform"]["Parameters"]["Location"])
    if isinstance(value, dict):
        return {key: _included(item, folder) for key, item in value.items()}
    return [_included(item, folder) for item in value] if isinstance(value, list) else value


def main(arguments: list[str] | None = None) -> int:
    """Print one environment's resources with every condition and mapping resolved."""
    parser = argparse.ArgumentParser(prog="samspec template", description=main.__doc__)
    parser.add_argument("environment", help="an environment of samconfig.toml, such as dev")
    parser.add_argument("--parameter-overrides", nargs="+", default=[], metavar="NAME=VALUE")
    options = parser.parse_args(arguments)
    root = Path.cwd()
    overridden = overrides(options.parameter_overrides, "--parameter-overrides")
    parameters = {**environments.named(root, options.environment).parameters, **overridden}
    print(json.dumps({"Resources": resolved(template_at(root), parameters)}, indent=1))
    return 0
