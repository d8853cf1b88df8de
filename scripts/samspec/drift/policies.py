"""What a function may do: every statement that IAM reads for its role, with its place."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from samspec.drift.application import Application
from samspec.sam.documents import Keys
from samspec.sam.template import NO_VALUE
from samspec.sam.variants import UNKNOWN, Variant
from samspec.sam.written import SERVERLESS, WrittenFunction

# What SAM attaches itself, for logs, traces, networks and event sources.
BASIC = ("service-role/", "AWSXray", "AWSXRay", "CloudWatchLambda", "AWSLambdaBasic")
VERSIONS = ("2008-10-17", "2012-10-17")
ATTACHED = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy")
POLICY_TYPES = (*ATTACHED, "AWS::IAM::Role", "AWS::Serverless::Connector")
# The actions of a connector from a function to a table:
# https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/reference-sam-connector.html
CONNECTOR = {
    "Read": "GetItem Query Scan BatchGetItem ConditionCheckItem PartiQLSelect",
    "Write": "PutItem UpdateItem DeleteItem BatchWriteItem PartiQLDelete PartiQLInsert "
    "PartiQLUpdate",
}


@dataclass(frozen=True)
class Statement:
    """One statement, resolved in one environment; `at` is where the template has it."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    at: Keys
    inverted: str = ""  # NotAction or NotResource
    source: str = ""  # what gives it, if it is not a policy document
    fault: str = ""  # what IAM refuses of its document


@dataclass(frozen=True)
class Grants:
    """All that one function may do in one environment."""

    statements: tuple[Statement, ...]
    managed: tuple[tuple[str, Keys], ...]  # names of AWS's own policies, and their places
    is_known: bool = True  # False if its role is not in the template


def grants(application: Application, function: WrittenFunction, environment: Variant) -> Grants:
    """The statements of a function's role in one environment."""
    reader = _Reader(application, environment)
    at = ("Resources", function.name, "Properties")
    role = function.properties.get("Role")
    if role is None or environment.resolve(role) is NO_VALUE:
        if function.type_name == SERVERLESS:
            reader.read_policies(function.properties.get("Policies"), (*at, "Policies"))
        roles = {f"{function.name}Role"}
    else:
        name = _role_name(application, environment, role)
        owner = _owner(application, environment, role)
        if owner is not None:
            place = ("Resources", owner.name, "Properties", "Policies")
            reader.read_policies(owner.properties.get("Policies"), place)
            name = f"{owner.name}Role"
        elif name is not None:
            reader.read_role(name)
        else:
            return Grants((), (), is_known=False)
        roles = {name}
    reader.read_attached(roles)
    reader.read_connectors(function)
    return Grants(tuple(reader.statements), tuple(reader.managed))


def _owner(application: Application, environment: Variant, role: Any) -> WrittenFunction | None:
    """The function whose role, as SAM makes it, this is."""
    arn = environment.resolve(role)
    for function in application.functions.values():
        is_made = function.type_name == SERVERLESS and "Role" not in function.properties
        if is_made and arn == environment.arn(f"{function.name}Role"):
            return function
    return None


def _role_name(application: Application, environment: Variant, role: Any) -> str | None:
    arn = environment.resolve(role)
    for name, _ in application.of_type("AWS::IAM::Role"):
        if arn == environment.arn(name):
            return name
    return None


