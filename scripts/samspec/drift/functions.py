"""Every function: its handler, its events, and whether anything else can call it."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from samspec.drift.application import Application, is_proxy
from samspec.drift.targets import target
from samspec.sam.errors import ProjectError
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.variants import is_known, references
from samspec.sam.written import WrittenApi, WrittenFunction

API_EVENTS = {"Api": "rest", "HttpApi": "http"}
IMPLICIT = {"rest": "ServerlessRestApi", "http": "ServerlessHttpApi"}
Served = dict[str, list[tuple[WrittenApi, Operation]]]


def check(application: Application) -> Iterator[Finding]:
    """Handlers, doors next to the API, events, and functions that nothing calls."""
    served = served_operations(application)
    claims = {name: claimed(application, item) for name, item in application.functions.items()}
    for function in application.functions.values():
        yield from _handler(application, function, served.get(function.name, []), claims)
        yield from _events(application, function)
        yield from _doors(application, function, served.get(function.name, []))
    yield from _unused(application, served)


def served_operations(application: Application) -> Served:
    """The operations that each function responds to."""
    served: Served = {}
    for api, operation in application.calls():
        name = target(application, operation.integration.get("uri")).function
        if name is not None:
            served.setdefault(name, []).append((api, operation))
    return served


def _unused(application: Application, served: Served) -> Iterator[Finding]:
    calls = list(application.calls())
    if not calls:
        return  # without an API, functions are called from elsewhere
    if len(calls) > sum(map(len, served.values())):
        return  # an integration that leads nowhere says why
    mentioned = _mentions(application)
    for function in application.functions.values():
        if (
            function.name in served
            or function.name in mentioned
            or _is_triggered(application, function)
        ):
            continue
        yield application.finding(
            "function-unused",
            function.name,
            message=f"{function.name} is called by no operation, event or other resource",
            fix="name it in an integration of the definition, or remove it",
        )


def _is_triggered(application: Application, function: WrittenFunction) -> bool:
    """Whether an event or a URL calls the function, other than of an API with a definition."""
    if function.properties.get("FunctionUrlConfig") is not None:
        return True
    definitions = {api.name for api in application.definitions}
    for event in function.events.values():
        if event.get("Type") not in API_EVENTS or _api_of(event) not in definitions:
            return True
    return False


def _mentions(application: Application) -> set[str]:
    """The functions that something refers to: other resources, outputs, authorizers."""
    mentioned: set[str] = set()
    for name, resource in application.resources.items():
        for referred in references(resource):
            if referred != name and not _is_watch(resource):
                mentioned.add(referred)
    for api in application.definitions:
        for key, part in api.data.items():
            if key != "paths":
                mentioned |= references(part)
    mentioned |= references(dict(application.section("Outputs")))
    return mentioned


def _is_watch(resource: dict[str, Any]) -> bool:
    """Whether a resource only looks at functions: an alarm does not call what it watches."""
    type_name = str(resource.get("Type"))
    return type_name.startswith(("AWS::CloudWatch::", "AWS::Logs::", "AWS::Lambda::Permission"))


# Handlers


def _handler(
    application: Application,
    function: WrittenFunction,
    served: list[tuple[WrittenApi, Operation]],
    claims: dict[str, list[str]],
) -> Iterator[Finding]:
    file = handler_file(application, function)
    if file is None:
        return
    module, _, name = function.handler.rpartition(".")
    if not module or not name:
        yield application.finding(
            "handler",
            function.name,
            "Properties",
            message=f"{function.name} has the Handler {function.handler or None}",
            fix="write module.function",
        )
        return
    if not application.exists(file):
        yield _handler_finding(
            application, function, f"and there is no {file}", "write it or correct Handler"
        )
        return
    tree = parsed(application, file)
    if isinstance(tree, str):
        yield _handler_finding(
            application, function, f"whose {file} is not Python ({tree})", "fix it"
        )
        return
    if not {name, "*"} & bindings(tree):
        yield _handler_finding(
            application,
            function,
            f"and {file} defines no such function",
            "write it or correct Handler",
        )
        return
    yield from _signature(application, function, file, tree, name)
    yield from _claims(application, function, file, served, claims)


def _signature(
    application: Application, function: WrittenFunction, file: str, tree: ast.Module, name: str
) -> Iterator[Finding]:
    """Lambda calls a handler with two arguments. A decorator may change that."""
    for node in tree.body:
        is_handler = isinstance(node, ast.FunctionDef) and node.name == name
        if not is_handler or not isinstance(node, ast.FunctionDef) or node.decorator_list:
            continue
        arguments = node.args
        most = len(arguments.posonlyargs) + len(arguments.args)
        least = most - len(arguments.defaults)
        required = [d for d in arguments.kw_defaults if d is None]
        takes_two = least <= 2 <= most or (least <= 2 and arguments.vararg is not None)
        if not takes_two or required:
            yield Finding(
                file,
                node.lineno,
                f"{name} does not take the two arguments that Lambda calls it with",
                f"write def {name}(event, context)",
                "handler-arguments",
            )


def _handler_finding(
    application: Application, function: WrittenFunction, message: str, fix: str
) -> Finding:
    place = ("Properties", "Handler")
    return application.finding(
        "handler",
        function.name,
        *place,
        message=f"{function.name} has the Handler {function.handler}, {message}",
        fix=fix,
    )


def _claims(
    application: Application,
    function: WrittenFunction,
    file: str,
    served: list[tuple[WrittenApi, Operation]],
    claims: dict[str, list[str]],
) -> Iterator[Finding]:
    """A handler names its operations where the project's others do: @operation("createUser")."""
    claimed_ids = claims[function.name]
    identifiers = [operation.id for _, operation in served]
    if not claimed_ids:
        if served and any(claims.values()):
            yield application.finding(
                "handler-operation",
                function.name,
                "Properties",
                "Handler",
                message=f"{file} names no operation, and it responds to {identifiers[0]}",
                fix=f'decorate the handler: @operation("{identifiers[0]}")',
            )
        return
    for identifier in identifiers:
        if identifier not in claimed_ids:
            yield application.finding(
                "handler-operation",
                function.name,
                "Properties",
                "Handler",
                message=f"{function.name} responds to {identifier}, "
                f"and {file} says {', '.join(claimed_ids)}",
                fix="make both say the same",
            )


