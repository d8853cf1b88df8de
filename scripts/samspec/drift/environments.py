"""What a template's values are in each environment that its parameters allow.

Two spellings of an ARN, an origin or a policy are the same if they have the same value in every
environment. One environment is another partition, region and account, so that a value which is
fixed to one of them differs there.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

UNKNOWN = "\x00"  # in the text of a value that only AWS knows
NO_VALUE = object()
VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")
SAMPLES = (
    "https://sample.example",
    "sample",
    "sample@example.com",
    "7",
    "10.0.0.0/16",
    "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Sample",
)
NAMES = (
    "TableName",
    "FunctionName",
    "QueueName",
    "TopicName",
    "BucketName",
    "RoleName",
    "LogGroupName",
    "AlarmName",
    "Name",
)
NOUNS = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/"),
    "AWS::Serverless::SimpleTable": ("dynamodb", "table/"),
    "AWS::Serverless::Function": ("lambda", "function:"),
    "AWS::Lambda::Function": ("lambda", "function:"),
    "AWS::SQS::Queue": ("sqs", ""),
    "AWS::SNS::Topic": ("sns", ""),
    "AWS::Logs::LogGroup": ("logs", "log-group:"),
    "AWS::KMS::Key": ("kms", "key/"),
    "AWS::Cognito::UserPool": ("cognito-idp", "userpool/"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "alarm:"),
    "AWS::StepFunctions::StateMachine": ("states", "stateMachine:"),
    "AWS::Serverless::StateMachine": ("states", "stateMachine:"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "secret:"),
    "AWS::Events::EventBus": ("events", "event-bus/"),
}
# The Ref of these resources is their ARN.
REF_IS_ARN = {
    "AWS::SNS::Topic",
    "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::StateMachine",
    "AWS::SecretsManager::Secret",
    "AWS::Lambda::LayerVersion",
    "AWS::Serverless::LayerVersion",
    "AWS::IAM::ManagedPolicy",
}


@dataclass(eq=False)
class Environment:
    """One choice of parameters. `label` names it in messages."""

    label: str
    template: Mapping[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict)
    partition: str = "aws"
    region: str = "us-east-1"
    account: str = "123456789012"
    _conditions: dict[str, bool | None] = field(default_factory=dict)

    def resolve(self, value: Any) -> Any:
        """The value without intrinsic functions; a text with UNKNOWN in it if only AWS knows it."""
        if isinstance(value, str) and "{{resolve:" in value:
            return f"{UNKNOWN}{value}"
        if isinstance(value, list):
            items = [self.resolve(item) for item in value]
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or str(name).startswith("Fn::") or name == "Condition":
                return self._function(name, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def has(self, resource: Mapping[str, Any]) -> bool:
        """Whether the resource's Condition is true here, or it has none."""
        condition = resource.get("Condition")
        return condition is None or self.condition(condition) is not False

    def condition(self, name: Any) -> bool | None:
        """A condition's value; None if it cannot be known."""
        name = str(name)
        if name not in self._conditions:
            self._conditions[name] = None  # a condition that leads to itself ends here
            conditions = self._section("Conditions")
            if name in conditions:
                self._conditions[name] = self._truth(conditions[name])
        return self._conditions[name]

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.template.get(name)
        return section if isinstance(section, dict) else {}

    def _truth(self, value: Any) -> bool | None:
        resolved = self.resolve(value)
        if isinstance(resolved, str) and UNKNOWN in resolved:
            return None
        return str(resolved).lower() == "true"

    def _function(self, name: str, argument: Any) -> Any:
        functions = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::Sub": self._sub,
            "Fn::GetAtt": self._get_att,
            "Fn::If": self._if,
            "Fn::Equals": self._equals,
            "Fn::And": lambda parts: all(self._truth(part) for part in parts),
            "Fn::Or": lambda parts: any(self._truth(part) for part in parts),
            "Fn::Not": lambda parts: not self._truth(parts[0]),
            "Fn::Join": self._join,
            "Fn::Split": lambda parts: str(self.resolve(parts[1])).split(str(parts[0])),
            "Fn::Select": self._select,
            "Fn::FindInMap": self._find_in_map,
        }
        try:
            if name in functions:
                return functions[name](argument)
        except (TypeError, ValueError, LookupError, AttributeError):
            pass
        return f"{UNKNOWN}{name} {argument}"

    def _ref(self, name: Any) -> Any:
        pseudo = {
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::Partition": self.partition,
            "AWS::URLSuffix": "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com",
            "AWS::StackName": "local",
            "AWS::StackId": f"arn:{self.partition}:cloudformation:{self.region}:{self.account}:"
            "stack/local/1",
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": [],
        }
        if name in pseudo:
            return pseudo[name]
        parameters = self._section("Parameters")
        if name in parameters:
            return self._parameter(name, parameters[name])
        resource = self._section("Resources").get(name)
        if isinstance(resource, dict) and resource.get("Type") in REF_IS_ARN:
            return self.arn(name)
        if resource is None and "." in str(name):
            return self._property_of_sam(str(name))
        if resource is None and not self._is_generated(str(name)):
            return misnamed(str(name))
        return self.physical_name(str(name))

    def _property_of_sam(self, name: str) -> Any:
        """What SAM lets a template refer to by a dot: `Ref: Api.Stage`, `Ref: Function.Alias`."""
        owner, _, attribute = name.partition(".")
        resource = self._section("Resources").get(owner)
        if isinstance(resource, dict) and attribute == "Stage":
            return self.resolve((resource.get("Properties") or {}).get("StageName"))
        return self._get_att(name)

    def _is_generated(self, name: str) -> bool:
        """Whether SAM makes a resource of that name: ServerlessRestApi, FunctionRole."""
        owners = self._section("Resources")
        return name.startswith("Serverless") or any(
            name.startswith(owner) and name != owner for owner in owners
        )

    def _parameter(self, name: str, declared: Mapping[str, Any]) -> Any:
        value = self.parameters.get(name, declared.get("Default"))
        if value is None:
            return f"{UNKNOWN}{name}"
        type_name = str(declared.get("Type"))
        if type_name.startswith(("CommaDelimitedList", "List<")):
            return [part.strip() for part in str(value).split(",")]
        return f"{UNKNOWN}{value}" if type_name.startswith("AWS::SSM::") else value

    def physical_name(self, name: str) -> str:
        """A resource's name: the one its properties state, else the stack's and its logical id."""
        resource = self._section("Resources").get(name)
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        for key in NAMES:
            if isinstance(properties, dict) and key in properties and self._is_name(resource, key):
                return str(self.resolve(properties[key]))
        return f"local-{name}"

    def _is_name(self, resource: Any, key: str) -> bool:
        """`Name` is the Ref of few resources: of an API it is not, its Ref is its id."""
        return key != "Name" or not str(resource.get("Type")).endswith(("Api", "Stage", "UserPool"))

    def arn(self, name: str) -> str:
        """A resource's ARN, with its logical id or stated name in it."""
        resource = self._section("Resources").get(name)
        type_name = str(resource.get("Type")) if isinstance(resource, dict) else ""
        place = f"{self.region}:{self.account}"
        if type_name in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::User"):
            noun = {"Role": "role", "ManagedPolicy": "policy", "User": "user"}[
                type_name.split("::")[-1]
            ]
            return f"arn:{self.partition}:iam::{self.account}:{noun}/{self.physical_name(name)}"
        if type_name == "AWS::S3::Bucket":
            return f"arn:{self.partition}:s3:::{self.physical_name(name)}"
        default = type_name.split("::")[1].lower() if type_name.count("::") == 2 else "unknown"
        service, noun = NOUNS.get(type_name, (default, ""))
        return f"arn:{self.partition}:{service}:{place}:{noun}{self.physical_name(name)}"

    def _get_att(self, argument: Any) -> str:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        name, attribute = str(parts[0]), str(self.resolve(parts[1]))
        resource = self._section("Resources").get(name)
        type_name = str(resource.get("Type")) if isinstance(resource, dict) else ""
        if resource is None and not self._is_generated(name):
            return misnamed(f"{name}.{attribute}")
        if attribute == "Arn" and name.endswith("Role"):
            return f"arn:{self.partition}:iam::{self.account}:role/{self.physical_name(name)}"
        if attribute == "Arn":
            suffix = ":*" if type_name == "AWS::Logs::LogGroup" else ""
            return self.arn(name) + suffix
        if attribute == "StreamArn":
            return f"{self.arn(name)}/stream/2026-01-01T00:00:00.000"
        if attribute == "Alias" and type_name == "AWS::Serverless::Function":
            return f"{self.arn(name)}:{self.published_alias(name)}"
        if attribute == "Version" and type_name == "AWS::Serverless::Function":
            return f"{self.arn(name)}:1"
        return f"{UNKNOWN}{name}.{attribute}"

    def published_alias(self, name: str) -> Any:
        """The alias that SAM publishes for a function, or None."""
        shared = (self._section("Globals").get("Function") or {}).get("AutoPublishAlias")
        resource = self._section("Resources").get(name) or {}
        return self.resolve((resource.get("Properties") or {}).get("AutoPublishAlias", shared))

    def _sub(self, argument: Any) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})

        def value(match: re.Match[str]) -> str:
            literal, name = match[1], match[2].strip()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return as_text(self.resolve(own[name]))
            return as_text(self._generated(name))

        return VARIABLE.sub(value, str(text))

    def _generated(self, name: str) -> Any:
        """A name in `${...}`, or a resource that SAM generates: `${FunctionAliaslive}`."""
        if "." in name:
            return self._get_att(name)
        alias = re.fullmatch(r"(\w+?)Alias(\w+)", name)
        resources = self._section("Resources")
        if alias and name not in resources and alias[1] in resources:
            return f"{self.arn(alias[1])}:{alias[2]}"
        return self._ref(name)

    def _if(self, parts: Any) -> Any:
        truth = self.condition(parts[0])
        return self.resolve(parts[2] if truth is False else parts[1])

    def _equals(self, parts: Any) -> Any:
        left, right = as_text(self.resolve(parts[0])), as_text(self.resolve(parts[1]))
        return f"{UNKNOWN}{parts}" if UNKNOWN in left + right else left == right

    def _join(self, parts: Any) -> str:
        items = self.resolve(parts[1])
        return str(parts[0]).join(as_text(item) for item in items)

    def _select(self, parts: Any) -> Any:
        return self.resolve(parts[1])[int(self.resolve(parts[0]))]

    def _find_in_map(self, parts: Any) -> Any:
        top, second, third = (str(self.resolve(part)) for part in parts[:3])
        return self.resolve(self._section("Mappings")[top][second][third])

    @cached_property
    def function_ids(self) -> dict[str, str]:
        """The logical ids of the template's functions by their names here."""
        resources = self._section("Resources").items()
        types = ("AWS::Serverless::Function", "AWS::Lambda::Function")
        names = [name for name, item in resources if isinstance(item, dict)
                 and item.get("Type") in types]  # fmt: skip
        return {self.physical_name(name): name for name in names}

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The template's resources that exist here, unresolved."""
        return {
            name: resource
            for name, resource in self._section("Resources").items()
            if isinstance(resource, dict) and self.has(resource)
        }


