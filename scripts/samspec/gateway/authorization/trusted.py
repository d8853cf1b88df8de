"""The tokens that a project's authorizers accept, and credentials that open every operation."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from samspec.gateway.authorization import requirements, tokens
from samspec.gateway.authorization.keys import UsagePlans
from samspec.gateway.authorization.requirements import Authorizer
from samspec.sam.definitions import Api
from samspec.sam.functions import LambdaFunction
from samspec.sam.operations import ANY, METHODS
from samspec.sam.template import Template

LOCAL = "http://127.0.0.1:3000/_/issuer"
FOREIGN = "https://issuer.example"
# Whom tests of a project's rules send requests as, in this order (samspec.testing.callers).
CALLERS = (
    "none",
    "expired",
    "wrong issuer",
    "wrong scope",
    "other user",
    "owner",
    "administrator",
    "IAM",
)


@dataclass(frozen=True)
class Trusted:
    """A token that some authorizer accepts: issuer, use, client, audience, scopes.

    `scopes` are those that its operations name; where there are none, Cognito takes ID tokens.
    """

    issuer: str
    use: str
    client: str
    audience: str
    scopes: tuple[str, ...]


def trusted(apis: Iterable[Api]) -> list[Trusted]:
    """What the authorizers of these APIs accept, in the order of the definitions."""
    accepted = []
    for api in apis:
        for authorizer in requirements.authorizers(api.document):
            if authorizer.type in ("token", "request"):
                accepted += _of_a_function(authorizer, api)
            elif not tokens.problem(authorizer):
                accepted += _accepted_by(authorizer, api)
    return accepted


def is_local(issuer: str) -> bool:
    """Whether it is the local issuer, at whatever port its documents are served."""
    return re.fullmatch(r"http://127\.0\.0\.1:\d+/_/issuer", issuer) is not None


def credentials(apis: Iterable[Api], subject: str = "administrator") -> dict[str, str]:
    """Headers that every operation accepts: a token with all scopes, an API key, or both.

    Empty for APIs that ask for neither. The token is good for an hour.
    """
    headers = {}
    for token in trusted(apis):
        headers["Authorization"] = f"Bearer {issued(token, subject, token.scopes)}"
        break
    for api in apis:
        for key in UsagePlans(api.template, api.id, api.stage).usable:
            headers[requirements.API_KEY_HEADER] = key.value
            break
    return headers


def wrong_credentials(apis: Iterable[Api]) -> dict[str, dict[str, str]]:
    """Headers that no operation which asks for its caller accepts, by what is wrong with them.

    Empty for APIs whose operations ask for neither a token nor a key.
    """
    if not credentials(apis):
        return {}
    wrong: dict[str, dict[str, str]] = {
        "none": {},
        "an unknown key": {requirements.API_KEY_HEADER: "not-the-key-of-any-partner"},
        "no token at all": {"Authorization": "Bearer x.y.z"},
    }
    for token in trusted(apis)[:1]:
        foreign = replace(token, issuer=FOREIGN)
        values = {
            "expired": issued(token, "ada", token.scopes, lifetime=-60),
            "of a foreign issuer": issued(foreign, "ada", token.scopes),
            "without the scope": issued(token, "ada", ["openid"]),
        }
        wrong |= {name: {"Authorization": f"Bearer {value}"} for name, value in values.items()}
    return wrong


def issued(
    token: Trusted, subject: str, scopes: Iterable[str] = (), lifetime: int = 3600, **claims: Any
) -> str:
    """A token of this kind; `lifetime` is in seconds."""
    from samspec.aws import issuer

    return issuer.issue(
        issuer.TokenRequest(
            issuer=token.issuer,
            subject=subject,
            client=token.client,
            audience=token.audience,
            use=token.use,
            scopes=tuple(scopes),
            lifetime=lifetime,
            claims=claims,
        )
    )


def with_issuer_keys(function: LambdaFunction) -> LambdaFunction:
    """The function; if its tokens come from the local issuer, with the issuer's public keys.

    A function that checks tokens would ask the gateway that runs it for them. TOKEN_ISSUER and
    TOKEN_KEYS are this project's convention (samspec add-auth lambda).
    """
    variables = function.environment
    if not is_local(str(variables.get("TOKEN_ISSUER"))) or variables.get("TOKEN_KEYS"):
        return function
    from samspec.aws import issuer

    keys = json.dumps(issuer.public_keys())
    return replace(function, environment={**variables, "TOKEN_KEYS": keys})


def _accepted_by(authorizer: Authorizer, api: Api) -> list[Trusted]:
    scopes = _scopes(authorizer, api.document)
    settings = authorizer.settings.get("jwtConfiguration") or {}
    audience = str(next(iter(settings.get("audience") or []), ""))
    use = "access" if scopes or authorizer.type == "jwt" else "id"
    accepted = []
    for issuer in tokens.issuers_of(authorizer):
        accepted.append(Trusted(issuer, use, _client(api.template, issuer), audience, scopes))
    return accepted


def _of_a_function(authorizer: Authorizer, api: Api) -> list[Trusted]:
    """What a Lambda authorizer accepts, if variables of its function say so.

    TOKEN_ISSUER and TOKEN_AUDIENCE are the convention of samspec add-auth lambda.
    """
    uri = str(authorizer.settings.get("authorizerUri", ""))
    for name, function in api.template.of_type("AWS::Serverless::Function").items():
        variables = (function.get("Environment") or {}).get("Variables") or {}
        named = f":{api.template.physical_name(name)}" in uri
        if named and "TOKEN_ISSUER" in variables:
            audience = str(variables.get("TOKEN_AUDIENCE", ""))
            issuer = str(variables["TOKEN_ISSUER"])
            return [Trusted(issuer, "access", "local", audience, authorizer.scopes)]
    return []


def _scopes(authorizer: Authorizer, document: dict[str, Any]) -> tuple[str, ...]:
    """The scopes that operations ask of this authorizer's tokens, each once."""
    scopes: dict[str, None] = {}
    for item in document.get("paths", {}).values():
        for key, operation in item.items():
            if key not in METHODS and key != ANY:
                continue
            requirement = requirements.read(document, operation or {})
            if requirement.authorizer and requirement.authorizer.name == authorizer.name:
                scopes |= dict.fromkeys(requirement.scopes)
    return tuple(scopes)


def _client(template: Template, issuer: str) -> str:
    """The pool's first app client, if the template has one."""
    for name, client in template.of_type("AWS::Cognito::UserPoolClient").items():
        if issuer.endswith(f"/{client.get('UserPoolId')}"):
            return template.resource(name).ref
    return "local"
