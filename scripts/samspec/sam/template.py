"""A SAM template with its parameters, conditions and intrinsic functions resolved, as far as one runs locally."""

import base64
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from samspec.sam import documents
from samspec.sam.account import ACCOUNT, REGION
from samspec.sam.errors import ProjectError

NO_VALUE = object()
SECTIONS = ("Parameters", "Mappings", "Conditions", "Globals", "Resources")
NAMES = ("TableName", "FunctionName", "StageName", "QueueName", "TopicName", "BucketName")
PSEUDO = {
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "local",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/local/local",
    "AWS::NotificationARNs": [],
    "AWS::NoValue": NO_VALUE,
}


class Template:
    """What the template at `path` says for one set of parameters; `files` are those it was read from."""

    region = REGION

    def __init__(self, path: Path, parameters: dict[str, str] | None = None):
        self.path = path.absolute()
        self.files = {self.path}
        document = documents.read(self.path)
        self._sections = {name: document.get(name) or {} for name in SECTIONS}
        self._given = parameters or {}
        if not self._sections["Resources"]:
            raise ProjectError(f"{path}: no Resources in it: is this a SAM template?")
        for name, value in self._given.items():
            self._check_parameter(name, value)

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resolved properties, by logical id, of the resources of one type whose condition holds."""
        shared = self._sections["Globals"].get(kind.removeprefix("AWS::Serverless::")) or {}
        return {
            name: self.resolve(merged(shared, resource.get("Properties") or {}))
            for name, resource in self._sections["Resources"].items()
            if resource.get("Type") == kind
            and ("Condition" not in resource or self._condition(resource["Condition"]))
        }

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic function in it replaced by its result."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        [name, *others] = value or [""]
        if not others and name in self._functions:
            try:
                return self._functions[name](value[name])
            except (TypeError, ValueError, LookupError, AttributeError):
                raise ProjectError(f"{self.path}: {name} does not take {value[name]!r}") from None
        return {
            key: item for key, raw in value.items() if (item := self.resolve(raw)) is not NO_VALUE
        }

    def physical_name(self, name: str) -> str:
        """The name a resource gets here: the one its properties state, or else its logical id."""
        properties = self._sections["Resources"][name].get("Properties") or {}
        return next(
            (str(self.resolve(properties[key])) for key in NAMES if key in properties), name
        )

    @cached_property
    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::Sub": self._sub,
            "Fn::GetAtt": self._get_att,
            "Fn::If": lambda a: self.resolve(a[1] if self._condition(a[0]) else a[2]),
            "Fn::Equals": lambda a: str(self.resolve(a[0])) == str(self.resolve(a[1])),
            "Fn::And": lambda a: all(map(self.resolve, a)),
            "Fn::Or": lambda a: any(map(self.resolve, a)),
            "Fn::Not": lambda a: not self.resolve(a[0]),
            "Fn::Join": lambda a: str(a[0]).join(map(str, self.resolve(a[1]))),
            "Fn::Split": lambda a: str(self.resolve(a[1])).split(a[0]),
            "Fn::Select": lambda a: self.resolve(a[1])[int(self.resolve(a[0]))],
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": lambda a: base64.b64encode(str(self.resolve(a)).encode()).decode(),
            "Fn::ImportValue": lambda a: str(self.resolve(a)),
            "Fn::Transform": self._transform,
        }

    def _ref(self, name: str) -> Any:
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self._sections["Parameters"]:
            return self._parameter(name)
        if name in self._sections["Resources"]:
            return self.physical_name(name)
        raise ProjectError(f"{self.path}: {name!r} is neither a parameter nor a resource")

    def _check_parameter(self, name: str, value: str) -> None:
        declared = self._sections["Parameters"]
        if name not in declared:
            raise ProjectError(
                f"{self.path}: no parameter {name!r}; it has: {', '.join(declared) or 'none'}"
            )
        if (allowed := declared[name].get("AllowedValues")) and value not in map(str, allowed):
            choices = ", ".join(map(str, allowed))
            raise ProjectError(f"{self.path}: parameter {name}={value!r} is not one of {choices}")

    def _parameter(self, name: str) -> Any:
        declared = self._sections["Parameters"][name]
        value = self._given.get(name, declared.get("Default"))
        if value is None:
            hint = f"give it with --parameter-overrides {name}=VALUE"
            raise ProjectError(f"{self.path}: parameter {name} has no default: {hint}")
        is_list = str(declared.get("Type")).startswith(("CommaDelimitedList", "List<"))
        return [part.strip() for part in str(value).split(",")] if is_list else value

    def _condition(self, name: str) -> bool:
        if name not in self._sections["Conditions"]:
            raise ProjectError(f"{self.path}: no condition {name!r}: add it to Conditions")
        return bool(self.resolve(self._sections["Conditions"][name]))

    def _sub(self, argument: Any) -> str:
        text, local = (
            (argument[0], self.resolve(argument[1]))
            if isinstance(argument, list)
            else (argument, {})
        )

        def value(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in local:
                return str(local[name])
            return str(self._get_att(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{(!?)([^}]+)\}", value, text)

    def _get_att(self, argument: Any) -> str:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        if name not in self._sections["Resources"]:
            raise ProjectError(f"{self.path}: no resource {name!r} (asked for its {attribute})")
        if attribute != "Arn":
            return f"{name}.{attribute}"
        kind = self._sections["Resources"][name]["Type"]
        service = {
            "AWS::Serverless::Function": "lambda",
            "AWS::Serverless::SimpleTable": "dynamodb",
        }.get(kind)
        noun = {"Function": "function:", "Table": "table/", "SimpleTable": "table/"}.get(
            kind.split("::")[-1], ""
        )
        return f"arn:aws:{service or kind.split('::')[1].lower()}:{REGION}:{ACCOUNT}:{noun}{self.physical_name(name)}"

    def _find_in_map(self, argument: list[Any]) -> Any:
        top, second, third = (str(self.resolve(key)) for key in argument)
        try:
            return self.resolve(self._sections["Mappings"][top][second][third])
        except KeyError:
            raise ProjectError(f"{self.path}: no {top}.{second}.{third} in Mappings") from None

    def _transform(self, argument: dict[str, Any]) -> Any:
        if argument.get("Name") != "AWS::Include":
            raise ProjectError(
                f"{self.path}: the transform {argument.get('Name')} is not known here"
            )
        return self.include(str(self.resolve(argument["Parameters"]["Location"])))

    def include(self, location: str) -> Any:
        """The document at a path beside the template, resolved as if it stood in it."""
        file = self.path.parent / location
        self.files.add(file)
        return self.resolve(documents.read(file))


def merged(shared: Any, own: Any) -> Any:
    """SAM's rule for Globals: maps are merged, lists are appended, anything else is replaced."""
    if isinstance(shared, dict) and isinstance(own, dict):
        return {**shared, **{key: merged(shared.get(key), value) for key, value in own.items()}}
    return shared + own if isinstance(shared, list) and isinstance(own, list) else own
