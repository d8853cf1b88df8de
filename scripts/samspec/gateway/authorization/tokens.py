"""Authorizers that read a token themselves: Cognito user pools (REST) and JWT (HTTP APIs)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from samspec.gateway.authorization.call import Call
from samspec.gateway.authorization.requirements import Authorizer
from samspec.gateway.errors import GatewayError

BEARER = re.compile(r"bearer\s+", re.IGNORECASE)
DATES = ("exp", "iat")


def cognito(authorizer: Authorizer, scopes: tuple[str, ...], call: Call) -> dict[str, Any]:
    """The claims of a user pool's token, as a REST API's function gets them: all as text.

    An operation with scopes takes an access token that has one of them; any other takes an ID
    token. A token that lacks the scope is a 401 like any token that is not accepted: so AWS lists
    it under the reasons of a 401, and REST APIs have no gateway response of their own for it.
    https://repost.aws/knowledge-center/api-gateway-cognito-401-unauthorized
    """
    from samspec.aws import issuer

    token = _token(call.request.header(authorizer.header))
    if token is None:
        raise unauthorized(f"the header {authorizer.header} is missing")
    issuers = [cognito_issuer(arn) for arn in _pools(authorizer)]
    try:
        claims = issuer.verify(token, issuers)
    except issuer.ExpiredToken as error:
        raise unauthorized(str(error), "The incoming token has expired") from None
    except issuer.InvalidToken as error:
        raise unauthorized(f"the token is not accepted: {error}") from None
    _check_use(authorizer, scopes, claims)
    return {"claims": {name: _rest_text(name, value) for name, value in claims.items()}}


def jwt(authorizer: Authorizer, scopes: tuple[str, ...], call: Call) -> dict[str, Any]:
    """The claims and scopes of a token, as an HTTP API's function gets them.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
    """
    from samspec.aws import issuer

    settings = authorizer.settings.get("jwtConfiguration") or {}
    source = _sources(authorizer.settings, f"$request.header.{authorizer.header}")[0]
    token = _token(call.value(source))
    if token is None:
        raise _challenge("Bearer", f"{source} is missing")
    try:
        claims = issuer.verify(token, [str(settings.get("issuer"))])
    except issuer.ExpiredToken as error:
        raise _invalid("the token has expired", str(error)) from None
    except issuer.InvalidToken as error:
        raise _invalid("the token is not valid", str(error)) from None
    audiences = [str(audience) for audience in settings.get("audience") or []]
    audience = claims["aud"] if "aud" in claims else claims.get("client_id")
    if not set(_listed(audience)) & set(audiences):
        raise _invalid("the token does not have a valid audience", f"it is for {audience}")
    owned = _scopes(claims)
    if scopes and not set(scopes) & set(owned):
        reason = f"the token has the scopes {owned}, the operation asks for {list(scopes)}"
        challenge = f'Bearer scope="{" ".join(scopes)}" error="insufficient_scope"'
        raise _challenge(challenge, reason, "ACCESS_DENIED", "Forbidden")
    texts = {name: _http_text(value) for name, value in claims.items()}
    return {"jwt": {"claims": texts, "scopes": owned if scopes else None}}


def unauthorized(reason: str, message: str = "Unauthorized") -> GatewayError:
    """The 401 of a REST API."""
    return GatewayError("UNAUTHORIZED", message, reason=reason)


def problem(authorizer: Authorizer) -> str:
    """What of the authorizer's settings makes it useless; empty if nothing."""
    if authorizer.type == "jwt":
        settings = authorizer.settings.get("jwtConfiguration") or {}
        if not settings.get("issuer") or not settings.get("audience"):
            return "its jwtConfiguration needs an issuer and an audience"
        return ""
    pools = _pools(authorizer)
    try:
        for arn in pools:
            cognito_issuer(arn)
    except ValueError as error:
        return str(error)
    return "" if pools else "it has no providerARNs"


def issuers_of(authorizer: Authorizer) -> list[str]:
    """Whose tokens the authorizer accepts; empty for a Lambda authorizer."""
    if authorizer.type == "jwt":
        return [str((authorizer.settings.get("jwtConfiguration") or {}).get("issuer"))]
    if authorizer.type != "cognito_user_pools":
        return []
    return [cognito_issuer(arn) for arn in _pools(authorizer)]


def cognito_issuer(pool_arn: str) -> str:
    """The issuer of a user pool's tokens, by its ARN; raises ValueError for another text."""
    parts = pool_arn.split(":")
    pool = pool_arn.rpartition("/")[2]
    if len(parts) < 6 or parts[2] != "cognito-idp" or not pool:
        raise ValueError(f"{pool_arn!r} is not the ARN of a Cognito user pool")
    return f"https://cognito-idp.{parts[3]}.amazonaws.com/{pool}"


def _pools(authorizer: Authorizer) -> list[str]:
    return [str(arn) for arn in authorizer.settings.get("providerARNs") or []]


def _check_use(authorizer: Authorizer, scopes: tuple[str, ...], claims: Mapping[str, Any]) -> None:
    use = claims.get("token_use")
    if not scopes and use != "id":
        raise unauthorized(f"an operation without scopes takes an ID token, not the {use} token")
    if scopes and use != "access":
        raise unauthorized(f"an operation with scopes takes an access token, not the {use} token")
    owned = _scopes(claims)
    if scopes and not set(scopes) & set(owned):
        raise unauthorized(f"the token has the scopes {owned}, and needs one of {list(scopes)}")
    expression = authorizer.settings.get("identityValidationExpression")
    if expression and not re.fullmatch(str(expression), str(claims.get("aud", ""))):
        raise unauthorized("the token's aud does not fit identityValidationExpression")


def _sources(settings: Mapping[str, Any], default: str) -> list[str]:
    stated = settings.get("identitySource") or default
    texts = stated if isinstance(stated, list) else str(stated).split(",")
    return [str(text).strip() for text in texts]


def _token(header: str | None) -> str | None:
    """The token in a header's value: API Gateway takes it with and without `Bearer`."""
    text = (header or "").strip()
    return BEARER.sub("", text, count=1) or None


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    scopes = claims.get("scope", claims.get("scp")) or []
    return scopes.split() if isinstance(scopes, str) else [str(scope) for scope in scopes]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _rest_text(name: str, value: Any) -> str:
    """A claim as REST APIs hand it on: times as `Tue Nov 14 03:00:20 UTC 2023`, lists joined."""
    if name in DATES and isinstance(value, int):
        return datetime.fromtimestamp(value, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _http_text(value: Any) -> str:
    """A claim as HTTP APIs hand it on: lists as `[a b]`."""
    if isinstance(value, list):
        return f"[{' '.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _invalid(description: str, reason: str) -> GatewayError:
    challenge = f'Bearer scope="" error="invalid_token" error_description="{description}"'
    return _challenge(challenge, f"the token is not accepted: {reason}")


def _challenge(
    challenge: str, reason: str, response_type: str = "UNAUTHORIZED", message: str = "Unauthorized"
) -> GatewayError:
    return GatewayError(
        response_type, message, reason=reason, headers={"www-authenticate": challenge}
    )
