"""Check 4: each function may do what it was seen to do in DynamoDB, there alone, and nothing else."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from samspec.drift.observations import NAME, Observations
from samspec.sam.finding import Finding
from samspec.sam.project import Project

TABLE = re.compile(r"arn:[^/]*:table/")
Permission = tuple[
    str, str
]  # action and resource: ("dynamodb:Query", "UsersTable/index/email-index")


def check(
    project: Project, translated: dict[str, Any], observations: Observations
) -> Iterator[Finding]:
    for function in project.functions:
        calls = {_permission(project, call) for call in observations.calls.get(function, [])}
        for action, differs, mend in _compared(
            calls, set(_allowed(translated["Resources"], function))
        ):
            line = project.template.line_of(action, "Resources", function, "Properties", "Policies")
            yield Finding(project.template.name, line, f"{function} {differs}", mend)


def _compared(calls: set[Permission], allowed: set[Permission]) -> Iterator[tuple[str, str, str]]:
    missing = {call for call in calls if not any(_covers(one, call) for one in allowed)}
    unused = {one for one in allowed if not any(_covers(one, call) for call in calls)}
    for action, resource in sorted(missing):
        elsewhere = {one for one in unused if one[0] == action}
        unused -= elsewhere
        said = (
            f"allowed on {' and '.join(sorted(one[1] for one in elsewhere))} alone"
            if elsewhere
            else "not allowed"
        )
        yield (
            action,
            f"calls {action} on {resource}, and is {said}",
            "allow that call in its Policies, or do not make it",
        )
    for action, resource in sorted(unused):
        mend = f"remove it, or test what calls it and record that ({NAME})"
        yield action, f"may call {action} on {resource}, and no test saw it do so", mend
    for action, resource in sorted(allowed - unused):
        if "*" in action + resource:
            yield (
                action,
                f"may call {action} on {resource}",
                "name each action and resource, no wildcards",
            )


def _covers(permission: Permission, call: Permission) -> bool:
    return all(
        fnmatchcase(said.lower(), pattern.lower())
        for pattern, said in zip(permission, call, strict=True)
    )


def _permission(project: Project, call: str) -> Permission:
    """A recorded call, its table by its logical id."""
    action, _, resource = call.partition(" ")
    table, *index = resource.split("/")
    logical = (
        name
        for name, one in project.resources.items()
        if (one.get("Properties") or {}).get("TableName") == table
    )
    return action, "/".join([next(logical, table), *index])


def _allowed(resources: dict[str, Any], function: str) -> Iterator[Permission]:
    role = resources[function]["Properties"].get("Role")
    name = role.get("Fn::GetAtt", [""])[0] if isinstance(role, dict) else ""
    properties = resources.get(name, {}).get("Properties", {})
    for arn in _each(properties.get("ManagedPolicyArns")):
        if "DynamoDB" in str(arn):
            yield "dynamodb:*", str(arn)
    for policy in _each(properties.get("Policies")):
        for statement in _each(policy["PolicyDocument"].get("Statement")):
            for action in _each(
                statement.get("Action") if statement.get("Effect") == "Allow" else None
            ):
                if str(action) == "*" or str(action).lower().startswith("dynamodb:"):
                    yield from (
                        (action, TABLE.sub("", _text(one)))
                        for one in _each(statement.get("Resource"))
                    )


def _each(value: Any) -> Iterator[Any]:
    """The items of a list, or the one item; of a condition, those of both its branches."""
    if isinstance(value, list):
        for item in value:
            yield from _each(item)
    elif isinstance(value, dict) and "Fn::If" in value:
        yield from _each(value["Fn::If"][1:])
    elif value is not None and value != {"Ref": "AWS::NoValue"}:
        yield value


def _text(value: Any) -> str:
    """A policy's resource by logical ids: UsersTable, UsersTable/index/email-index."""
    kind, argument = next(iter(value.items())) if isinstance(value, dict) else ("", value)
    if kind == "Fn::GetAtt":
        return str(argument[0] if isinstance(argument, list) else argument.split(".")[0])
    if kind == "Fn::Join":
        return str(argument[0]).join(map(_text, argument[1]))
    if kind == "Fn::Sub":
        text, own = argument if isinstance(argument, list) else (argument, {})
        return re.sub(
            r"\$\{(\w+)(?:\.Arn)?\}", lambda found: _text(own.get(found[1], found[1])), text
        )
    return str(argument)