class _Reader:
    def __init__(self, application: Application, environment: Variant) -> None:
        self.application, self.environment = application, environment
        self.statements: list[Statement] = []
        self.managed: list[tuple[str, Keys]] = []

    def read_policies(self, policies: Any, at: Keys) -> None:
        """The Policies of a function: names, ARNs, documents, SAM's own templates."""
        for index, policy in _items(self.environment.resolve(policies)):
            place = (*at, index) if index else at
            if isinstance(policy, str):
                self._managed(policy, place)
            elif isinstance(policy, dict) and "Statement" in policy:
                self._document(policy, place)
            elif isinstance(policy, dict):
                for name, values in policy.items():
                    self._template(str(name), values, place)

    def read_role(self, name: str) -> None:
        """A role of the template."""
        at = ("Resources", name, "Properties")
        properties = self.application.resources[name].get("Properties") or {}
        for index, arn in _items(self.environment.resolve(properties.get("ManagedPolicyArns"))):
            self._managed(str(arn), (*at, "ManagedPolicyArns", index))
        for index, policy in _items(self.environment.resolve(properties.get("Policies"))):
            if isinstance(policy, dict):
                place = (*at, "Policies", index, "PolicyDocument")
                self._document(policy.get("PolicyDocument") or {}, place)

    def read_attached(self, roles: set[str]) -> None:
        """Policies of the template that are attached to one of these roles from outside."""
        names = {self.environment.physical_name(role) for role in roles} | roles
        for name, resource in self.application.of_type(*ATTACHED):
            properties = resource.get("Properties") or {}
            attached = self.environment.resolve(
                properties.get("Roles") or [properties.get("RoleName")]
            )
            if self.environment.is_made(name) and names & set(map(str, attached)):
                at = ("Resources", name, "Properties", "PolicyDocument")
                document = self.environment.resolve(properties.get("PolicyDocument")) or {}
                self._document(document, at, source=name)

    def read_connectors(self, function: WrittenFunction) -> None:
        """SAM's connectors from this function, on it or as resources of their own."""
        own = function.resource.get("Connectors") or {}
        for name, connector in own.items() if isinstance(own, dict) else ():
            at = ("Resources", function.name, "Connectors", name)
            self._connector(connector.get("Properties") or {}, at, name)
        for name, resource in self.application.of_type("AWS::Serverless::Connector"):
            properties = resource.get("Properties") or {}
            if (properties.get("Source") or {}).get("Id") == function.name:
                self._connector(properties, ("Resources", name), name)

    def _connector(self, properties: Mapping[str, Any], at: Keys, name: str) -> None:
        for _, destination in _items(properties.get("Destination")):
            identifier = str((destination or {}).get("Id"))
            resource = self.application.resources.get(identifier) or {}
            if "Table" not in str(resource.get("Type")):
                continue
            arn = self.environment.arn(identifier)
            actions = []
            for permission in properties.get("Permissions") or []:
                for action in CONNECTOR.get(str(permission), "").split():
                    actions.append(f"dynamodb:{action}")
            resources = (arn, f"{arn}/index/*")
            self.statements.append(Statement("Allow", tuple(actions), resources, at, source=name))

    def _document(self, document: Mapping[str, Any], at: Keys, source: str = "") -> None:
        for index, statement in _items(document.get("Statement")):
            if not isinstance(statement, dict):
                continue
            place = (*at, "Statement", index) if index else (*at, "Statement")
            read = _statement(statement, place, source)
            self.statements.append(replace(read, fault=_refused(document, statement)))

    def _managed(self, policy: str, at: Keys) -> None:
        name = policy.rpartition(":policy/")[2]
        owners = {}
        for other, _ in self.application.of_type("AWS::IAM::ManagedPolicy"):
            owners[self.environment.arn(other)] = other
        if policy in owners:
            properties = self.application.resources[owners[policy]].get("Properties") or {}
            place = ("Resources", owners[policy], "Properties", "PolicyDocument")
            document = self.environment.resolve(properties.get("PolicyDocument")) or {}
            self._document(document, place, source=owners[policy])
        elif UNKNOWN not in policy:
            self.managed.append((name, at))

    def _template(self, name: str, values: Any, at: Keys) -> None:
        """One of SAM's policy templates, such as DynamoDBReadPolicy."""
        template = _policy_templates().get(name)
        if template is None:
            return  # SAM refuses it, and the translation says so
        parameters = values if isinstance(values, dict) else {}
        document = {"Parameters": {key: {"Type": "String"} for key in template["Parameters"]}}
        texts = {key: str(value) for key, value in parameters.items()}
        filled = Variant(self.environment.label, document, texts, self.environment.place)
        self._document(filled.resolve(template["Definition"]), at, source=name)


def _refused(document: Mapping[str, Any], statement: Mapping[str, Any]) -> str:
    """What IAM refuses of a policy for a role; empty if it takes it."""
    version = document.get("Version", VERSIONS[0])
    if str(version) not in VERSIONS:
        return f"is of the Version {version}"
    named = [key for key in ("Principal", "NotPrincipal") if key in statement]
    return f"has a {named[0]}, which policies of resources have" if named else ""


def _statement(statement: Mapping[str, Any], at: Keys, source: str) -> Statement:
    inverted = [key for key in ("NotAction", "NotResource") if key in statement]
    actions = _texts(statement.get("Action", statement.get("NotAction")))
    resources = _texts(statement.get("Resource", statement.get("NotResource")))
    effect = str(statement.get("Effect", "Allow"))
    return Statement(effect, actions, resources, at, "".join(inverted[:1]), source)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for _, item in _items(value))


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    """The items of a list with their index, or the one value, nested lists and NoValue left out."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, list):
                for inner in item:
                    yield str(index), inner
            elif item is not NO_VALUE:
                yield str(index), item
    elif value is not None and value is not NO_VALUE:
        yield "", value


@cache
def _policy_templates() -> dict[str, Any]:
    """SAM's policy templates, from its translator's own file."""
    package = find_spec("samtranslator")
    if package is None or not package.submodule_search_locations:
        return {}
    folder = Path(package.submodule_search_locations[0])
    file = folder / "policy_templates_data" / "policy_templates.json"
    templates: dict[str, Any] = json.loads(file.read_text())["Templates"]
    return templates