def is_intrinsic(node: Any) -> bool:
    """Whether a value is an intrinsic function, such as {"Ref": ...}."""
    if not isinstance(node, dict) or len(node) != 1:
        return False
    name = str(next(iter(node)))
    return name in ("Ref", "Condition") or name.startswith("Fn::")


def misnamed(name: str) -> str:
    """What stands for a name that the template lacks: without colons, which part an ARN."""
    return f"${{{name.replace('::', '.')}}}"


def as_text(value: Any) -> str:
    """A value as CloudFormation writes it into text."""
    if isinstance(value, bool):
        return str(value).lower()
    return UNKNOWN if value is NO_VALUE else str(value)


def is_known(value: Any) -> bool:
    """Whether nothing in the resolved value is known to AWS alone."""
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return UNKNOWN not in value if isinstance(value, str) else True


def environments(
    template: Mapping[str, Any], configured: Mapping[str, Mapping[str, str]]
) -> list[Environment]:
    """The environments to compare values in: samconfig's, each value that a parameter allows, and
    another partition."""
    parameters = template.get("Parameters")
    declared = parameters if isinstance(parameters, dict) else {}
    declared = {name: value for name, value in declared.items() if isinstance(value, dict)}
    base = {name: str(_first(value)) for name, value in declared.items()}
    bases = [("defaults", base)]
    bases += [(label, {**base, **values}) for label, values in configured.items()]
    choices = [*bases]
    compared = _compared(template)
    for label, values in bases:
        prefix = "" if values == base else f"{label}, "
        for name, value in declared.items():
            allowed = _choices(value, compared.get(name, set()))
            choices += [(f"{prefix}{name}={item}", {**values, name: item}) for item in allowed]
    result: list[Environment] = []
    seen: list[Mapping[str, str]] = []
    for label, values in choices:
        if values not in seen:
            seen.append(values)
            result.append(Environment(label, template, values))
    elsewhere = Environment(
        "another region and account", template, base, "aws-cn", "cn-north-1", "210987654321"
    )
    return [*result, elsewhere]


