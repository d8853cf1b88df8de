"""A template's parameters: their values, and the constraints that CloudFormation enforces.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.sam.functions import as_text

LISTS = ("CommaDelimitedList", "List<", "AWS::SSM::Parameter::Value<List<")
STORED = "AWS::SSM::Parameter::Value<"  # the parameter's value is the name of another in SSM
NUMBERS = ("Number", "List<Number>")


class Parameters:
    """The declared parameters with the values given for them; `where` begins each message."""

    def __init__(self, declared: Mapping[str, Any], values: Mapping[str, str], where: str) -> None:
        self._declared = declared
        self._values = values
        self._where = where

    def __contains__(self, name: object) -> bool:
        return name in self._declared

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def value(self, name: str, stored: Callable[[str], Any], stand_in: Callable[..., Any]) -> Any:
        """What `Ref` gives; `stored` looks a name up in SSM's parameter store.

        `stand_in` hears of a parameter that has no value, and gives its name for one.
        """
        declaration = self._declared[name] or {}
        text = self._text(name)
        if text is None:
            text = _fitting(declaration, stand_in(name, _missing([name])))
        if str(declaration.get("Type")).startswith(STORED):
            text = as_text(stored(text))
        if not str(declaration.get("Type")).startswith(LISTS):
            return text
        return [part.strip() for part in text.split(",")]

    def texts(self) -> dict[str, str]:
        """Each parameter that has a value, with that value before any list is split."""
        values = {name: self._text(name) for name in self._declared}
        return {name: value for name, value in values.items() if value is not None}

    def check_given(self) -> None:
        """Raise a ProjectError for a given parameter that is not declared or has a wrong value."""
        self._refuse(self._undeclared())
        for name, text in self._values.items():
            self._refuse(self._faults(name, text))

    def check(self) -> None:
        """Raise one ProjectError that names every parameter without a value or with a wrong one."""
        absent = self.absent()
        if absent:
            raise ProjectError(f"{self._where}: {_missing(absent)}")
        self.check_stated()

    def check_stated(self) -> None:
        """Raise a ProjectError for a value, a default included, that breaks its declaration."""
        for name, text in self.texts().items():
            self._refuse(self._faults(name, text))

    def absent(self) -> list[str]:
        """The parameters without a value."""
        return [name for name in self._declared if self._text(name) is None]

    def _text(self, name: str) -> str | None:
        default = (self._declared[name] or {}).get("Default")
        value = self._values.get(name, default)
        return None if value is None else as_text(value)

    def _undeclared(self) -> Iterator[str]:
        names = ", ".join(self._declared) or "none"
        for name in self._values:
            if name not in self._declared:
                yield f"no parameter {name!r}; it has: {names}"

    def _refuse(self, faults: Iterator[str]) -> None:
        for fault in faults:
            raise ProjectError(f"{self._where}: {fault}")

    def _faults(self, name: str, text: str) -> Iterator[str]:
        """How a value breaks its declaration, in the words of the declaration where it has some."""
        declaration = self._declared.get(name) or {}
        for value, broken in faults(declaration, text):
            explained = declaration.get("ConstraintDescription")
            reason = f"{broken} ({explained})" if explained else broken
            yield f"parameter {name}={value!r} {reason}"


def faults(declaration: Mapping[str, Any], text: str) -> Iterator[tuple[str, str]]:
    """The values of a parameter that CloudFormation refuses, each with what it breaks."""
    is_list = str(declaration.get("Type")).startswith(LISTS)
    values = [part.strip() for part in text.split(",")] if is_list else [text]
    for value in values:
        broken = _broken(declaration, value)
        if broken:
            yield value, broken


def _fitting(declaration: Mapping[str, Any], name: str) -> str:
    """A value that the declaration allows, as far as that is easily told; else the name."""
    allowed = declaration.get("AllowedValues")
    if allowed:
        return as_text(allowed[0])
    return as_text(declaration.get("MinValue", 1)) if declaration.get("Type") in NUMBERS else name


def _missing(names: list[str]) -> str:
    words = " ".join(f"{name}=VALUE" for name in names)
    if len(names) == 1:
        return f"parameter {names[0]} has no default: give it with --parameter-overrides {words}"
    return (
        f"the parameters {', '.join(names)} have no default: "
        f"give them with --parameter-overrides {words}"
    )


def _broken(declaration: Mapping[str, Any], value: str) -> str:
    """The constraint that `value` breaks; empty where it breaks none."""
    allowed = [as_text(choice) for choice in declaration.get("AllowedValues") or []]
    if allowed and value not in allowed:
        return f"is not one of {', '.join(allowed)}"
    pattern = declaration.get("AllowedPattern")
    if pattern and not re.fullmatch(str(pattern), value):
        return f"does not match its AllowedPattern {pattern}"
    if len(value) < int(declaration.get("MinLength", 0)):
        return f"is shorter than its MinLength {declaration['MinLength']}"
    if len(value) > int(declaration.get("MaxLength", len(value))):
        return f"is longer than its MaxLength {declaration['MaxLength']}"
    if declaration.get("Type") in NUMBERS:
        return _out_of_bounds(declaration, value)
    return ""


def _out_of_bounds(declaration: Mapping[str, Any], value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        return "is not a number"
    if number < float(declaration.get("MinValue", number)):
        return f"is less than its MinValue {declaration['MinValue']}"
    if number > float(declaration.get("MaxValue", number)):
        return f"is more than its MaxValue {declaration['MaxValue']}"
    return ""
