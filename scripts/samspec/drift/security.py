"""Who may call: security schemes, authorizers, and an authorization for each operation."""

from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.application import Application
from samspec.drift.targets import target
from samspec.sam.documents import Keys
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.variants import UNKNOWN, Variant, is_known
from samspec.sam.written import WrittenApi

AUTH = "x-amazon-apigateway-auth"
AUTHORIZER = "x-amazon-apigateway-authorizer"
AUTHTYPE = "x-amazon-apigateway-authtype"
API_KEY_SOURCE = "x-amazon-apigateway-api-key-source"
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-auth.html
AUTH_TYPES = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS")
AUTHORIZER_TYPES = ("token", "request", "cognito_user_pools", "jwt")
KNOWN_AUTHTYPES = ("cognito_user_pools", "custom", "awssigv4", "oauth2", "jwt")
Fault = tuple[str, Keys, str, str]


def check(application: Application) -> Iterator[Finding]:
    """The schemes, then the operations of each definition."""
    for api in application.definitions:
        for fault in _schemes(application, api):
            yield api.finding(*fault)
        for fault in _operations(application, api):
            yield api.finding(*fault)
        yield from _settings(application, api)


def schemes(api: WrittenApi) -> tuple[Keys, dict[str, dict[str, Any]]]:
    """Where the definition declares its security schemes, and the schemes by name."""
    at: Keys = ("securityDefinitions",) if api.is_swagger else ("components", "securitySchemes")
    node: Any = api.data
    for key in at:
        node = node.get(key) if isinstance(node, dict) else None
    declared = node if isinstance(node, dict) else {}
    return at, {name: api.mapping(scheme) for name, scheme in declared.items()}


# Schemes


def _schemes(application: Application, api: WrittenApi) -> Iterator[Fault]:
    at, declared = schemes(api)
    used = _used(api)
    for name, scheme in declared.items():
        if name not in used:
            continue  # what no operation asks for does no harm
        place = (*at, name)
        if AUTHORIZER in scheme:
            yield from _authorizer(application, api, (*place, AUTHORIZER), name, scheme)
        yield from _kind(api, place, name, scheme)


def _used(api: WrittenApi) -> set[str]:
    names: set[str] = set()
    for node in (api.data, *(operation.node for operation in api.operations)):
        for requirement in node.get("security") or []:
            if isinstance(requirement, dict):
                names |= set(requirement)
    return names


def _kind(api: WrittenApi, at: Keys, name: str, scheme: Mapping[str, Any]) -> Iterator[Fault]:
    type_name = str(scheme.get("type"))
    if api.protocol == "http":
        if AUTHORIZER not in scheme and str(scheme.get(AUTHTYPE)).lower() != "awssigv4":
            yield (
                "security-scheme",
                at,
                f"the scheme {name} has no {AUTHORIZER}: its operations are open",
                f"add {AUTHORIZER} with type jwt or request",
            )
        return
    if type_name.lower() != "apikey":
        yield (
            "security-scheme",
            at,
            f"the scheme {name} is of type {type_name}, which API Gateway ignores: "
            "its operations are open",
            f"write type: apiKey with {AUTHTYPE} and {AUTHORIZER}",
        )
        return
    authtype = scheme.get(AUTHTYPE)
    if authtype is not None and str(authtype).lower() not in KNOWN_AUTHTYPES:
        yield (
            "security-scheme",
            (*at, AUTHTYPE),
            f"the scheme {name} has the {AUTHTYPE} {authtype}, which API Gateway does not know",
            "write cognito_user_pools, custom or awsSigv4",
        )
    header = str(scheme.get("name")).lower()
    if AUTHORIZER in scheme or str(authtype).lower() == "awssigv4":
        return
    if header == "x-api-key":
        return  # an API key with a usage plan
    yield (
        "security-scheme",
        at,
        f"the scheme {name} reads {scheme.get('name')} and has no {AUTHORIZER}: "
        "its operations are open",
        f"add {AUTHORIZER}, or name: x-api-key for API keys",
    )


