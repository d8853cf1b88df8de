"""What a template says for each choice of parameters that it allows.

Two spellings of an ARN, an origin or a policy are the same if they have the same value in every
variant. One variant is in another partition, region and account, so that a value which is fixed
to one of them differs there.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from samspec.sam.account import Place
from samspec.sam.documents import nodes
from samspec.sam.functions import as_text
from samspec.sam.resources import FORMS, Resource
from samspec.sam.template import FUNCTION_TYPES, NAMING, SECTIONS, Settings, Template

UNKNOWN = "\x00"  # in the text of a value that only AWS knows
SAMPLES = (
    "https://sample.example",
    "sample",
    "sample@example.com",
    "7",
    "10.0.0.0/16",
    "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Sample",
)
ELSEWHERE = Place("cn-north-1", "210987654321", "aws-cn")


class Variant(Template):
    """One choice of parameters, for tools that check a template which may be wrong.

    Nothing in it is refused: a value that only AWS knows, or that cannot be resolved, is a text
    with UNKNOWN in it; a name that the template lacks stays `${name}`. `label` names the choice
    in messages.
    """

    def __init__(
        self,
        label: str,
        document: Mapping[str, Any],
        parameters: Mapping[str, str] | None = None,
        place: Place | None = None,
    ) -> None:
        self.label = label
        self._conditions: dict[str, bool | None] = {}
        self._cached: dict[str, Any] = {}
        sections = {name: document.get(name) for name in SECTIONS}
        usable = {name: item for name, item in sections.items() if isinstance(item, dict)}
        settings = Settings(parameters or {})
        super().__init__(Path(), settings=settings, document=usable, place=place or Place())

    @property
    def parameters(self) -> Mapping[str, str]:
        return self.settings.parameters

    @property
    def partition(self) -> str:
        return self.place.partition

    @property
    def account(self) -> str:
        return self.place.account

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The template's resources that exist here, unresolved."""
        resources = {}
        for name, resource in self._sections["Resources"].items():
            if isinstance(resource, dict) and self.is_made(name):
                resources[name] = resource
        return resources

    @cached_property
    def function_ids(self) -> dict[str, str]:
        """The logical ids of the template's functions by their names here."""
        ids = {}
        for name, resource in self._sections["Resources"].items():
            if isinstance(resource, dict) and resource.get("Type") in FUNCTION_TYPES:
                ids[self.physical_name(name)] = name
        return ids

    def cached(self, key: str, make: Callable[[], Any]) -> Any:
        """What `make` returns, made once for this variant."""
        if key not in self._cached:
            self._cached[key] = make()
        return self._cached[key]

    def arn(self, name: str) -> str:
        """A resource's ARN, with its logical id or stated name in it."""
        return self.resource(name).arn

    def published_alias(self, name: str) -> Any:
        """The alias that SAM publishes for a function, or None."""
        return self.resolve(self.properties(name).get("AutoPublishAlias"))

    def condition(self, name: Any) -> bool | None:
        """A condition's value; None if it cannot be known."""
        name = str(name)
        if name not in self._conditions:
            self._conditions[name] = None  # a condition that leads to itself ends here
            if name in self._sections["Conditions"]:
                self._conditions[name] = self.truth(self._sections["Conditions"][name])
        return self._conditions[name]

    def truth(self, value: Any) -> bool | None:
        """Whether a condition is true; None if it cannot be known."""
        resolved = self.resolve(value)
        if resolved is None or not is_known(resolved):
            return None
        return as_text(resolved).lower() == "true"

    def properties(self, name: str) -> dict[str, Any]:
        """A resource's properties, empty if they are not a mapping."""
        resource = self._sections["Resources"].get(name)
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        return super().properties(name) if isinstance(properties, dict) else {}

    def stand_in(self, name: str, why: str) -> str:
        return f"{UNKNOWN}{name}"

    def _begin(self) -> None:
        """Nothing is refused, and loops stay as they are written."""

    def _resource(self, name: str) -> Resource:
        resource = self._sections["Resources"].get(name)
        if not isinstance(resource, dict) or "::" not in str(resource.get("Type")):
            # SAM makes it: roles are what is asked for by name.
            return Resource(name, "AWS::IAM::Role", {}, self.place)
        return super()._resource(name)

    def _is_function(self, name: str) -> bool:
        return name in ("Ref", "Condition") or str(name).startswith("Fn::")

    @cached_property
    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {**super()._functions, "Fn::Equals": self._equals}

    def _equals(self, parts: Any) -> Any:
        left, right = as_text(self.resolve(parts[0])), as_text(self.resolve(parts[1]))
        return f"{UNKNOWN}{parts}" if UNKNOWN in left + right else left == right

    def _unresolved(self, name: str, argument: Any, reason: str) -> str:
        return f"{UNKNOWN}{name} {argument}"

    def _missing(self, name: str, reason: str) -> str:
        return misnamed(name)

    def _transform(self, argument: Any) -> Any:
        return {}  # definitions are read with their files; other transforms run on AWS only

    def _parameter(self, name: str) -> Any:
        declared = self._sections["Parameters"][name]
        has_value = name in self.parameters or "Default" in (declared or {})
        return super()._parameter(name) if has_value else f"{UNKNOWN}{name}"

    def _made_by_sam(self, name: str) -> str | None:
        made = super()._made_by_sam(name)
        if made is None and self._is_generated(name):
            return name
        return made

    def _is_generated(self, name: str) -> bool:
        """Whether SAM makes a resource of that name: ServerlessRestApi, FunctionRole."""
        owners = self._sections["Resources"]
        return name.startswith("Serverless") or any(
            name.startswith(owner) and name != owner for owner in owners
        )


