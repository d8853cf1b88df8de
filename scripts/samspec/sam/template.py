"""A SAM template with its parameters, conditions and intrinsic functions resolved."""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from samspec.sam import documents, loops
from samspec.sam.account import REGION, Place
from samspec.sam.dynamic import Dynamic
from samspec.sam.errors import ProjectError
from samspec.sam.functions import as_text
from samspec.sam.parameters import Parameters
from samspec.sam.resources import FORMS, Resource

NO_VALUE = object()
SECTIONS = ("Parameters", "Mappings", "Conditions", "Globals", "Resources", "Rules")
NAMING = ("Type", "Value", "FifoQueue", "FifoTopic")  # properties that Ref and GetAtt give or need
TRANSFORMS = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions")
FUNCTION_TYPES = ("AWS::Serverless::Function", "AWS::Lambda::Function")


@dataclass(frozen=True)
class Settings:
    """What a template is resolved with, besides its own defaults.

    `values` holds what other stacks and services would give: `ssm:/db/host`,
    `secretsmanager:db`, `import:SharedTopicArn`. `variables` replace those of functions, by
    function or for all of them (`Parameters`).
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    region: str = REGION
    allowed_hosts: frozenset[str] = frozenset()  # besides this machine's, for http integrations
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Template:
    """What the template at `path` says for one set of parameters.

    `files` are those it was read from; `unknown` says which values are stand-ins because nothing
    here can know them. `document` replaces the file's content, where a tool has changed it.
    """

    def __init__(
        self,
        path: Path,
        parameters: Mapping[str, str] | None = None,
        *,
        settings: Settings | None = None,
        document: Mapping[str, Any] | None = None,
        place: Place | None = None,
    ):
        self.path = path.absolute()
        self.settings = settings or Settings(parameters or {})
        self.place = place or Place(self.settings.region)
        self.region = self.place.region
        self.files = {self.path}
        self.unknown: dict[str, str] = {}
        self.raw = documents.read(self.path) if document is None else document
        self._sections = {name: self.raw.get(name) or {} for name in SECTIONS}
        self._resources: dict[str, Resource] = {}
        self._parameters = Parameters(
            self._sections["Parameters"], self.settings.parameters, str(self.path)
        )
        self._dynamic = Dynamic(self)
        self._begin()

    def _begin(self) -> None:
        """Refuse what cannot be resolved at all, and write loops out."""
        self._check_shape()
        self._parameters.check_given()
        if loops.are_in(self._sections["Resources"]) or loops.are_in(self._sections["Conditions"]):
            self.raw = loops.expanded(self.raw, self.resolve)
            self._sections = {name: self.raw.get(name) or {} for name in SECTIONS}

    def _check_shape(self) -> None:
        """Refuse what is not a template: sections and resources are mappings with a Type."""
        for name, section in self._sections.items():
            if not isinstance(section, dict):
                raise ProjectError(f"{self.path}: {name} must be a mapping")
        if not self._sections["Resources"]:
            raise ProjectError(f"{self.path}: no Resources in it: is this a SAM template?")
        for name, resource in self._sections["Resources"].items():
            is_loop = str(name).startswith(loops.PREFIX)
            if not is_loop and not (isinstance(resource, dict) and "Type" in resource):
                raise ProjectError(
                    f"{self.path}: the resource {name} must be a mapping with a Type"
                )
            properties = None if is_loop else resource.get("Properties")
            if properties is not None and not isinstance(properties, dict):
                raise ProjectError(f"{self.path}: the Properties of {name} must be a mapping")

    def check(self) -> None:
        """Refuse what CloudFormation refuses before it makes anything: parameters, Rules."""
        self._parameters.check()
        self._check_rules()

    def check_stated(self) -> None:
        """The same for a local run, where a parameter without a value has a stand-in. Rules may be
        about that parameter, so they are checked only where each one has a value."""
        self._parameters.check_stated()
        if not self._parameters.absent():
            self._check_rules()

    def _check_rules(self) -> None:
        for name, reason in self.broken_rules():
            raise ProjectError(f"{self.path}: rule {name}: {reason}")

    def broken_rules(self) -> Iterator[tuple[str, str]]:
        """The names of the Rules that the parameters break, and why."""
        for name, rule in self._sections["Rules"].items():
            if "RuleCondition" in rule and not self.truth(rule["RuleCondition"]):
                continue
            for assertion in rule.get("Assertions") or []:
                if self.truth(assertion.get("Assert")) is False:
                    yield name, str(assertion.get("AssertDescription", "its assertion is false"))

    @property
    def macros(self) -> list[str]:
        """The transforms of the whole template that nothing here applies."""
        stated = self.raw.get("Transform") or []
        names = stated if isinstance(stated, list) else [stated]
        return [str(name) for name in names if name not in TRANSFORMS]

    def of_type(self, *types: str) -> dict[str, dict[str, Any]]:
        """The resolved properties, by logical id, of the resources whose condition holds."""
        return {name: self.resolve(self.properties(name)) for name in self.names(*types)}

    def names(self, *types: str) -> list[str]:
        """The logical ids of the resources of these types whose condition holds."""
        resources = self._sections["Resources"]
        names = []
        for name, resource in resources.items():
            if isinstance(resource, dict) and resource.get("Type") in types and self.is_made(name):
                names.append(name)
        return names

    def is_made(self, name: str) -> bool:
        """Whether the resource's condition, if it has one, holds."""
        condition = self._sections["Resources"][name].get("Condition")
        return condition is None or self.condition(condition) is not False

    def parameter_values(self) -> dict[str, Any]:
        """The parameters that have a value, as SAM's translator wants them."""
        return self._parameters.texts()

    def type_of(self, name: str) -> str:
        return str(self._sections["Resources"][name].get("Type"))

    def properties(self, name: str) -> dict[str, Any]:
        """A resource's properties, unresolved, with what Globals give it."""
        resource = self._sections["Resources"][name]
        resource_type = str(resource.get("Type")).removeprefix("AWS::Serverless::")
        shared = self._sections["Globals"].get(resource_type) or {}
        return dict(merged(shared, resource.get("Properties") or {}))

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic function in it replaced by its result."""
        if isinstance(value, str):
            return self._dynamic.resolved(value)
        if isinstance(value, list):
            items = [self.resolve(item) for item in value]
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if self._is_function(name):
                return self._called(name, argument)
        return self._mapping(value)

    def physical_name(self, name: str) -> str:
        """The name that a resource gets here: a stated one, or else one made of its logical id."""
        return self.resource(name).name

    def resource(self, name: str) -> Resource:
        """A resource with the properties that its name and its references depend on."""
        if name not in self._resources:
            self._resources[name] = self._resource(name)
        return self._resources[name]

    def _resource(self, name: str) -> Resource:
        resource_type = self.type_of(name)
        needed = {*NAMING, FORMS[resource_type].name} if resource_type in FORMS else set()
        properties = self.properties(name)
        stated = {key: self.resolve(properties[key]) for key in sorted(needed) if key in properties}
        return Resource(name, resource_type, stated, self.place)

    def truth(self, value: Any) -> bool | None:
        """Whether a condition is true."""
        return as_text(self.resolve(value)).lower() == "true"

    def stand_in(self, name: str, why: str) -> str:
        """`name` in place of a value that nothing here can know; `why` is said at start."""
        self.unknown[name] = why
        return name

    def _mapping(self, value: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, raw in value.items():
            if key == "Fn::Transform":  # next to other keys: its content joins them
                result |= self._transform(raw)
                continue
            item = self.resolve(raw)
            if item is not NO_VALUE:
                result[key] = item
        return result

    def _is_function(self, name: str) -> bool:
        return name in self._functions

    def _called(self, name: str, argument: Any) -> Any:
        try:
            return self._functions[name](argument)
        except (TypeError, ValueError, LookupError, AttributeError):
            return self._unresolved(name, argument, f"{name} does not take {argument!r}")

    def _unresolved(self, name: str, argument: Any, reason: str) -> Any:
        """What a function gives whose argument is wrong."""
        raise ProjectError(f"{self.path}: {reason}")

    def _missing(self, name: str, reason: str) -> str:
        """What a reference gives to what the template does not have."""
        raise ProjectError(f"{self.path}: {reason}")

    @cached_property
    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::Sub": self._sub,
            "Fn::GetAtt": self._get_att,
            "Fn::If": lambda a: self.resolve(a[2] if self.condition(a[0]) is False else a[1]),
            "Fn::Equals": lambda a: as_text(self.resolve(a[0])) == as_text(self.resolve(a[1])),
            "Fn::And": lambda a: all(map(self.truth, a)),
            "Fn::Or": lambda a: any(map(self.truth, a)),
            "Fn::Not": lambda a: not self.truth(a[0]),
            "Fn::Contains": lambda a: self.resolve(a[1]) in self.resolve(a[0]),
            "Fn::EachMemberIn": lambda a: set(self.resolve(a[0])) <= set(self.resolve(a[1])),
            "Fn::EachMemberEquals": lambda a: set(self.resolve(a[0])) <= {self.resolve(a[1])},
            "Fn::Join": lambda a: str(a[0]).join(map(as_text, self.resolve(a[1]))),
            "Fn::Split": lambda a: as_text(self.resolve(a[1])).split(a[0]),
            "Fn::Select": lambda a: self.resolve(a[1])[int(self.resolve(a[0]))],
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": lambda a: base64.b64encode(as_text(self.resolve(a)).encode()).decode(),
            "Fn::GetAZs": lambda a: [f"{self.resolve(a) or self.region}{zone}" for zone in "abc"],
            "Fn::ImportValue": lambda a: self._dynamic.imported(as_text(self.resolve(a))),
            "Fn::Length": lambda a: len(self.resolve(a)),
            "Fn::ToJsonString": lambda a: json.dumps(self.resolve(a), separators=(",", ":")),
            "Fn::Transform": self._transform,
        }

    @cached_property
    def _pseudo(self) -> dict[str, Any]:
        return {
            "AWS::Region": self.region,
            "AWS::AccountId": self.place.account,
            "AWS::Partition": self.place.partition,
            "AWS::URLSuffix": self.place.domain,
            "AWS::StackName": "local",
            "AWS::StackId": self._arn("cloudformation", "stack/local/local"),
            "AWS::NotificationARNs": [],
            "AWS::NoValue": NO_VALUE,
        }

    def _ref(self, name: str) -> Any:
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._parameters:
            return self._parameter(name)
        if name in self._sections["Resources"]:
            return self._special(name, "Ref") or self.resource(name).ref
        made = self._made_by_sam(name)
        if made is not None:
            return made
        return self._missing(name, f"{name!r} is neither a parameter nor a resource")

    def _parameter(self, name: str) -> Any:
        return self._parameters.value(name, self._dynamic.stored, self.stand_in)

    def _arn(self, service: str, rest: str) -> str:
        place = self.place
        return f"arn:{place.partition}:{service}:{place.region}:{place.account}:{rest}"

    def _special(self, name: str, attribute: str) -> str | None:
        """Aliases and versions, whose values name another resource."""
        resource_type, properties = self.type_of(name), self.properties(name)
        if resource_type == "AWS::Lambda::Alias" and attribute in ("Ref", "AliasArn"):
            return self._qualified(properties["FunctionName"], self.resolve(properties["Name"]))
        if resource_type == "AWS::Lambda::Version" and attribute in ("Ref", "FunctionArn"):
            return self._qualified(properties["FunctionName"], "1")
        return "1" if resource_type == "AWS::Lambda::Version" and attribute == "Version" else None

    def _qualified(self, function: Any, qualifier: str) -> str:
        name = as_text(self.resolve(function))
        arn = name if name.startswith("arn:") else self._arn("lambda", f"function:{name}")
        return f"{arn}:{qualifier}"

    def _made_by_sam(self, name: str) -> str | None:
        """What SAM makes and lets a template refer to.

        https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
        """
        owner, _, attribute = name.partition(".")
        if attribute and owner in self._sections["Resources"]:
            return self._property_of_sam(owner, attribute)
        implicit = {
            "ServerlessRestApi": "AWS::Serverless::Api",
            "ServerlessHttpApi": "AWS::Serverless::HttpApi",
            "ServerlessDeploymentApplication": "AWS::CodeDeploy::Application",
        }
        if name in implicit:
            return Resource(name, implicit[name], {}, self.place).ref
        if name in ("ServerlessRestApiProdStage", "ServerlessHttpApiApiGatewayDefaultStage"):
            return "Prod" if "Rest" in name else "$default"
        return self._stage_made_by_sam(name) or self._made_for_a_function(name)

    def _stage_made_by_sam(self, name: str) -> str | None:
        for api in self._sections["Resources"]:
            if name.startswith(api) and self.type_of(api) == "AWS::Serverless::Api":
                stage = as_text(self.resolve(self.properties(api).get("StageName")))
                if name == f"{api}{stage}Stage":
                    return stage
        return None

    def _made_for_a_function(self, name: str) -> str | None:
        for function in self._sections["Resources"]:
            rest = name.removeprefix(function)
            if rest == name or self.type_of(function) not in FUNCTION_TYPES:
                continue
            if rest == "Role":
                return name
            if rest.startswith("Alias"):
                return self._qualified({"Ref": function}, rest.removeprefix("Alias"))
            if rest.startswith("Version"):
                return self._qualified({"Ref": function}, "1")
        return None

    def _property_of_sam(self, owner: str, attribute: str) -> str | None:
        properties = self.properties(owner)
        if attribute == "Alias" and "AutoPublishAlias" in properties:
            alias = as_text(self.resolve(properties["AutoPublishAlias"]))
            return self._qualified({"Ref": owner}, alias)
        if attribute == "Version":
            return self._qualified({"Ref": owner}, "1")
        if attribute == "Stage":
            return as_text(self.resolve(properties.get("StageName", "Prod")))
        return self.resource(owner).ref if attribute in ("Deployment", "RestApi") else None

    def condition(self, name: str) -> bool | None:
        """Whether the condition of that name is true."""
        if name not in self._sections["Conditions"]:
            raise ProjectError(f"{self.path}: no condition {name!r}: add it to Conditions")
        return self.truth(self._sections["Conditions"][name])

    def _sub(self, argument: Any) -> str:
        text, local = argument, {}
        if isinstance(argument, list):
            text, local = argument[0], self.resolve(argument[1])

        def value(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in local:
                return as_text(local[name])
            return as_text(self._get_att(name) if "." in name else self._ref(name))

        return str(self._dynamic.resolved(re.sub(r"\$\{(!?)([^}]+)\}", value, text)))

    def _get_att(self, argument: Any) -> Any:
        dotted = argument if isinstance(argument, str) else ".".join(map(as_text, argument))
        name, _, attribute = dotted.partition(".")
        if name not in self._sections["Resources"]:
            return self._attribute_made_by_sam(name, attribute)
        value = self._special(name, attribute) or self.resource(name).attribute(attribute)
        if value is None and self.type_of(name).startswith("AWS::Serverless::"):
            value = self._property_of_sam(name, attribute)
        if value is None:
            why = f"what {dotted} ({self.type_of(name)}) gives on AWS is not known here"
            return self.stand_in(dotted, f"{why}: it is the text {dotted!r}")
        return value

    def _attribute_made_by_sam(self, name: str, attribute: str) -> str:
        made = self._made_by_sam(name)
        if made is None:
            reason = f"no resource {name!r} (asked for its {attribute})"
            return self._missing(f"{name}.{attribute}", reason)
        if name.endswith("Role") and attribute == "Arn":
            return Resource(name, "AWS::IAM::Role", {}, self.place).arn
        return made

    def _find_in_map(self, argument: list[Any]) -> Any:
        top, second, third = (as_text(self.resolve(key)) for key in argument[:3])
        try:
            branch = {as_text(key): item for key, item in self._sections["Mappings"][top].items()}
            leaf = {as_text(key): item for key, item in branch[second].items()}
            return self.resolve(leaf[third])
        except KeyError:
            if len(argument) > 3 and "DefaultValue" in argument[3]:
                return self.resolve(argument[3]["DefaultValue"])
            reason = f"no {top}.{second}.{third} in Mappings"
            return self._unresolved("Fn::FindInMap", argument, reason)

    def _transform(self, argument: dict[str, Any]) -> Any:
        if argument.get("Name") != "AWS::Include":
            raise ProjectError(
                f"{self.path}: the transform {argument.get('Name')} is not known here"
            )
        return self.include(str(self.resolve(argument["Parameters"]["Location"])))

    def include(self, location: str) -> Any:
        """The document at a path next to the template, resolved as if it were part of it."""
        return self.resolve(self.read(location))

    def read(self, location: str) -> dict[str, Any]:
        """The document at a path next to the template, as it is."""
        if location.startswith(("s3:", "http:", "https:")):
            raise ProjectError(
                f"{self.path}: {location} is not on this machine: give a path next to the template"
            )
        file = self.path.parent / location
        self.files.add(file)
        return documents.read(file)


def merged(shared: Any, own: Any) -> Any:
    """SAM's rule for Globals: maps are merged, lists are appended, anything else is replaced."""
    if isinstance(shared, dict) and isinstance(own, dict):
        return {**shared, **{key: merged(shared.get(key), value) for key, value in own.items()}}
    return shared + own if isinstance(shared, list) and isinstance(own, list) else own