def _authorizer(
    application: Application, api: WrittenApi, at: Keys, name: str, scheme: Mapping[str, Any]
) -> Iterator[Fault]:
    authorizer = scheme[AUTHORIZER]
    if not isinstance(authorizer, dict):
        return
    environment = application.environments[0]
    type_name = str(environment.resolve(authorizer.get("type"))).lower()
    if type_name not in AUTHORIZER_TYPES and UNKNOWN not in type_name:
        yield (
            "security-authorizer",
            (*at, "type"),
            f"the authorizer {name} is of type {authorizer.get('type')}",
            "write token, request or cognito_user_pools",
        )
    elif type_name == "cognito_user_pools":
        yield from _pools(application, at, name, authorizer)
    elif type_name in ("token", "request"):
        yield from _authorizer_function(application, at, name, authorizer)
        if type_name == "request" and api.protocol == "rest":
            yield from _identity(at, name, authorizer)
    elif type_name == "jwt":
        configuration = authorizer.get("jwtConfiguration") or {}
        if not configuration.get("issuer") or not configuration.get("audience"):
            yield (
                "security-authorizer",
                at,
                f"the authorizer {name} has no issuer or no audience",
                "add jwtConfiguration with both",
            )


def _pools(
    application: Application, at: Keys, name: str, authorizer: Mapping[str, Any]
) -> Iterator[Fault]:
    arns = authorizer.get("providerARNs")
    if not arns:
        yield (
            "security-authorizer",
            at,
            f"the authorizer {name} has no providerARNs",
            "add the ARN of a user pool",
        )
        return
    for environment in application.environments:
        for arn in (
            environment.resolve(arns) if isinstance(arns, list) else [environment.resolve(arns)]
        ):
            text = str(arn)
            if UNKNOWN in text:
                continue
            if ":cognito-idp:" not in text or ":userpool/" not in text or "${" in text:
                yield (
                    "security-authorizer",
                    (*at, "providerARNs"),
                    f"the authorizer {name} names {text}, which is not a user pool",
                    "write Fn::GetAtt: [UserPool, Arn]",
                )
                return


def _authorizer_function(
    application: Application, at: Keys, name: str, authorizer: Mapping[str, Any]
) -> Iterator[Fault]:
    destination = target(application, authorizer.get("authorizerUri"))
    if destination.fault:
        yield (
            "security-authorizer",
            (*at, "authorizerUri"),
            f"the authorizer {name} {destination.fault}",
            destination.fix,
        )
    elif authorizer.get("authorizerUri") is None:
        yield (
            "security-authorizer",
            at,
            f"the authorizer {name} has no authorizerUri",
            "name the function that decides",
        )
    elif authorizer.get("authorizerCredentials") or destination.function is None:
        return  # IAM decides, or another stack
    elif not _may_be_called(application, destination.function):
        yield (
            "security-authorizer",
            (*at, "authorizerUri"),
            f"API Gateway may not call {destination.function}, the authorizer of {name}",
            "add an AWS::Lambda::Permission for apigateway.amazonaws.com, or authorizerCredentials",
        )


def _may_be_called(application: Application, function: str) -> bool:
    environment = application.environments[0]
    names = (environment.physical_name(function), environment.arn(function))
    for resource in application.resources.values():
        properties = resource.get("Properties") or {}
        if resource.get("Type") == "AWS::Lambda::Permission":
            owner = str(environment.resolve(properties.get("FunctionName")))
            if owner.startswith(names) or not is_known(owner):
                return True
    return False


def _identity(at: Keys, name: str, authorizer: Mapping[str, Any]) -> Iterator[Fault]:
    caches = authorizer.get("authorizerResultTtlInSeconds") != 0
    if caches and not authorizer.get("identitySource"):
        yield (
            "security-authorizer",
            at,
            f"the authorizer {name} caches its decisions and has no identitySource to cache by",
            "add identitySource, or authorizerResultTtlInSeconds: 0",
        )