def references(value: Any) -> set[str]:
    """The logical ids that intrinsic functions in a value name."""
    names: set[str] = set()
    for _, node in nodes(value):
        if not isinstance(node, dict):
            continue
        for key in ("Ref", "Fn::GetAtt", "Fn::Sub"):
            argument = node.get(key)
            if argument is None:
                continue
            if key == "Fn::Sub":
                text = argument[0] if isinstance(argument, list) and argument else argument
                names |= set(re.findall(r"\$\{(\w+)", str(text)))
            else:
                first = argument[0] if isinstance(argument, list) and argument else argument
                names.add(str(first).partition(".")[0])
    return names


def is_chosen(template: Mapping[str, Any], value: Any) -> bool:
    """Whether a value may depend on the parameters of its template."""
    parameters, conditions = template.get("Parameters") or {}, template.get("Conditions") or {}
    resources = template.get("Resources") or {}
    seen: set[str] = set()
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if any("Fn::If" in node or "Condition" in node for node in _mappings(part)):
            return bool(conditions)
        for name in references(part) - seen:
            seen.add(name)
            if name in parameters:
                return True
            resource = resources.get(name)
            if isinstance(resource, dict):
                waiting.append(_naming(template, resource))
    return False


def _mappings(value: Any) -> Iterator[dict[Any, Any]]:
    for _, node in nodes(value):
        if isinstance(node, dict):
            yield node


def _naming(template: Mapping[str, Any], resource: Mapping[str, Any]) -> list[Any]:
    """The properties that a resource's name and attributes may depend on."""
    properties = resource.get("Properties")
    named = properties if isinstance(properties, dict) else {}
    form = FORMS.get(str(resource.get("Type")))
    keys = {*NAMING, form.name if form else "Name", "AutoPublishAlias", "StageName", "FunctionName"}
    shared = (template.get("Globals") or {}).get("Function") or {}
    stated = [named[key] for key in sorted(keys) if key in named]
    return [*stated, shared.get("AutoPublishAlias")]


def is_intrinsic(node: Any) -> bool:
    """Whether a value is an intrinsic function, such as {"Ref": ...}."""
    if not isinstance(node, dict) or len(node) != 1:
        return False
    name = str(next(iter(node)))
    return name in ("Ref", "Condition") or name.startswith("Fn::")


def misnamed(name: str) -> str:
    """What takes the place of a name that the template lacks: without colons, which part an ARN."""
    return f"${{{name.replace('::', '.')}}}"


def is_sample(text: str) -> bool:
    """Whether a text has a value that stands for a parameter without a default."""
    return text.startswith(SAMPLES[0])


def is_known(value: Any) -> bool:
    """Whether nothing in the resolved value is known only to AWS."""
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return UNKNOWN not in value if isinstance(value, str) else True


def variants(
    template: Mapping[str, Any], configured: Mapping[str, Mapping[str, str]]
) -> list[Variant]:
    """The variants to compare values in: those of `configured`, each value that a parameter allows,
    and another partition."""
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
    result: list[Variant] = []
    seen: list[Mapping[str, str]] = []
    for label, values in choices:
        if values not in seen:
            seen.append(values)
            result.append(Variant(label, template, values))
    elsewhere = Variant("another region and account", template, base, ELSEWHERE)
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
