"""What each operation asks of its callers, as `securitySchemes` and `security` say it.

API Gateway's rules (Developer Guide, "x-amazon-apigateway-authorizer object"): a scheme is one of
its own kinds or is ignored at import; an operation takes one authorizer, and an API key next to it;
`security` at the root of the document is ignored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

AUTHORIZER = "x-amazon-apigateway-authorizer"
AUTH_TYPE = "x-amazon-apigateway-authtype"
AUTH = "x-amazon-apigateway-auth"
SCOPES = "x-samspec-scopes"  # of a Lambda authorizer, because `security` must not have them
TYPES = ("cognito_user_pools", "token", "request", "jwt")
IAM, KEY = "iam", "api-key"
API_KEY_HEADER = "x-api-key"


@dataclass(frozen=True)
class Authorizer:
    """A security scheme with an authorizer; `type` is one of TYPES, `header` where its token is.

    `scopes` are those that a Lambda authorizer's function asks for, as far as the spec says so.
    """

    name: str
    type: str
    header: str
    settings: Mapping[str, Any] = field(repr=False)
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Requirement:
    """What one operation asks for; `problem` says why it cannot be enforced here, if so."""

    iam: bool = False
    key: bool = False
    authorizer: Authorizer | None = None
    scopes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_open(self) -> bool:
        """Whether anyone may call."""
        return not (self.iam or self.key or self.authorizer or self.problem)

    def __str__(self) -> str:
        names = [self.authorizer.name] if self.authorizer else []
        names += ["AWS_IAM"] if self.iam else []
        names += ["API key"] if self.key else []
        return " and ".join(names) or "NONE"


def read(definition: Mapping[str, Any], operation: Mapping[str, Any]) -> Requirement:
    """The requirement of an operation of this API definition."""
    schemes = _schemes(definition)
    stated = str((operation.get(AUTH) or {}).get("type") or "").upper()
    named = list(_named(operation))
    requirement = Requirement(iam=stated == "AWS_IAM")
    for name, scopes in named:
        requirement = _with(requirement, name, schemes.get(name), scopes)
        if requirement.problem:
            return requirement
    if stated == "NONE" and not requirement.is_open:
        return Requirement(
            problem=f"it has security ({requirement}) and {AUTH} of type NONE, "
            f"which contradict each other: remove {AUTH}"
        )
    if stated not in ("", "NONE", "AWS_IAM"):
        return Requirement(problem=f"{AUTH} is {stated!r}: API Gateway knows NONE and AWS_IAM")
    return requirement


def authorizers(definition: Mapping[str, Any]) -> list[Authorizer]:
    """All authorizers that the definition declares, used or not."""
    declared = []
    for name, scheme in _schemes(definition).items():
        if isinstance(scheme, Mapping) and _type(scheme) in TYPES:
            declared.append(_authorizer(name, scheme))
    return declared


def _schemes(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    components = definition.get("components") or {}
    return components.get("securitySchemes") or definition.get("securityDefinitions") or {}


def _named(operation: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The schemes that an operation names. API Gateway asks for all of them, not for one."""
    for item in operation.get("security") or []:
        for name, scopes in item.items():
            yield name, tuple(map(str, scopes or ()))


def _with(requirement: Requirement, name: str, scheme: Any, scopes: tuple[str, ...]) -> Requirement:
    """The requirement, and the scheme of that name as well."""
    if scheme is None and name == "NONE":  # what SAM writes for `Authorizer: NONE`
        return requirement
    if not isinstance(scheme, Mapping):
        return Requirement(
            problem=f"security names {name!r}, which is not under securitySchemes: "
            "API Gateway would leave it open"
        )
    scheme_type = _type(scheme)
    authorizer = requirement.authorizer
    if scheme_type in TYPES:
        if authorizer and authorizer.name != name:
            return Requirement(
                problem=f"security names two authorizers, {authorizer.name} and {name}: "
                "API Gateway takes one"
            )
        authorizer = _authorizer(name, scheme)
    elif scheme_type not in (IAM, KEY):
        return Requirement(
            problem=f"the security scheme {name!r} ({scheme_type}) is not of a kind that API "
            f"Gateway knows: without {AUTHORIZER} it would leave the operation open"
        )
    return Requirement(
        iam=requirement.iam or scheme_type == IAM,
        key=requirement.key or scheme_type == KEY,
        authorizer=authorizer,
        scopes=requirement.scopes + (scopes if scheme_type in TYPES else ()),
    )


def _type(scheme: Mapping[str, Any]) -> str:
    if str(scheme.get(AUTH_TYPE, "")).lower() == "awssigv4":
        return IAM
    if AUTHORIZER in scheme:
        return str((scheme[AUTHORIZER] or {}).get("type", "no type")).lower()
    if scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == API_KEY_HEADER:
        return KEY
    return f"type {scheme.get('type')}"


def _authorizer(name: str, scheme: Mapping[str, Any]) -> Authorizer:
    header = scheme.get("name") if scheme.get("in", "header") == "header" else None
    scopes = tuple(map(str, scheme.get(SCOPES) or ()))
    return Authorizer(
        name, _type(scheme), str(header or "Authorization"), scheme[AUTHORIZER], scopes
    )