# Operations


def _operations(application: Application, api: WrittenApi) -> Iterator[Fault]:
    _, declared = schemes(api)
    callers = [item for item in api.operations if not _is_gateways_own(item)]
    protected = [item for item in callers if _says_who(item)]
    for operation in api.operations:
        yield from _requirement(api, operation, declared)
        yield from _auth_type(application, api, operation)
        if operation.method == "OPTIONS":
            yield from _preflight(application, api, operation)
    if _covers_all(api, application):
        return
    if len(protected) * 2 >= len(callers):
        for operation in callers:
            if not _says_who(operation):
                yield (
                    "security-open",
                    operation.keys,
                    f"{operation} says nothing about who may call it, and is open to anyone",
                    "declare what its neighbours do, or security: [] for anyone",
                )
    yield from _weaker(application, api, callers)
    for operation in callers:
        yield from _documented(application, api, operation, declared)


def _covers_all(api: WrittenApi, application: Application) -> bool:
    """Whether the template gives every operation an authorizer: Auth with a default."""
    auth = api.properties.get("Auth") or application.section("Globals").get("Api", {}).get("Auth")
    return isinstance(auth, dict) and "DefaultAuthorizer" in auth


def _is_gateways_own(operation: Operation) -> bool:
    """Preflights, and MOCKs, which serve nothing that is anyone's."""
    type_name = str(operation.integration.get("type")).lower()
    return operation.method == "OPTIONS" or type_name == "mock"


def _says_who(operation: Operation) -> bool:
    return "security" in operation.node or AUTH in operation.node


def _requirement(
    api: WrittenApi, operation: Operation, declared: Mapping[str, Mapping[str, Any]]
) -> Iterator[Fault]:
    security = operation.node.get("security")
    if security is None:
        return
    at = (*operation.keys, "security")
    if AUTH in operation.node and security:
        yield (
            "security-both",
            (*operation.keys, AUTH),
            f"{operation} has {AUTH} next to security, and API Gateway heeds one of them",
            f"remove {AUTH}",
        )
    for requirement in security if isinstance(security, list) else ():
        for name, scopes in requirement.items() if isinstance(requirement, dict) else ():
            if name not in declared:
                yield (
                    "security-undeclared",
                    at,
                    f"{operation} asks for {name}, which is not declared",
                    f"declare it, or ask for one of {', '.join(declared) or 'none'}",
                )
            elif scopes and not _knows_scopes(declared[name]):
                yield (
                    "security-scopes",
                    at,
                    f"{operation} asks for scopes of {name}, whose authorizer does not check any",
                    "scopes need a Cognito or JWT authorizer; leave them out: []",
                )


def _knows_scopes(scheme: Mapping[str, Any]) -> bool:
    authorizer = scheme.get(AUTHORIZER)
    type_name = str(authorizer.get("type")).lower() if isinstance(authorizer, dict) else ""
    return type_name in ("cognito_user_pools", "jwt") or scheme.get("type") == "oauth2"


def _auth_type(application: Application, api: WrittenApi, operation: Operation) -> Iterator[Fault]:
    if AUTH not in operation.node:
        return
    for environment in application.environments_of(api):
        value = auth_type(operation, environment)
        if value.upper() not in AUTH_TYPES and UNKNOWN not in value:
            yield (
                "security-auth-type",
                (*operation.keys, AUTH),
                f"{operation} has the authorization {value or '(none)'} (with {environment.label})",
                "write type: AWS_IAM or NONE, in capitals",
            )
            return
        if value != value.upper() and UNKNOWN not in value:
            yield (
                "security-auth-type",
                (*operation.keys, AUTH),
                f"{operation} has the authorization {value}",
                f"write {value.upper()}",
            )
            return


