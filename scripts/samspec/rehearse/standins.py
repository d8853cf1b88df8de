"""What MiniStack does not do as AWS does: changed in the built template before it is deployed, or left unchecked.

Run as a module in the project's folder, this changes the template that `sam build` left there."""

import json
import os
import re
from pathlib import Path
from typing import Any

import yaml

BUILT = Path(".aws-sam/build")

UNCHECKED = (
    "gateway responses, MOCK integrations and request validators: not read from the spec",
    "the access log of the stage; point-in-time recovery and encryption of the table: not made from the template",
    "the Rules of the template: checked when the change set is made, in other words than AWS's",
    "the stage: it serves the API as it is, whether deployed or not (tests/production looks at AlwaysDeploy)",
    "throttling, and alarms going off: nothing happens",
)

# The tests of the integration suite for what the gateway answers itself (see above).
UNTESTED = (
    "test_a_browser_may_ask_what_it_may_send",
    "test_a_question_of_another_media_type_is_refused",
    "test_another_method_is_not_allowed",
    "test_an_unknown_path_is_not_found",
)
# What `scripts/drift --stack` finds missing for the same reasons.
UNSERVED = re.compile("has no ANY | as request validator of |, in its response ")


def without_codedeploy(template: dict[str, Any]) -> None:
    """CodeDeploy is not there: aliases move to new versions all at once"""
    template["Globals"]["Function"].pop("DeploymentPreference")


def with_environment_as_default(template: dict[str, Any]) -> None:
    """the SAM transform is given the parameters' defaults: Environment gets the one that is deployed"""
    template["Parameters"]["Environment"]["Default"] = os.environ["REHEARSED"]


def with_looked_up_conditions(template: dict[str, Any]) -> None:
    """conditions do not look into Mappings: they get what is found there"""

    def looked_up(value: dict[str, Any]) -> Any:
        match value:
            case {"Fn::FindInMap": [mapping, _, key]}:
                return str(template["Mappings"][mapping][os.environ["REHEARSED"]][key])
        return value

    template["Conditions"] = json.loads(json.dumps(template["Conditions"]), object_hook=looked_up)


def with_security_scheme(template: dict[str, Any]) -> None:
    """x-amazon-apigateway-auth is not read: a security scheme says the same"""
    include = template["Resources"]["UsersApi"]["Properties"]["DefinitionBody"]["Fn::Transform"][
        "Parameters"
    ]
    spec = yaml.safe_load((BUILT / include["Location"]).read_text())
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }
    spec["components"]["securitySchemes"] = {"sigv4": scheme}
    for operation in (o for path in spec["paths"].values() for o in path.values()):
        if stated := operation.pop("x-amazon-apigateway-auth", None):
            condition, _, _ = stated["type"]["Fn::If"]
            operation["security"] = {"Fn::If": [condition, [{"sigv4": []}], []]}
    (BUILT / "rehearsed.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    include["Location"] = "rehearsed.yaml"


def without_metric_math(template: dict[str, Any]) -> None:
    """alarms cannot add metrics up: each watches the first of its metrics"""
    for alarm in (
        r["Properties"]
        for r in template["Resources"].values()
        if r["Type"] == "AWS::CloudWatch::Alarm"
    ):
        if metrics := alarm.pop("Metrics", None):
            first = metrics[1]["MetricStat"]
            alarm |= {**first["Metric"], "Statistic": first["Stat"], "Period": first["Period"]}


ALL = (
    *(without_codedeploy, with_environment_as_default, with_looked_up_conditions),
    *(with_security_scheme, without_metric_math),
)


if __name__ == "__main__":
    file = BUILT / "template.yaml"
    template = yaml.safe_load(file.read_text())
    for change in ALL:
        change(template)
    file.write_text(yaml.safe_dump(template, sort_keys=False))
