"""Check 11: what a stack serves is what spec and template say: routes, integrations, validators, throttles, errors."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.importability import GATEWAY_RESPONSES
from samspec.drift.integrations import VALIDATOR
from samspec.sam.documents import Keys
from samspec.sam.errors import ProjectError
from samspec.sam.finding import Finding
from samspec.sam.operations import INTEGRATION, Operation
from samspec.sam.project import Project
from samspec.sam.template import Template

MEND = "deploy again, and change nothing by hand"
Fault = tuple[Keys, str]


def check(project: Project, stack: str, session: Any = None) -> Iterator[Finding]:
    """`session` makes clients as botocore's does; without one, the environment says whose account it is."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.session import Session

    try:
        deployment = Deployment(project, stack, session or Session())
    except (BotoCoreError, ClientError, ProjectError) as error:
        raise ProjectError(
            f"--stack {stack}: {error}: check its name, the region and the credentials"
        ) from None
    for at, differs in (*deployment.routes(), *deployment.gateway_responses()):
        yield project.spec.finding(at, f"{stack} {differs}", MEND)
    for differs in deployment.throttles():
        at = ("Resources", project.api, "Properties", "MethodSettings")
        yield project.template.finding(at, f"{stack} {differs}", MEND)


class Deployment:
    """The stage as API Gateway describes it, beside what spec and template say for the stack's parameters."""

    def __init__(self, project: Project, stack: str, session: Any) -> None:
        formation, gateway = (
            session.create_client("cloudformation"),
            session.create_client("apigateway"),
        )
        described = formation.describe_stacks(StackName=stack)["Stacks"][0]
        pages = formation.get_paginator("list_stack_resources").paginate(StackName=stack)
        resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
        self.names = {one["LogicalResourceId"]: one.get("PhysicalResourceId") for one in resources}
        if not self.names.get(project.api):
            raise ProjectError(
                f"--stack {stack}: it has no {project.api}: name a stack of this template"
            )
        parameters = {
            one["ParameterKey"]: one["ParameterValue"] for one in described.get("Parameters", [])
        }
        template = Template(project.root / project.template.name, parameters)
        self.project, self.spec = project, template.resolve(project.spec.data)
        self.api = template.of_type("AWS::Serverless::Api")[project.api]
        where = {"restApiId": self.names[project.api], "stageName": self.api["StageName"]}
        self.stage = gateway.get_stage(**where)
        export = gateway.get_export(
            **where, exportType="oas30", parameters={"extensions": "apigateway"}
        )
        self.export = json.loads(export["body"].read())

    def routes(self) -> Iterator[Fault]:
        paths = self.export.get("paths", {})
        served = {
            (path, method): node for path, item in paths.items() for method, node in item.items()
        }
        for operation in self.project.operations:
            node = served.pop((operation.path, operation.keys[-1]), None)
            if node is None:
                yield operation.keys, f"has no {operation}"
                continue
            for differs in self._integration(operation, node):
                yield operation.keys, f"{differs} of {operation}"
        for path, method in served:
            if method != "parameters":
                yield ("paths",), f"has {method.upper()} {path}, which the spec lacks"

    def _integration(self, operation: Operation, node: Mapping[str, Any]) -> Iterator[str]:
        found, wanted = node.get(INTEGRATION, {}), operation.integration
        for key in ("type", "httpMethod") if operation.is_proxy else ("type",):
            if str(found.get(key)).lower() != str(wanted.get(key)).lower():
                yield f"has {found.get(key)}, not {wanted.get(key)}, as integration {key}"
        name, alias = operation.target
        if operation.is_proxy and not str(found.get("uri")).endswith(
            f":{self.names.get(str(name))}:{alias}/invocations"
        ):
            yield f"calls {found.get('uri')}, not {alias} of {name}, as integration"
        said, meant = _validation(self.export, node), _validation(self.spec, operation.node)
        if operation.is_proxy and said != meant:
            yield f"has {said}, not {meant}, as request validator"

    def gateway_responses(self) -> Iterator[Fault]:
        theirs = self.export.get(GATEWAY_RESPONSES, {})
        for kind, wanted in self.spec.get(GATEWAY_RESPONSES, {}).items():
            for key, value in wanted.items():
                said = theirs.get(kind, {}).get(key)
                if str(said) != str(value) and said != value:
                    yield (
                        (GATEWAY_RESPONSES, kind, key),
                        f"has {key} {said}, not {value}, in its response {kind}",
                    )

    def throttles(self) -> Iterator[str]:
        for wanted in self.api.get("MethodSettings") or []:
            path = (
                "*" if wanted["ResourcePath"] == "/*" else wanted["ResourcePath"].replace("/", "~1")
            )
            key = f"{path}/{wanted['HttpMethod']}"
            found = self.stage.get("methodSettings", {}).get(key, {})
            for name in ("throttlingRateLimit", "throttlingBurstLimit"):
                meant = wanted.get(name[0].upper() + name[1:])
                if meant is not None and float(found.get(name, -1)) != float(meant):
                    yield f"has {found.get(name)}, not {meant}, as {name} of {key}"


def _validation(spec: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """What the operation's validator looks at."""
    chosen = spec.get(f"{VALIDATOR}s", {}).get(node.get(VALIDATOR, spec.get(VALIDATOR)), {})
    return " and ".join(sorted(key for key, value in chosen.items() if value)) or "none"
