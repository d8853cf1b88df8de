"""What API Gateway says of a body that breaks its model: the words of its Java validator.

Each message is that of json-schema-validator 2.2 (its properties file
`com/github/fge/jsonschema/validator/validation.properties`), which API Gateway shows as
`$context.error.validationErrorString`.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

TYPES = {
    bool: "boolean", dict: "object", float: "number", int: "integer", list: "array",
    str: "string", type(None): "null",
}  # fmt: skip


class Fault(Protocol):
    """What jsonschema's ValidationError says."""

    validator: Any
    validator_value: Any
    instance: Any
    schema: Any
    message: str
    absolute_path: Any
    context: Any


def described(faults: Iterable[Fault]) -> str:
    """All faults as API Gateway lists them: `[first, second]`."""
    return "[" + ", ".join(_messages(list(faults))) + "]"


def _messages(faults: list[Fault]) -> Iterator[str]:
    """A message for each fault; the missing properties of one object are one fault."""
    told = set()
    for fault in faults:
        if fault.validator != "required":
            yield _message(fault)
            continue
        place = tuple(fault.absolute_path)
        if place not in told:
            told.add(place)
            missing = sorted(set(fault.validator_value) - set(fault.instance))
            yield f"object has missing required properties ({_json(missing)})"


def _message(fault: Fault) -> str:
    limit, instance = fault.validator_value, fault.instance
    describe = {
        "additionalProperties": _additional,
        "anyOf": _any_of,
        "dependencies": _dependencies,
        "enum": _enum,
        "oneOf": _one_of,
        "type": _type,
    }.get(str(fault.validator))
    if describe:
        return describe(fault)
    if fault.validator in ("minimum", "maximum"):
        return _bound(fault)
    texts = {
        "allOf": "instance failed to match all required schemas",
        "maxLength": f"string {_json(instance)} is too long "
        f"(length: {_length(instance)}, maximum allowed: {limit})",
        "maxProperties": "object has too many properties "
        f"(found {_length(instance)} but schema requires at most {limit})",
        "minLength": f"string {_json(instance)} is too short "
        f"(length: {_length(instance)}, required minimum: {limit})",
        "minProperties": "object has too few properties "
        f"(found {_length(instance)} but schema requires at least {limit})",
        "multipleOf": f"remainder of division is not zero ({_json(instance)} / {_json(limit)})",
        "not": "instance matched a schema which it should not have",
        "pattern": f"ECMA 262 regex {_json(limit)} does not match input string {_json(instance)}",
        "uniqueItems": "array must not contain duplicate elements",
    }
    return texts.get(str(fault.validator), fault.message)


def _type(fault: Fault) -> str:
    allowed = fault.validator_value
    names = sorted(allowed) if isinstance(allowed, list) else [allowed]
    actual = TYPES.get(type(fault.instance), "object")
    return (
        f"instance type ({actual}) does not match any allowed primitive type "
        f"(allowed: {_json(names)})"
    )


def _enum(fault: Fault) -> str:
    return (
        f"instance value ({_json(fault.instance)}) not found in enum "
        f"(possible values: {_json(fault.validator_value)})"
    )


def _additional(fault: Fault) -> str:
    patterns = fault.schema.get("patternProperties") or {}
    unknown = []
    for name in fault.instance.keys() - (fault.schema.get("properties") or {}).keys():
        if not any(re.search(pattern, name) for pattern in patterns):
            unknown.append(name)
    return (
        "object instance has properties which are not allowed by the schema: "
        f"{_json(sorted(unknown))}"
    )


def _bound(fault: Fault) -> str:
    limit, instance = fault.validator_value, fault.instance
    is_minimum = fault.validator == "minimum"
    if instance == limit:  # refused by exclusiveMinimum or exclusiveMaximum
        side = (
            "greater than the required minimum" if is_minimum else "lower than the required maximum"
        )
        return f"numeric instance is not strictly {side} {_json(limit)}"
    side, name = ("lower", "minimum") if is_minimum else ("greater", "maximum")
    return (
        f"numeric instance is {side} than the required {name} "
        f"({name}: {_json(limit)}, found: {_json(instance)})"
    )


def _any_of(fault: Fault) -> str:
    count = len(fault.validator_value)
    return f"instance failed to match at least one required schema among {count}"


def _one_of(fault: Fault) -> str:
    count = len(fault.validator_value)
    failed = {error.relative_schema_path[0] for error in fault.context or []}
    matched = count - len(failed)
    return f"instance failed to match exactly one schema (matched {matched} out of {count})"


def _dependencies(fault: Fault) -> str:
    for name, needed in fault.validator_value.items():
        if name in fault.instance and isinstance(needed, list):
            missing = sorted(set(needed) - set(fault.instance))
            if missing:
                return (
                    f"property {_json(name)} of object has missing property dependencies "
                    f"(schema requires {_json(sorted(needed))}; missing: {_json(missing)})"
                )
    return fault.message


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | list | dict) else 0


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
