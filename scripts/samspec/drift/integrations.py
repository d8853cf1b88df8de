"""Check 2: every operation has its function, every function its operation, by the template's own names."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.sam.documents import nodes
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.project import Project

VALIDATOR = "x-amazon-apigateway-request-validator"
REFERENCE = re.compile(r"\$\{(?!!)([\w:]+)")
Fault = tuple[str, str]


def check(project: Project) -> Iterator[Finding]:
    yield from _references(project)
    yield from _validators(project)
    for operation in project.operations:
        for differs, mend in _integrated(project, operation):
            yield project.spec.finding(operation.keys, f"{operation} {differs}", mend)
    integrated = (one for one in project.operations if one.integration.get("type") != "mock")
    all_found = all(operation.target[0] in project.functions for operation in integrated)
    for name, properties in project.functions.items():
        users = [operation for operation in project.operations if operation.target[0] == name]
        for differs, mend in (
            *_used(properties, users, all_found),
            *_handled(project, properties, users),
        ):
            yield project.template.finding(("Resources", name), f"{name} {differs}", mend)


def _references(project: Project) -> Iterator[Finding]:
    """What the spec's intrinsic functions name has to be in the template; of a uri, `_integrated` says it."""
    template = project.template.data
    known = {
        *project.resources,
        *(template.get("Parameters") or {}),
        *(template.get("Conditions") or {}),
    }
    for at, node in nodes(project.spec.data):
        for name in _named(node) if at[-1:] != ("uri",) else ():
            if name not in known and not name.startswith("AWS::"):
                yield project.spec.finding(
                    at, f"{name} is not in {project.template.name}", "name what there is"
                )


def _named(node: Any) -> list[str]:
    """The resources, parameters and conditions that an intrinsic function names."""
    name, argument = (
        next(iter(node.items())) if isinstance(node, dict) and len(node) == 1 else ("", None)
    )
    if name == "Fn::Sub":
        text, own = argument if isinstance(argument, list) else (argument, {})
        return [found for found in REFERENCE.findall(str(text)) if found not in own]
    if name in ("Ref", "Fn::GetAtt", "Fn::If"):
        return [str(argument[0] if isinstance(argument, list) else argument).split(".")[0]]
    return []


def _validators(project: Project) -> Iterator[Finding]:
    root, declared = project.spec.data.get(VALIDATOR), project.spec.data.get(f"{VALIDATOR}s", {})
    own = {
        (*one.keys, VALIDATOR): one.node[VALIDATOR]
        for one in project.proxies
        if VALIDATOR in one.node
    }
    shared = (
        {(VALIDATOR,): root} if any(VALIDATOR not in one.node for one in project.proxies) else {}
    )
    for at, name in (own | shared).items():
        if name not in declared:
            yield project.spec.finding(
                at, f"the request validator {name} is not declared", f"name one of {VALIDATOR}s"
            )


def _integrated(project: Project, operation: Operation) -> Iterator[Fault]:
    kind, method = operation.integration.get("type"), operation.integration.get("httpMethod")
    name, alias = operation.target
    if kind == "mock":
        return
    if kind != "aws_proxy":
        yield (
            f"has an integration of type {kind}",
            "write aws_proxy, or mock where the gateway itself answers",
        )
    elif method != "POST":
        yield f"calls its function by {method}", "write httpMethod: POST, as Lambda asks"
    elif name is None:
        yield (
            "has a uri that names no function",
            "write Fn::Sub: arn:...functions/${Name.Arn}:live/invocations",
        )
    elif name in project.functions:
        published = project.functions[name].get("AutoPublishAlias")
        if alias != published:
            yield (
                f"calls the alias {alias} of {name}, which publishes {published}",
                "name that alias in the uri",
            )
        yield from _permitted(project, operation, name)
    else:
        yield (
            f"calls {name}, which is no function of {project.template.name}",
            "name one that there is",
        )


def _permitted(project: Project, operation: Operation, name: str) -> Iterator[Fault]:
    """SAM lets the API call the function for the paths and methods of its Api events, and for no other."""
    events = [
        event.get("Properties") or {}
        for event in _events(project.functions[name])
        if event.get("Type") == "Api"
    ]
    for event in events:
        api = event.get("RestApiId")
        said = f"{str(event.get('Method')).upper()} {event.get('Path')}"
        if said != str(operation) or api != {"Ref": project.api}:
            whose = api.get("Ref") if isinstance(api, dict) else "an API of SAM's own making"
            yield (
                f"may not call {name}, whose Api event says {said} of {whose}",
                f"write {operation} of {project.api}",
            )
    if not events:
        yield (
            f"may not call {name}, which has no Api event",
            f"add one for {operation} of {project.api}",
        )


def _events(properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [event for event in (properties.get("Events") or {}).values() if isinstance(event, dict)]


def _used(
    properties: Mapping[str, Any], users: list[Operation], all_found: bool
) -> Iterator[Fault]:
    if len(users) > 1:
        yield (
            f"is called by {' and '.join(map(str, users))}",
            "give each operation a function of its own",
        )
    if not users and all_found and all(event.get("Type") == "Api" for event in _events(properties)):
        yield "is called by no operation", "name it in an integration of the spec, or remove it"


def _handled(
    project: Project, properties: Mapping[str, Any], users: list[Operation]
) -> Iterator[Fault]:
    handler = str(properties.get("Handler"))
    module, _, name = handler.rpartition(".")
    file = f"{str(properties.get('CodeUri', '.')).rstrip('/')}/{module.replace('.', '/')}.py"
    if not (project.root / file).is_file():
        yield f"has the Handler {handler}, and there is no {file}", "write it or mend Handler"
        return
    try:
        tree = ast.parse(project.text(file))
    except (SyntaxError, ValueError) as error:
        yield f"has the Handler {handler}, which is not Python ({error})", "mend it"
        return
    if not any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body):
        yield (
            f"has the Handler {handler}, and {file} defines no such function",
            "write it or mend Handler",
        )
    claimed = set(_claims(tree))
    for operation in users:
        if claimed and operation.id not in claimed:
            yield (
                f"answers {operation.id}, and {file} says {', '.join(sorted(claimed))}",
                "make both say the same",
            )


def _claims(tree: ast.AST) -> Iterator[str]:
    """A handler names its operation: @operation("createUser")."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "operation"
        ):
            yield from (
                str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)
            )
