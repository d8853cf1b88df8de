"""What MiniStack does not do as AWS does: changed in the built template before it is deployed, or
left unchecked.

Run as a module in the project's folder, this changes the template that `sam build` left there."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from samspec.sam.template import Template

Node = dict[str, Any]
Parameters = dict[str, str]
BUILT = Path(".aws-sam/build")
SIGNED = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "x-amazon-apigateway-authtype": "awsSigv4",
}

UNCHECKED = (
    "gateway responses, MOCK integrations and request validators: not read from the spec",
    "the access log of the stage; encryption of the table: not made from the template",
    "point-in-time recovery: turned on before a restore is tried, not by the template",
    "the Rules of the template: checked when the change set is made, in other words than AWS's",
    "the stage: it serves the API as it is, whether deployed or not (tests/production looks at "
    "AlwaysDeploy)",
    "alarms going off: nothing happens",
)

# What `scripts/drift --stack` finds missing for the same reasons, and in MiniStack's export, which
# lacks user pools and signatures (its services/apigateway_v1.py, _build_api_export): an inspection
# reads from the methods themselves what each of them asks of callers.
UNSERVED = re.compile(
    "has no ANY | as request validator of |, in its response |has no integration response "
    "|has requestTemplates |has (none|api_key), not .* as authorization of "
    "|has None, not cognito_user_pools, as type of the authorizer "
)


def without_codedeploy(template: Node, parameters: Parameters) -> None:
    """CodeDeploy is not there: aliases move to new versions all at once"""
    (template.get("Globals") or {}).get("Function", {}).pop("DeploymentPreference", None)
    for function in _of_type(template, "AWS::Serverless::Function"):
        function.pop("DeploymentPreference", None)


def with_parameters_as_defaults(template: Node, parameters: Parameters) -> None:
    """the SAM transform is given the parameters' defaults: they get the values that are deployed"""
    for name, value in parameters.items():
        template["Parameters"][name]["Default"] = value


def with_looked_up_conditions(template: Node, parameters: Parameters) -> None:
    """conditions do not look into Mappings: they get the values that are there"""
    resolver = Template(BUILT / "template.yaml", parameters)

    def looked_up(value: Node) -> Any:
        return str(resolver.resolve(value)) if list(value) == ["Fn::FindInMap"] else value

    conditions = json.dumps(template.get("Conditions") or {})
    template["Conditions"] = json.loads(conditions, object_hook=looked_up)


def with_security_scheme(template: Node, parameters: Parameters) -> None:
    """x-amazon-apigateway-auth is not read: a security scheme says the same"""
    for api in _of_type(template, "AWS::Serverless::Api"):
        body = api.get("DefinitionBody") or {}
        include = body.get("Fn::Transform", {}).get("Parameters")
        if include:
            spec = yaml.safe_load((BUILT / include["Location"]).read_text())
            _state_schemes(spec)
            (BUILT / "rehearsed.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
            include["Location"] = "rehearsed.yaml"
        elif "paths" in body:
            _state_schemes(body)


def _state_schemes(spec: Node) -> None:
    for path in spec["paths"].values():
        for operation in path.values():
            stated = isinstance(operation, dict) and operation.pop("x-amazon-apigateway-auth", None)
            if stated:
                operation["security"] = _security(stated["type"])
                schemes = spec.setdefault("components", {}).setdefault("securitySchemes", {})
                schemes["sigv4"] = SIGNED


def _security(type_name: Any) -> Any:
    """The `security` that says the same as a type of x-amazon-apigateway-auth."""
    if isinstance(type_name, dict):
        condition, *choices = type_name["Fn::If"]
        return {"Fn::If": [condition, *map(_security, choices)]}
    return [{"sigv4": []}] if str(type_name).upper() == "AWS_IAM" else []


ALL = (
    *(without_codedeploy, with_parameters_as_defaults, with_looked_up_conditions),
    with_security_scheme,
)


def _of_type(template: Node, resource_type: str) -> Iterator[Node]:
    for resource in template["Resources"].values():
        if resource["Type"] == resource_type:
            yield resource.setdefault("Properties", {})


if __name__ == "__main__":
    file = BUILT / "template.yaml"
    built = yaml.safe_load(file.read_text())
    for change in ALL:
        change(built, json.loads(os.environ["REHEARSED"]))
    file.write_text(yaml.safe_dump(built, sort_keys=False))
