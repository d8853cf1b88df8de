"""What `sam deploy` and `sam sync` are told: capabilities, parameters, and SAM's own verdict."""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.application import Application
from samspec.sam.documents import Document
from samspec.sam.finding import Finding
from samspec.sam.parameters import faults
from samspec.sam.samconfig import overrides
from samspec.sam.translated import PACKAGED, Untranslated, translate
from samspec.sam.variants import Variant
from samspec.sam.written import SERVERLESS

TRANSFORM = "AWS::Serverless-2016-10-31"
CONFIG = "samconfig.toml"
EXPAND, NAMED, IAM = "CAPABILITY_AUTO_EXPAND", "CAPABILITY_NAMED_IAM", "CAPABILITY_IAM"
NAMED_RESOURCES = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
}
# What SAM said of the last template and definitions; documents are the same object while their
# text is the same.
_KNOWN: dict[object, list[str]] = {}
LOCATIONS = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}


def check(application: Application) -> Iterator[Finding]:
    """samconfig.toml against the template, and the template against SAM's translator."""
    yield from _config(application)
    yield from translation(application)


# samconfig.toml


def _config(application: Application) -> Iterator[Finding]:
    for name, commands in application.samconfig.items():
        if not isinstance(commands, dict):
            continue
        for command in ("deploy", "sync"):
            section = commands.get(command)
            parameters = section.get("parameters") if isinstance(section, dict) else None
            if isinstance(parameters, dict):
                yield from _capabilities(application, name, command, parameters)
                yield from _overrides(application, name, command, parameters)


def _at(application: Application, name: str, command: str, key: str, text: str) -> tuple[str, int]:
    lines = application.text(CONFIG).splitlines()
    section = f"[{name}.{command}."
    start = next((n for n, line in enumerate(lines) if line.strip().startswith(section)), 0)
    for number, line in enumerate(lines[start:], start + 1):
        if line.strip().startswith(key) or (text and text in line and number > start + 1):
            return CONFIG, number
    return CONFIG, start + 1


def _capabilities(
    application: Application, name: str, command: str, parameters: Mapping[str, Any]
) -> Iterator[Finding]:
    stated = parameters.get("capabilities")
    if stated is None:
        return  # the SAM CLI asks, or takes its own default
    capabilities = set(stated.split() if isinstance(stated, str) else map(str, stated))
    capabilities = {item for part in capabilities for item in part.split(",")}
    missing = []
    named = []
    for resource, content in application.resources.items():
        if NAMED_RESOURCES.get(str(content.get("Type"))) in (content.get("Properties") or {}):
            named.append(resource)
    if command == "sync" and EXPAND not in capabilities:
        missing.append((EXPAND, "sam sync creates stacks without change sets"))
    if named and NAMED not in capabilities:
        missing.append((NAMED, f"{named[0]} has a name of its own"))
    nested = []
    for resource, content in application.resources.items():
        if content.get("Type") == "AWS::Serverless::Application":
            nested.append(resource)
    if nested and EXPAND not in capabilities and command == "deploy":
        missing.append((EXPAND, f"{nested[0]} is a nested application"))
    for capability, reason in missing:
        file, line = _at(application, name, command, "capabilities", "")
        yield Finding(
            file,
            line,
            f"sam {command} of {name} lacks {capability}: {reason}",
            f'add it to capabilities: "{" ".join(sorted(capabilities | {capability}))}"',
            "deploy-capabilities",
        )


def _overrides(
    application: Application, name: str, command: str, parameters: Mapping[str, Any]
) -> Iterator[Finding]:
    if "parameter_overrides" not in parameters:
        return
    declared = application.section("Parameters")
    for parameter, value in overrides(parameters["parameter_overrides"], CONFIG).items():
        place = _at(application, name, command, "parameter_overrides", parameter)
        if parameter not in declared:
            yield Finding(
                *place,
                f"sam {command} of {name} sets {parameter}, which the template does not have",
                f"write one of: {', '.join(declared) or 'none'}",
                "deploy-parameter",
            )
            continue
        for refused, reason in faults(declared[parameter] or {}, value):
            yield Finding(
                *place,
                f"sam {command} of {name} sets {parameter} to {refused!r}, which {reason}",
                "write a value that the template allows",
                "deploy-parameter",
            )
    if command == "deploy":
        yield from _rules(application, name, parameters)