def _first(declared: Mapping[str, Any]) -> Any:
    if "Default" in declared:
        return as_text(declared["Default"])
    allowed = declared.get("AllowedValues")
    return as_text(allowed[0]) if allowed else _sample(declared)


def _choices(declared: Mapping[str, Any], compared: set[str]) -> Iterator[str]:
    allowed = declared.get("AllowedValues")
    if isinstance(allowed, list):
        yield from map(as_text, allowed)
        return
    yield from sorted(compared)
    yield _sample(declared)


def _sample(declared: Mapping[str, Any]) -> str:
    """A value that the parameter's pattern allows, different from common defaults."""
    if declared.get("Type") == "Number":
        return str(max(7, int(float(declared.get("MinValue", 7)))))
    pattern = str(declared.get("AllowedPattern", ".*"))
    for sample in SAMPLES:
        try:
            if re.fullmatch(pattern, sample):
                return sample
        except re.error:
            break
    return SAMPLES[0]


def _compared(template: Mapping[str, Any]) -> dict[str, set[str]]:
    """The literals that Conditions compare each parameter with."""
    compared: dict[str, set[str]] = {}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            parts = value.get("Fn::Equals")
            if isinstance(parts, list) and len(parts) == 2:
                _add_compared(parts, compared)
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(template.get("Conditions"))
    return compared


def _add_compared(parts: list[Any], compared: dict[str, set[str]]) -> None:
    for left, right in (parts, parts[::-1]):
        if isinstance(left, dict) and "Ref" in left and not isinstance(right, dict | list):
            compared.setdefault(str(left["Ref"]), set()).add(as_text(right))