def handler_file(application: Application, function: WrittenFunction) -> str | None:
    """The file of a Python function's handler, None if it has no local one."""
    if not function.is_python or function.folder is None or not function.handler:
        return None if function.handler else _no_handler(function)
    if not is_known(application.environments[0].resolve(function.handler)):
        return None
    if "AWS_LAMBDA_EXEC_WRAPPER" in function.variables:
        return None  # a layer's program runs what Handler names, such as run.sh
    module = function.handler.rpartition(".")[0]
    if not module:
        return ""
    return f"{function.folder}/{module.replace('.', '/')}.py".removeprefix("./")


def _no_handler(function: WrittenFunction) -> str | None:
    """An empty file name for a function that must have a handler, and has none."""
    return "" if function.is_python and function.folder is not None else None


def parsed(application: Application, file: str) -> ast.Module | str:
    """A Python file's syntax tree, or why there is none."""
    try:
        return _parse(application.text(file))
    except ProjectError as error:
        return str(error)


@lru_cache(maxsize=256)
def _parse(content: str) -> ast.Module | str:
    try:
        return ast.parse(content)
    except (SyntaxError, ValueError) as error:
        return str(error)


def bindings(tree: ast.Module) -> set[str]:
    """The names that a module binds, however it does; `*` if it imports all of another's."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return names


def claimed(application: Application, function: WrittenFunction) -> list[str]:
    """The operations that a handler's module names: @operation("createUser")."""
    file = handler_file(application, function)
    tree = parsed(application, file) if file and application.exists(file) else ""
    names: list[str] = []
    for node in ast.walk(tree) if isinstance(tree, ast.Module) else ():
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "operation"
        ):
            names += [str(item.value) for item in node.args if isinstance(item, ast.Constant)]
    return names


# Events and other doors


def _api_of(event: Any) -> str | None:
    """The logical id of the API of an event; None for an API that SAM makes."""
    if event.get("Type") not in API_EVENTS:
        return ""
    properties = event.get("Properties") or {}
    reference = properties.get("RestApiId", properties.get("ApiId"))
    if reference is None:
        return None
    return str(reference.get("Ref")) if isinstance(reference, dict) else str(reference)