def _rules(application: Application, name: str, parameters: Mapping[str, Any]) -> Iterator[Finding]:
    """The template's Rules, which CloudFormation checks before it does anything."""
    overridden = overrides(parameters["parameter_overrides"], CONFIG)
    defaults = application.environments[0].parameters
    environment = Variant(name, application.template.data, {**defaults, **overridden})
    for rule_name, reason in environment.broken_rules():
        file, line = _at(application, name, "deploy", "parameter_overrides", "")
        yield Finding(
            file,
            line,
            f"the rule {rule_name} refuses the parameters of {name} ({reason})",
            "set the parameter that it asks for",
            "deploy-rule",
        )


# SAM's translator


def translation(application: Application) -> Iterator[Finding]:
    """What AWS's own translator refuses of the template."""
    transforms = application.template.data.get("Transform")
    listed = transforms if isinstance(transforms, list) else [transforms]
    if TRANSFORM not in listed or not _is_translatable(application, listed):
        return
    documents = (application.template, *(api.document for api in application.written))
    key = (documents, tuple(sorted(application.environments[0].parameters.items())))
    if key not in _KNOWN:
        _KNOWN.clear()  # the last one is enough: most edits are of other files
        _KNOWN[key] = _refusals(application)
    for cause in _KNOWN[key]:
        yield _finding(application.template, cause)


def _is_translatable(application: Application, transforms: list[Any]) -> bool:
    """Whether nothing runs before SAM's transform that only AWS can run."""
    if transforms != [TRANSFORM]:
        application.notes.append(
            "other transforms run on AWS only: SAM's translation is not checked"
        )
        return False
    return True


def _refusals(application: Application) -> list[str]:
    try:
        translate(_packaged(application), application.environments[0].parameters)
    except Untranslated as error:
        return error.causes
    return []


def _finding(template: Document, cause: str) -> Finding:
    named = re.search(r"id \[(\w+)\]", cause)
    at = ("Resources", named[1]) if named else ()
    return template.finding(
        "sam-translation", at, f"SAM cannot translate it ({cause})", "correct it by SAM's reference"
    )


def _packaged(application: Application) -> dict[str, Any]:
    """The template as `sam package` leaves it, with code in a bucket and definitions included."""
    packaged: dict[str, Any] = copy.deepcopy(application.template.data)
    for resource in packaged["Resources"].values():
        type_name = resource.get("Type") if isinstance(resource, dict) else None
        if type_name == "AWS::Serverless::Application":
            # Of the Serverless Application Repository: SAM would ask AWS for it.
            resource["Properties"] = {"Location": "https://bucket.s3.amazonaws.com/template"}
        if type_name not in LOCATIONS:
            continue
        properties = resource.setdefault("Properties", {})
        if type_name == SERVERLESS and {"InlineCode", "ImageUri"} & set(properties):
            continue
        if properties.get("PackageType") == "Image":
            properties["ImageUri"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"
        elif type_name != "AWS::Serverless::StateMachine" or "DefinitionUri" in properties:
            properties[LOCATIONS[type_name]] = PACKAGED
    for api in application.written:
        properties = packaged["Resources"][api.name].get("Properties") or {}
        if "DefinitionUri" in properties:
            properties["DefinitionUri"] = PACKAGED
        elif "DefinitionBody" in properties and api.data:
            properties["DefinitionBody"] = _written(api.data)
    return packaged


def _written(data: dict[str, Any]) -> dict[str, Any]:
    """A copy, because the translator works on the definition in place."""
    return copy.deepcopy(data)
