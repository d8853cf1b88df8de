"""A SAM template with its parameters, conditions and intrinsic functions resolved, as far as one runs locally."""

import base64
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from gateway import documents
from gateway.errors import ProjectError

ACCOUNT, REGION = "123456789012", "us-east-1"
NO_VALUE = object()
VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


class Template:
    """What the template at `path` says for one set of parameters."""

    def __init__(self, path: Path, parameters: dict[str, str] | None = None, region: str = REGION):
        self.path = path.absolute()
        self.document = documents.read(self.path)
        self.files = {self.path}
        self.region = region
        self.given = parameters or {}
        declared = self.document.get("Parameters") or {}
        if unknown := sorted(set(self.given) - set(declared)):
            raise ProjectError(f"{path}: no parameter {unknown[0]!r}; it has: {', '.join(declared) or 'none'}")
        self._check_allowed_values()

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources whose condition holds, Globals merged in, intrinsics not yet resolved."""
        declared = self.document.get("Resources")
        if not isinstance(declared, dict):
            raise ProjectError(f"{self.path}: no Resources in it: is this a SAM template?")
        return {name: self._with_globals(r) for name, r in declared.items() if self._exists(r)}

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resolved properties of every resource of one type, by logical id."""
        found = {n: r.get("Properties") or {} for n, r in self.resources.items() if r.get("Type") == kind}
        return {name: self.resolve(properties) for name, properties in found.items()}

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic function in it replaced by its result."""
        if isinstance(value, list):
            return [r for r in map(self.resolve, value) if r is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name in self._functions:
                return self._call(name, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def _call(self, name: str, argument: Any) -> Any:
        try:
            return self._functions[name](argument)
        except (TypeError, ValueError, LookupError, AttributeError):
            raise ProjectError(f"{self.path}: {name} does not take {argument!r}") from None

    def condition(self, name: str) -> bool:
        conditions = self.document.get("Conditions") or {}
        if name not in conditions:
            raise ProjectError(f"{self.path}: no condition {name!r}: add it to Conditions")
        return bool(self.resolve(conditions[name]))

    def _exists(self, resource: dict[str, Any]) -> bool:
        return "Condition" not in resource or self.condition(resource["Condition"])

    def _check_allowed_values(self) -> None:
        for name, value in self.given.items():
            allowed = self.document["Parameters"][name].get("AllowedValues")
            if allowed and value not in map(str, allowed):
                choices = ", ".join(map(str, allowed))
                raise ProjectError(f"{self.path}: parameter {name}={value!r} is not one of {choices}")

    def _with_globals(self, resource: dict[str, Any]) -> dict[str, Any]:
        section = str(resource.get("Type", "")).removeprefix("AWS::Serverless::")
        shared = (self.document.get("Globals") or {}).get(section)
        properties = resource.get("Properties") or {}
        return {**resource, "Properties": merged(shared, properties)} if shared else resource

    @cached_property
    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::Sub": self._sub,
            "Fn::GetAtt": self._get_att,
            "Fn::If": lambda a: self.resolve(a[1] if self.condition(a[0]) else a[2]),
            "Fn::Equals": lambda a: str(self.resolve(a[0])) == str(self.resolve(a[1])),
            "Fn::And": lambda a: all(map(self.resolve, a)),
            "Fn::Or": lambda a: any(map(self.resolve, a)),
            "Fn::Not": lambda a: not self.resolve(a[0]),
            "Fn::Join": lambda a: str(a[0]).join(map(str, self.resolve(a[1]))),
            "Fn::Split": lambda a: str(self.resolve(a[1])).split(a[0]),
            "Fn::Select": lambda a: self.resolve(a[1])[int(self.resolve(a[0]))],
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": lambda a: base64.b64encode(str(self.resolve(a)).encode()).decode(),
            "Fn::GetAZs": lambda a: [self.region + zone for zone in "abc"],
            "Fn::ImportValue": lambda a: str(self.resolve(a)),
            "Fn::Transform": self._transform,
        }

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::Region": self.region,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "local",
            "AWS::StackId": f"arn:aws:cloudformation:{self.region}:{ACCOUNT}:stack/local/local",
            "AWS::NotificationARNs": [],
            "AWS::NoValue": NO_VALUE,
        }
        if name in pseudo:
            return pseudo[name]
        if name in (self.document.get("Parameters") or {}):
            return self._parameter(name)
        if name not in (self.document.get("Resources") or {}):
            raise ProjectError(f"{self.path}: {name!r} is neither a parameter nor a resource")
        return self.physical_name(name)

    def physical_name(self, name: str) -> str:
        """The name a resource gets here: the one its properties state, or else its logical id."""
        resource = self.document["Resources"][name]
        properties = resource.get("Properties") or {}
        for key in ("TableName", "FunctionName", "StageName", "QueueName", "TopicName", "BucketName"):
            if key in properties:
                return str(self.resolve(properties[key]))
        return name

    def _parameter(self, name: str) -> Any:
        declared = self.document["Parameters"][name]
        value = self.given.get(name, declared.get("Default"))
        if value is None:
            raise ProjectError(
                f"{self.path}: parameter {name} has no default: give it with --parameter-overrides {name}=VALUE"
            )
        is_list = str(declared.get("Type", "")).startswith(("CommaDelimitedList", "List<"))
        return [part.strip() for part in str(value).split(",")] if is_list else value

    def _sub(self, argument: Any) -> str:
        text, local = (argument[0], self.resolve(argument[1])) if isinstance(argument, list) else (argument, {})

        def value(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in local:
                return str(local[name])
            return str(self._get_att(name.split(".", 1)) if "." in name else self._ref(name))

        return VARIABLE.sub(value, str(text))

    def _get_att(self, argument: Any) -> str:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        resource = (self.document.get("Resources") or {}).get(name)
        if resource is None:
            raise ProjectError(f"{self.path}: no resource {name!r} (asked for its {attribute})")
        if attribute != "Arn":
            return f"{name}.{attribute}"
        arn = {
            "AWS::Serverless::Function": "lambda:{}:{}:function:{}",
            "AWS::DynamoDB::Table": "dynamodb:{}:{}:table/{}",
        }.get(resource.get("Type"), f"{str(resource.get('Type')).split('::')[1].lower()}:{{}}:{{}}:{{}}")
        return "arn:aws:" + arn.format(self.region, ACCOUNT, self.physical_name(name))

    def _find_in_map(self, argument: list[Any]) -> Any:
        keys = [self.resolve(key) for key in argument[:3]]
        found: Any = self.document.get("Mappings") or {}
        for key in keys:
            if not isinstance(found, dict) or key not in found:
                raise ProjectError(f"{self.path}: no {'.'.join(map(str, keys))} in Mappings")
            found = found[key]
        return self.resolve(found)

    def _transform(self, argument: dict[str, Any]) -> Any:
        if argument.get("Name") != "AWS::Include":
            raise ProjectError(f"{self.path}: the transform {argument.get('Name')} is not known here")
        included = self.path.parent / str(self.resolve(argument["Parameters"]["Location"]))
        self.files.add(included)
        return self.resolve(documents.read(included))


def merged(shared: Any, own: Any) -> Any:
    """SAM's rule for Globals: maps are merged, lists are appended, anything else is replaced."""
    if isinstance(shared, dict) and isinstance(own, dict):
        return {**shared, **{k: merged(shared[k], v) if k in shared else v for k, v in own.items()}}
    if isinstance(shared, list) and isinstance(own, list):
        return shared + own
    return own