def auth_type(operation: Operation, environment: Variant) -> str:
    """The x-amazon-apigateway-auth type of an operation in an environment; empty without one."""
    auth = environment.resolve(operation.node.get(AUTH))
    return str(auth.get("type", "")) if isinstance(auth, dict) else ""


def _preflight(application: Application, api: WrittenApi, operation: Operation) -> Iterator[Fault]:
    asks = bool(operation.node.get("security"))
    for environment in application.environments_of(api):
        value = auth_type(operation, environment).upper()
        asks = asks or value not in ("", "NONE")
    if asks:
        key = "security" if operation.node.get("security") else AUTH
        yield (
            "security-preflight",
            (*operation.keys, key),
            f"{operation} asks for authorization, and browsers send none with a preflight",
            "remove it, or write security: []",
        )


def _weaker(application: Application, api: WrittenApi, callers: list[Operation]) -> Iterator[Fault]:
    """An operation that stays open where most others ask for a signature."""
    with_auth = [item for item in callers if AUTH in item.node]
    for environment in application.environments_of(api):
        values = {str(item): auth_type(item, environment).upper() for item in with_auth}
        open_ones = [item for item in with_auth if values[str(item)] == "NONE"]
        if not open_ones or len(open_ones) * 2 > len(with_auth):
            continue
        for operation in open_ones:
            if operation.node.get("security") == []:
                continue
            yield (
                "security-open",
                (*operation.keys, AUTH),
                f"{operation} is open to anyone, and the others are not (with {environment.label})",
                "give it the authorization of its neighbours",
            )
        return


def _documented(
    application: Application,
    api: WrittenApi,
    operation: Operation,
    declared: Mapping[str, Mapping[str, Any]],
) -> Iterator[Fault]:
    """Where a token is asked for, callers see 401; 403 where the API refuses some of them.

    Which operations refuse a known caller is the handlers' affair: that some operation documents it
    shows that the authors thought of it.
    """
    names = set()
    for requirement in operation.node.get("security") or []:
        if isinstance(requirement, dict):
            for name in requirement:
                if AUTHORIZER in declared.get(name, {}):
                    names.add(name)
    if not names or not operation.node.get("responses"):
        return
    documented = set(api.responses(operation))
    wildcard = {"default", "4XX", "4xx"} & documented
    elsewhere = {status for other in api.operations for status in api.responses(other)}
    missing = [] if "401" in documented else ["401"]
    if "403" not in elsewhere:
        missing.append("403")
    if missing and not wildcard and len(documented) > 1:
        yield (
            "security-undocumented",
            (*operation.keys, "responses"),
            f"{operation} asks for {min(names)}, and does not document {' and '.join(missing)}",
            "document 401 (no valid token) and 403 (not allowed)",
        )


# Settings of the template for operations


def _settings(application: Application, api: WrittenApi) -> Iterator[Finding]:
    """MethodSettings name paths and methods that the definition has."""
    listed = api.properties.get("MethodSettings")
    at = ("Resources", api.name, "Properties", "MethodSettings")
    for index, setting in enumerate(listed if isinstance(listed, list) else ()):
        environment = application.environments[0]
        path = environment.resolve(setting.get("ResourcePath", "/*"))
        method = str(environment.resolve(setting.get("HttpMethod", "*"))).upper()
        if not is_known(path) or _has_route(api, str(path), method):
            continue
        yield application.template.finding(
            "method-settings-route",
            (*at, str(index)),
            f"MethodSettings name {method} {path}, which {api.name} does not have",
            f"write a path and method of {api.document.name}, or /* and *",
        )


def _has_route(api: WrittenApi, path: str, method: str) -> bool:
    path = path.replace("~1", "/")
    wanted = path if path.startswith("/") else f"/{path}"
    for operation in api.operations:
        if wanted in ("/*", operation.path) and method in ("*", operation.method):
            return True
        if wanted == operation.path and operation.method == "ANY":
            return True
    return False
