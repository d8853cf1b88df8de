"""Nested applications of the project: file, parameters, and the outputs that are used."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from samspec.drift.application import Application
from samspec.sam.documents import nodes
from samspec.sam.finding import Finding

LOCATIONS = {
    "AWS::Serverless::Application": "Location",
    "AWS::CloudFormation::Stack": "TemplateURL",
}
TEMPLATES = (".yaml", ".yml", ".json", ".template")


def check(application: Application) -> Iterator[Finding]:
    """Every nested application whose template is a file of the project."""
    outputs: dict[str, set[str]] = {}
    for name, resource in application.of_type(*LOCATIONS):
        properties = resource.get("Properties") or {}
        location = properties.get(LOCATIONS[str(resource["Type"])])
        if not isinstance(location, str) or "://" in location or not location.endswith(TEMPLATES):
            continue
        file = (Path(application.template.name).parent / location).as_posix().removeprefix("./")
        if not application.exists(file):
            yield application.finding(
                "nested-template",
                name,
                "Properties",
                message=f"{name} is nested from {file}, which does not exist",
                fix="correct its location",
            )
            continue
        template = application.document(file).data
        if isinstance(template, dict):
            outputs[name] = set(_section(template, "Outputs"))
            yield from _parameters(application, name, file, template, properties)
    yield from _outputs(application, outputs)


def _section(template: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = template.get(name)
    return section if isinstance(section, dict) else {}


def _parameters(
    application: Application,
    name: str,
    file: str,
    template: Mapping[str, Any],
    properties: Mapping[str, Any],
) -> Iterator[Finding]:
    declared, passed = _section(template, "Parameters"), _section(properties, "Parameters")
    for parameter in passed:
        if parameter not in declared:
            yield application.finding(
                "nested-parameter",
                name,
                "Properties",
                "Parameters",
                parameter,
                message=f"{name} is given {parameter}, which {file} does not have",
                fix=f"give one of: {', '.join(declared) or 'none'}",
            )
    for parameter, declaration in declared.items():
        has_default = isinstance(declaration, dict) and "Default" in declaration
        if parameter not in passed and not has_default:
            yield application.finding(
                "nested-parameter",
                name,
                "Properties",
                message=f"{name} is not given {parameter}, for which {file} has no default",
                fix="give it under Parameters",
            )


def _outputs(application: Application, outputs: Mapping[str, set[str]]) -> Iterator[Finding]:
    for at, node in nodes(application.template.data):
        if not isinstance(node, dict) or "Fn::GetAtt" not in node:
            continue
        argument = node["Fn::GetAtt"]
        parts = argument.split(".") if isinstance(argument, str) else [str(p) for p in argument]
        owner, attribute = parts[0], ".".join(parts[1:])
        output = attribute.removeprefix("Outputs.")
        if owner in outputs and output != attribute and output not in outputs[owner]:
            yield application.template.finding(
                "nested-output",
                at,
                f"it reads the output {output} of {owner}, which its template does not have",
                f"name one of: {', '.join(sorted(outputs[owner])) or 'none'}",
            )