def _events(application: Application, function: WrittenFunction) -> Iterator[Finding]:
    """Api events of an API with a definition name operations of it."""
    definitions = {api.name: api for api in application.definitions}
    for name, event in function.events.items():
        owner = _api_of(event)
        at = ("Properties", "Events", name)
        properties = event.get("Properties") or {}
        if (
            owner
            and owner not in application.resources
            and owner not in application.section("Parameters")
        ):
            yield application.finding(
                "event-api",
                function.name,
                *at,
                message=f"the event {name} of {function.name} is of {owner}, "
                "which is not in the template",
                fix="name an API of the template",
            )
        if owner not in definitions:
            continue
        api = definitions[str(owner)]
        yield from _event_route(application, function, name, api, properties)
        if properties.get("Auth") and not api.mounts[0].at:
            yield application.finding(
                "event-ignored",
                function.name,
                *at,
                message=f"Auth of the event {name} has no effect: "
                f"{api.name} is defined by {api.document.name}",
                fix="declare it on the operation of the definition",
            )


def event_routes(application: Application) -> set[tuple[str, str]]:
    """The methods and paths of APIs that only events define, as SAM writes them."""
    definitions = {api.name for api in application.definitions}
    routes = set()
    for function in application.functions.values():
        for event in function.events.values():
            if event.get("Type") not in API_EVENTS or _api_of(event) in definitions:
                continue
            properties = event.get("Properties") or {}
            path = application.environments[0].resolve(properties.get("Path", "/{any+}"))
            routes.add((str(properties.get("Method", "any")).upper(), str(path)))
    return routes


def _event_route(
    application: Application, function: WrittenFunction, name: str, api: WrittenApi, properties: Any
) -> Iterator[Finding]:
    path, method = properties.get("Path"), str(properties.get("Method", "any")).upper()
    if path is None or not is_known(application.environments[0].resolve(path)):
        return
    if not _routes(api, str(path), method):
        yield application.finding(
            "event-route",
            function.name,
            "Properties",
            "Events",
            name,
            message=f"the Api event {name} of {function.name} says {method} {path}, "
            f"which {api.name} does not have",
            fix=f"write a path and method of {api.document.name}",
        )


def _routes(api: WrittenApi, path: str, method: str) -> bool:
    path = path.replace("$default", "/$default") if path == "$default" else path
    for operation in api.operations:
        if operation.path != path or not is_proxy(operation):
            continue
        if operation.method in (method, "ANY") or method == "ANY":
            return True
    return False


def _doors(
    application: Application, function: WrittenFunction, served: list[tuple[WrittenApi, Operation]]
) -> Iterator[Finding]:
    """Ways to call a function of the API that go around the API."""
    if not served:
        return
    url = function.properties.get("FunctionUrlConfig")
    if url is not None:
        auth = url.get("AuthType") if isinstance(url, dict) else None
        yield application.finding(
            "door-function-url",
            function.name,
            "Properties",
            "FunctionUrlConfig",
            message=f"{function.name} can be called by a function URL (AuthType {auth}), "
            "around the API",
            fix="remove FunctionUrlConfig: validators, throttles and authorization are the API's",
        )
    yield from _url_resources(application, function)
    own = {api.name for api, _ in served}
    for name, event in function.events.items():
        owner = _api_of(event)
        if owner == "" or owner in own:
            continue
        label = owner or IMPLICIT[API_EVENTS[str(event.get("Type"))]]
        yield application.finding(
            "door-other-api",
            function.name,
            "Properties",
            "Events",
            name,
            message=f"{function.name} can be called by {label}, too "
            f"(its {event.get('Type')} event {name})",
            fix=f"write RestApiId: {min(own)}, or remove the event",
        )


def _url_resources(application: Application, function: WrittenFunction) -> Iterator[Finding]:
    """Function URLs that are resources of their own."""
    environment = application.environments[0]
    names = (environment.physical_name(function.name), environment.arn(function.name))
    for name, resource in application.of_type("AWS::Lambda::Url"):
        properties = resource.get("Properties") or {}
        owner = str(environment.resolve(properties.get("TargetFunctionArn")))
        if owner.startswith(names):
            yield application.finding(
                "door-function-url",
                name,
                message=f"{function.name} can be called by the function URL {name} "
                f"(AuthType {properties.get('AuthType')}), around the API",
                fix="remove it: validators, throttles and authorization are the API's",
            )
