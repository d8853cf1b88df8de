"""Each function may do what it was seen to do, there only, and nothing else; and may be called."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from samspec.drift.application import Application
from samspec.drift.code import code_of
from samspec.drift.functions import API_EVENTS
from samspec.drift.observations import Observations
from samspec.drift.policies import POLICY_TYPES, Grants, Statement, grants
from samspec.drift.targets import target
from samspec.sam.documents import Keys
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.variants import UNKNOWN, Variant, is_known, is_sample, references
from samspec.sam.written import WrittenApi, WrittenFunction

ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
TABLES = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable")
ACCOUNT_PRINCIPAL = re.compile(r"(?:arn:[^:]*:iam::)?\d{12}(?::.*)?")
Permission = tuple[str, str]  # action and ARN


def check(application: Application, observations: Observations | None) -> Iterator[Finding]:
    """IAM of every function, and Lambda's own permissions for the API."""
    for function in application.functions.values():
        yield from _function(application, function, observations)
    for api, operation in application.calls():
        yield from _callable(application, api, operation)
    yield from _open_permissions(application)


def _function(
    application: Application, function: WrittenFunction, observations: Observations | None
) -> Iterator[Finding]:
    seen: set[object] = set()
    reported: set[tuple[str, int, str]] = set()
    for environment in _environments(application, function):
        if not environment.is_made(function.name):
            continue
        granted = grants(application, function, environment)
        # Fixed regions and accounts show in the last environment, which is compared in any case.
        key = (granted, environment.region)
        if key in seen or not granted.is_known:
            continue
        seen.add(key)
        checker = _Checker(application, function, environment, granted)
        for finding in checker.findings(observations):
            # One cause per line: the same rule may show in several environments.
            cause = (finding.rule, finding.line, finding.message.partition(" (with ")[0])
            if cause not in reported:
                reported.add(cause)
                yield finding


def _environments(application: Application, function: WrittenFunction) -> list[Variant]:
    """Those in which the function may have other permissions."""
    stated = [function.properties.get(key) for key in ("Policies", "Role")]
    stated += [function.resource.get("Connectors"), _conditional(function.resource)]
    stated += [resource for _, resource in application.of_type(*POLICY_TYPES)]
    return application.environments_for(*stated)


