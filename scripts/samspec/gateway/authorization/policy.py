"""IAM policies, as authorizers return them and as an API's resource policy states them.

The rules are those of IAM's policy evaluation: an explicit Deny wins, then an Allow, and without
either the request is denied. A condition that cannot be evaluated here never opens a door: its
Allow does not hold, and its Deny does.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any

INVOKE = "execute-api:Invoke"


class Decision(Enum):
    ALLOW = "allow"
    DENY = "explicit deny"
    NEITHER = "implicit deny"


@dataclass(frozen=True)
class Access:
    """A call to judge: the ARN of the method, and the condition keys that are known of it.

    A key that is absent is absent on AWS as well, for a request from the internet.
    """

    arn: str
    keys: Mapping[str, str]


class InvalidPolicy(Exception):
    """Not a policy document; the message says why."""


def decide(policy: Any, access: Access) -> Decision:
    """The policy's verdict on a call of `execute-api:Invoke`. Raises InvalidPolicy."""
    decision = Decision.NEITHER
    for statement in statements(policy):
        effect = statement["Effect"]
        if not _covers(statement, access.arn):
            continue
        holds = _conditions_hold(statement, access.keys)
        if effect == "Deny" and holds is not False:
            return Decision.DENY
        if effect == "Allow" and holds is True:
            decision = Decision.ALLOW
    return decision


def statements(policy: Any) -> list[Mapping[str, Any]]:
    """The statements of a policy document. Raises InvalidPolicy."""
    if not isinstance(policy, Mapping):
        raise InvalidPolicy(f"the policy is not an object but {type(policy).__name__}")
    stated = policy.get("Statement")
    items = [stated] if isinstance(stated, Mapping) else stated
    if not isinstance(items, list) or not items:
        raise InvalidPolicy("the policy has no Statement")
    for item in items:
        if not isinstance(item, Mapping) or item.get("Effect") not in ("Allow", "Deny"):
            raise InvalidPolicy("a statement's Effect must be Allow or Deny")
        if "Action" not in item and "NotAction" not in item:
            raise InvalidPolicy("a statement has no Action")
        if "Resource" not in item and "NotResource" not in item:
            raise InvalidPolicy("a statement has no Resource")
    return items


def _covers(statement: Mapping[str, Any], arn: str) -> bool:
    """Whether the statement is about invoking this method."""
    if "NotAction" in statement:
        acts = not _any_match(statement["NotAction"], INVOKE, ignore_case=True)
    else:
        acts = _any_match(statement.get("Action"), INVOKE, ignore_case=True)
    if "NotResource" in statement:
        return acts and not _any_match(_arns(statement["NotResource"], arn), arn)
    return acts and _any_match(_arns(statement.get("Resource"), arn), arn)


def _arns(resources: Any, arn: str) -> list[str]:
    """Resources as ARNs: a resource policy may write `execute-api:/stage/method/path` [D]."""
    prefix = arn.partition("/")[0]
    result = []
    for resource in _listed(resources):
        text = str(resource)
        if text.startswith("execute-api:/"):
            text = prefix + text.removeprefix("execute-api:")
        result.append(text)
    return result


def _any_match(patterns: Any, text: str, ignore_case: bool = False) -> bool:
    return any(matches(str(pattern), text, ignore_case) for pattern in _listed(patterns))


@lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG))


def matches(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """Whether the text fits a pattern with IAM's wildcards: `*` any text, `?` one character."""
    return _compiled(pattern, ignore_case).fullmatch(text) is not None


def _conditions_hold(statement: Mapping[str, Any], keys: Mapping[str, str]) -> bool | None:
    """Whether all conditions hold; None if one of them cannot be evaluated here."""
    values = {name.lower(): value for name, value in keys.items()}
    unsure = False
    for operator, tests in (statement.get("Condition") or {}).items():
        for key, expected in tests.items():
            holds = _holds(str(operator), values.get(str(key).lower()), _listed(expected))
            if holds is False:
                return False
            unsure = unsure or holds is None
    return None if unsure else True


def _holds(operator: str, actual: str | None, expected: list[Any]) -> bool | None:
    base = operator.removesuffix("IfExists")
    if base == "Null":
        return (actual is None) == (str(expected[0]).lower() == "true")
    if base not in OPERATORS:
        return None
    if actual is None:
        # A negated operator is true of an absent key, and so is any with IfExists (IAM's guide).
        return base != operator or "Not" in base
    test, negated = OPERATORS[base], "Not" in base
    try:
        any_holds = any(test(actual, str(value)) for value in expected)
    except (ValueError, TypeError):
        return None
    return any_holds != negated


def _in_network(address: str, network: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringNotEquals": str.__eq__,
    "StringEqualsIgnoreCase": lambda a, b: a.lower() == b.lower(),
    "StringNotEqualsIgnoreCase": lambda a, b: a.lower() == b.lower(),
    "StringLike": lambda a, b: matches(b, a),
    "StringNotLike": lambda a, b: matches(b, a),
    "ArnEquals": lambda a, b: matches(b, a),
    "ArnLike": lambda a, b: matches(b, a),
    "ArnNotEquals": lambda a, b: matches(b, a),
    "ArnNotLike": lambda a, b: matches(b, a),
    "Bool": lambda a, b: a.lower() == b.lower(),
    "IpAddress": _in_network,
    "NotIpAddress": _in_network,
    "NumericEquals": lambda a, b: float(a) == float(b),
    "NumericNotEquals": lambda a, b: float(a) == float(b),
    "NumericLessThan": lambda a, b: float(a) < float(b),
    "NumericLessThanEquals": lambda a, b: float(a) <= float(b),
    "NumericGreaterThan": lambda a, b: float(a) > float(b),
    "NumericGreaterThanEquals": lambda a, b: float(a) >= float(b),
    "DateEquals": lambda a, b: _instant(a) == _instant(b),
    "DateNotEquals": lambda a, b: _instant(a) == _instant(b),
    "DateLessThan": lambda a, b: _instant(a) < _instant(b),
    "DateLessThanEquals": lambda a, b: _instant(a) <= _instant(b),
    "DateGreaterThan": lambda a, b: _instant(a) > _instant(b),
    "DateGreaterThanEquals": lambda a, b: _instant(a) >= _instant(b),
}


def unknown_conditions(policy: Any) -> Iterable[str]:
    """The condition operators of a policy that are not evaluated here."""
    for statement in statements(policy):
        for operator in statement.get("Condition") or {}:
            base = str(operator).removesuffix("IfExists")
            if base != "Null" and base not in OPERATORS:
                yield str(operator)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