def _conditional(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The resource's Condition as it is written, if it has one."""
    return {key: resource[key] for key in ("Condition",) if key in resource}


class _Checker:
    """One function's grants in one environment."""

    def __init__(
        self,
        application: Application,
        function: WrittenFunction,
        environment: Variant,
        granted: Grants,
    ) -> None:
        self.application, self.function = application, function
        self.environment, self.granted = environment, granted

    def findings(self, observations: Observations | None) -> Iterator[Finding]:
        yield from self._inverted()
        yield from self._managed(observations)
        yield from self._broad()
        if observations is None:
            yield from self._untouched()
        else:
            yield from self._compared(observations)
            yield from self._unused_services(observations)

    def _finding(self, rule: str, at: Keys, message: str, fix: str, action: str = "") -> Finding:
        template = self.application.template
        line = template.line_of(action, *at) if action else template.line(*at)
        return Finding(template.name, line, f"{self.function.name} {message}", fix, rule)

    def _inverted(self) -> Iterator[Finding]:
        for statement in self.granted.statements:
            if statement.inverted and statement.effect == "Allow":
                yield self._finding(
                    "iam-inverted",
                    statement.at,
                    f"may do all but what {statement.inverted} lists",
                    f"list what it may do: {statement.inverted.removeprefix('Not')}",
                )

    def _managed(self, observations: Observations | None) -> Iterator[Finding]:
        for name, at in self.granted.managed:
            short = name.rpartition("/")[2]
            if short in ADMINISTRATORS:
                yield self._finding(
                    "iam-administrator",
                    at,
                    f"has the policy {short}",
                    "allow the actions that it needs, on the resources that it needs",
                )
            elif short.endswith("FullAccess"):
                rule = "iam-managed" if observations else "iam-broad"
                yield self._finding(
                    rule,
                    at,
                    f"has the policy {short}, which covers a whole service",
                    "allow the actions that it needs, on the resources that it needs",
                )

    def _broad(self) -> Iterator[Finding]:
        for statement in self.granted.statements:
            if statement.effect != "Allow" or statement.inverted or statement.source:
                continue
            for action in statement.actions:
                if "*" not in statement.resources:
                    continue
                if action == "*":
                    yield self._finding(
                        "iam-administrator",
                        statement.at,
                        "may do everything",
                        "name the actions and resources that it needs",
                    )
                elif action.endswith(":*"):
                    yield self._finding(
                        "iam-broad",
                        statement.at,
                        f"may call {action} on every resource",
                        "name the actions and resources that it needs",
                        action,
                    )

    def _untouched(self) -> Iterator[Finding]:
        """A table whose name the code reads, and on which nothing is allowed."""
        code = code_of(self.application, self.function)
        tables = {name for name, _ in self.application.of_type(*TABLES)}
        broad = [name for name, _ in self.granted.managed if "DynamoDB" in name or "Admin" in name]
        if code is None or broad or self._is_inverted():
            return
        for variable in sorted(code.reads.keys() & self.function.variables.keys()):
            for table in sorted(references(self.function.variables[variable]) & tables):
                if not self._is_allowed_on(table):
                    yield self._finding(
                        "iam-table",
                        ("Resources", self.function.name, "Properties"),
                        f"reads {variable}, and may do nothing with {table}",
                        "allow what it does in its Policies",
                    )

    def _is_allowed_on(self, table: str) -> bool:
        arn = self.environment.arn(table)
        for statement in self._statements("Allow"):
            for resource in statement.resources:
                if fnmatchcase(arn, resource) or resource.startswith(f"{arn}/"):
                    return True
                if UNKNOWN in resource or is_sample(resource):
                    return True
        return False

    # What it was seen to do

    def _compared(self, observations: Observations) -> Iterator[Finding]:
        calls = {self._call(call) for call in observations.calls.get(self.function.name, [])}
        allowed = self._allowed(observations)
        denied = list(self._statements("Deny"))
        unused = {
            permission: statement
            for permission, statement in allowed.items()
            if not any(covers(permission, call) for call in calls)
        }
        for call in sorted(calls):
            yield from self._denied(call, denied)
            if any(covers(permission, call) for permission in allowed) or self._is_inverted():
                continue
            elsewhere = [item for item in unused if item[0].lower() == call[0].lower()]
            yield self._missing(call, elsewhere)
            for permission in elsewhere:
                unused.pop(permission)
        yield from self._unused(unused)
        for permission in allowed.keys() - unused.keys():
            action, resource = permission
            statement = allowed[permission]
            if "*" in action + resource.rpartition(":")[2] and not statement.source:
                yield self._finding(
                    "iam-wildcard",
                    statement.at,
                    f"may call {action} on {short(resource)}",
                    "name each action and resource, no wildcards",
                    action,
                )

    def _is_inverted(self) -> bool:
        return any(s.inverted and s.effect == "Allow" for s in self.granted.statements)

    def _statements(self, effect: str) -> Iterator[Statement]:
        for statement in self.granted.statements:
            if statement.effect == effect:
                yield statement

    def _call(self, call: str) -> Permission:
        """A recorded call with the ARN of its table here."""
        action, _, resource = call.partition(" ")
        table, *index = resource.split("/")
        for name in self.application.resources:
            if table in (name, self.environment.physical_name(name)):
                return action, "/".join([self.environment.arn(name), *index])
        return action, resource

    def _allowed(self, observations: Observations) -> dict[Permission, Statement]:
        """What statements allow in the services that were recorded."""
        allowed: dict[Permission, Statement] = {}
        for statement in self._statements("Allow"):
            if statement.inverted:
                continue
            for action in statement.actions:
                service = action.partition(":")[0].lower()
                if action == "*" or service in observations.services:
                    for resource in statement.resources:
                        allowed[action, resource] = statement
        return allowed

    def _denied(self, call: Permission, denied: list[Statement]) -> Iterator[Finding]:
        for statement in denied:
            if _applies(statement, call):
                yield self._finding(
                    "iam-deny",
                    statement.at,
                    f"calls {call[0]} on {short(call[1])}, and a statement denies it",
                    "remove the Deny, or make it about something else",
                )

    def _missing(self, call: Permission, elsewhere: list[Permission]) -> Finding:
        action, resource = call
        places = " and ".join(sorted(short(item[1]) for item in elsewhere))
        status = f"allowed on {places} only" if elsewhere else "not allowed"
        where = (
            ""
            if self.environment is self.application.environments[0]
            else (f" (with {self.environment.label})")
        )
        at: Keys = ("Resources", self.function.name, "Properties", "Policies")
        if elsewhere and is_known(elsewhere[0][1]):
            at = self._allowed_at(elsewhere[0]) or at
        return self._finding(
            "iam-missing",
            at,
            f"calls {action} on {short(resource)}, and is {status}{where}",
            "allow that call in its Policies, or do not make it",
            action,
        )

    def _allowed_at(self, permission: Permission) -> Keys | None:
        for statement in self.granted.statements:
            if permission[0] in statement.actions and permission[1] in statement.resources:
                return statement.at
        return None

    def _unused(self, unused: dict[Permission, Statement]) -> Iterator[Finding]:
        by_source: dict[str, list[str]] = {}
        for (action, resource), statement in sorted(unused.items(), key=lambda item: item[0]):
            if statement.source:
                by_source.setdefault(statement.source, []).append(action)
                continue
            yield self._finding(
                "iam-unused",
                statement.at,
                f"may call {action} on {short(resource)}, and no test saw it do so",
                f"remove it, or test what calls it and record that "
                f"({self.application.conventions.observed})",
                action,
            )
        for source, actions in by_source.items():
            at = next(s.at for s in self.granted.statements if s.source == source)
            yield self._finding(
                "iam-unused",
                at,
                f"gets {', '.join(sorted(set(actions)))} by {source}, and no test saw it do so",
                "remove it, or allow in Policies what the function does",
            )

    def _unused_services(self, observations: Observations) -> Iterator[Finding]:
        from samspec.drift.code import mentioned_services

        mentioned = mentioned_services(self.application, self.function)
        for statement in self._statements("Allow"):
            for action in statement.actions:
                service = action.partition(":")[0].lower()
                if statement.inverted or action == "*" or service in observations.services:
                    continue
                if mentioned is not None and service not in mentioned:
                    yield self._finding(
                        "iam-unused-service",
                        statement.at,
                        f"may call {action}, and its code makes no client of {service}",
                        "remove it, or write the code that needs it",
                        action,
                    )


def covers(permission: Permission, call: Permission) -> bool:
    """Whether a permission with wildcards allows a call."""
    return fnmatchcase(call[0].lower(), permission[0].lower()) and fnmatchcase(
        call[1], permission[1]
    )


def _applies(statement: Statement, call: Permission) -> bool:
    """Whether a statement is about a call, NotAction and NotResource included."""
    action = any(fnmatchcase(call[0].lower(), item.lower()) for item in statement.actions)
    resource = any(fnmatchcase(call[1], item) for item in statement.resources)
    if statement.inverted == "NotAction":
        action = not action
    if statement.inverted == "NotResource":
        resource = not resource
    return action and resource


def short(arn: str) -> str:
    """A table by its logical id: UsersTable, UsersTable/index/email-index."""
    name = arn.partition(":table/")[2] or arn
    return name.replace(UNKNOWN, "?")


# Lambda's own permissions


def _callable(application: Application, api: WrittenApi, operation: Operation) -> Iterator[Finding]:
    """The API may call the function of each operation, in every environment where both exist."""
    destination = target(application, operation.integration.get("uri"))
    if destination.function is None or destination.fault:
        return
    if operation.integration.get("credentials") is not None:
        return  # IAM decides, by that role
    function = application.functions[destination.function]
    published = application.environments[0].published_alias(function.name)
    if bool(published) != bool(destination.qualifier) or (
        published and destination.qualifier != published
    ):
        return  # the alias is wrong, and its own finding says so
    granted = list(_granted(application, function))
    if any(_lets(api, operation, grant) for grant in granted):
        return
    at = (*operation.keys, "x-amazon-apigateway-integration")
    if granted:
        name, route, owner = granted[0]
        message = f"may not call {function.name}, whose event {name} says {route} of {owner}"
    else:
        message = f"may not call {function.name}, which has no Api event and no permission"
    yield api.finding(
        "integration-permission",
        at,
        f"{operation} {message}",
        f"add an Api event: {operation.method.lower()} {operation.path} of {api.name}",
    )


Grant = tuple[str, str, str]  # what gives it, "GET /users" or "*", and the API or "*"


def _granted(application: Application, function: WrittenFunction) -> Iterator[Grant]:
    environment = application.environments[0]
    for name, event in function.events.items():
        if event.get("Type") in API_EVENTS:
            properties = event.get("Properties") or {}
            api = properties.get("RestApiId", properties.get("ApiId"))
            owner = api.get("Ref") if isinstance(api, dict) else api
            method = str(properties.get("Method", "any")).upper()
            path = environment.resolve(properties.get("Path", "*"))
            yield name, f"{method} {path}", str(owner or "an API of SAM's own")
    for name, resource in application.resources.items():
        properties = resource.get("Properties") or {}
        if resource.get("Type") == "AWS::Lambda::Permission":
            yield from _permission(application, function, name, properties)
        elif resource.get("Type") == "AWS::Serverless::Connector":
            destinations = properties.get("Destination")
            listed = destinations if isinstance(destinations, list) else [destinations]
            if any((item or {}).get("Id") == function.name for item in listed):
                yield name, "*", str((properties.get("Source") or {}).get("Id"))
        for connector_name, connector in (resource.get("Connectors") or {}).items():
            inner = connector.get("Properties") or {}
            destination = inner.get("Destination")
            listed = destination if isinstance(destination, list) else [destination]
            if any((item or {}).get("Id") == function.name for item in listed):
                yield connector_name, "*", name


def _permission(
    application: Application, function: WrittenFunction, name: str, properties: Any
) -> Iterator[Grant]:
    environment = application.environments[0]
    owner = str(environment.resolve(properties.get("FunctionName")))
    names = (environment.physical_name(function.name), environment.arn(function.name))
    if not owner.startswith(names) and is_known(owner):
        return
    source = environment.resolve(properties.get("SourceArn", "*"))
    if source == "*" or not is_known(source):
        yield name, "*", "*"
        return
    parts = str(source).rpartition(":")[2].split("/")
    api = next(
        (api.name for api in application.written if environment.resource(api.name).ref == parts[0]),
        parts[0],
    )
    method = parts[2] if len(parts) > 2 else "*"
    path = "/" + "/".join(parts[3:]) if len(parts) > 3 else "*"
    yield name, f"{method} {path}", api


def _lets(api: WrittenApi, operation: Operation, grant: Grant) -> bool:
    _, route, owner = grant
    if owner not in (api.name, "*"):
        return False
    if route == "*":
        return True
    method, _, path = route.partition(" ")
    if method not in ("*", "ANY", operation.method):
        return False
    return path in ("*", "/*", operation.path) or fnmatchcase(
        _starred(operation.path), _starred(path)
    )


def _starred(path: str) -> str:
    """A path as SAM writes it into a SourceArn: `*` for each variable."""
    return re.sub(r"\{[^}]*\}", "*", path)


def _open_permissions(application: Application) -> Iterator[Finding]:
    for name, resource in application.resources.items():
        properties = resource.get("Properties") or {}
        if resource.get("Type") != "AWS::Lambda::Permission":
            continue
        principal = str(properties.get("Principal"))
        has_source = {"SourceArn", "SourceAccount", "PrincipalOrgID"} & set(properties)
        if principal == "*" and not has_source:
            yield application.finding(
                "door-permission",
                name,
                message=f"{name} lets anyone call the function, around the API",
                fix="name the API in SourceArn",
            )
        elif ACCOUNT_PRINCIPAL.fullmatch(principal) and not has_source:
            yield application.finding(
                "door-permission",
                name,
                message=f"{name} lets the account {principal} call the function, around the API",
                fix="remove it, or let that account call the API",
            )
