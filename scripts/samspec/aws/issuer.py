"""The local issuer: it signs tokens as a Cognito user pool or another OpenID provider would.

It stands in for every issuer that a project names, so the gateway accepts its tokens and no others:
no request leaves the machine to get a provider's keys. Its key is made once and kept in the user's
state folder, so a token printed in one terminal is good at a gateway that runs in another.
"""

import gzip
import json
import os
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from joserfc import jwk, jwt
from joserfc.errors import BadSignatureError, JoseError

from samspec.sam.errors import ProjectError
from samspec.sam.once import once

ALGORITHM = "RS256"
KEY_NAME = "samspec-local"
HOUR = 3600


class InvalidToken(Exception):
    """A token that is not accepted; the message says why, in words for the developer."""


class ExpiredToken(InvalidToken):
    """A token that was good once."""


@dataclass(frozen=True)
class TokenRequest:
    """What a token is to say. `lifetime` is in seconds; below zero it has expired already."""

    issuer: str
    subject: str
    client: str = "local"
    scopes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    audience: str = ""
    use: str = "access"  # or "id"
    lifetime: int = HOUR
    claims: Mapping[str, Any] = field(default_factory=dict)


def issue(request: TokenRequest) -> str:
    """A signed token with the claims that Cognito's tokens have [D].

    https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
    """
    now = int(time.time())
    began = min(now, now + request.lifetime) - 1
    claims: dict[str, Any] = {
        "sub": request.subject,
        "iss": request.issuer,
        "token_use": request.use,
        "auth_time": began,
        "iat": began,
        "exp": now + request.lifetime,
        "jti": str(uuid.uuid4()),
    }
    if request.groups:
        claims["cognito:groups"] = list(request.groups)
    if request.use == "id":
        claims |= {"aud": request.audience or request.client, "cognito:username": request.subject}
    else:
        claims |= {
            "client_id": request.client,
            "username": request.subject,
            "scope": " ".join(request.scopes),
        }
        if request.audience:
            claims["aud"] = request.audience
    header = {"alg": ALGORITHM, "kid": KEY_NAME}
    return jwt.encode(header, {**claims, **request.claims}, _private_key())


def verify(token: str, issuers: Collection[str]) -> dict[str, Any]:
    """The claims of a token that one of the issuers gave; raises InvalidToken or ExpiredToken."""
    try:
        decoded = jwt.decode(token, _key_for, algorithms=[ALGORITHM])
    except BadSignatureError:
        raise InvalidToken("its signature is not one of the local issuer's") from None
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise InvalidToken(f"it is not a token of the local issuer: {error}") from None
    claims = dict(decoded.claims)
    if claims.get("iss") not in issuers:
        raise InvalidToken(f"its issuer is {claims.get('iss')}, not {' or '.join(issuers)}")
    _check_times(claims)
    return claims


def _check_times(claims: Mapping[str, Any]) -> None:
    now = time.time()
    expires, not_before = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, int | float) or not isinstance(not_before, int | float):
        raise InvalidToken("it has no exp, or a time that is not a number")
    if expires <= now:
        raise ExpiredToken(f"it expired {now - expires:.0f} s ago")
    if not_before > now:
        raise InvalidToken("it is not valid yet (nbf)")


def public_keys() -> dict[str, Any]:
    """The issuer's JSON Web Key Set: its public key, and that of moto's Cognito."""
    return {"keys": [_public(_private_key()), _public(moto_key())]}


def discovery(base_url: str) -> dict[str, Any]:
    """An OpenID provider's metadata (OpenID Connect Discovery 1.0) for a gateway at `base_url`."""
    return {
        "issuer": f"{base_url}/_/issuer",
        "jwks_uri": f"{base_url}/_/issuer/jwks.json",
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
    }


def _key_for(token: Any) -> jwk.RSAKey:
    """The key that a token's header names. moto's Cognito signs with a key of its own."""
    name = token.headers().get("kid")
    if name == KEY_NAME:
        return _private_key()
    if name == "dummy":
        return moto_key()
    raise ValueError(f"its key is {name!r}")


def _public(key: jwk.RSAKey) -> dict[str, Any]:
    return dict(key.as_dict(private=False)) | {"use": "sig", "alg": ALGORITHM}


@cache
def moto_key() -> jwk.RSAKey:
    """The public key of moto's user pools."""
    import moto

    file = Path(moto.__file__).parent / "cognitoidp/resources/jwks-public.json.gz"
    return jwk.RSAKey.import_key(json.loads(gzip.decompress(file.read_bytes()))["keys"][0])


def _private_key() -> jwk.RSAKey:
    """The issuer's key; made when it is first needed, and kept for this user."""
    return _key_in(_state_folder() / "issuer-key.json")


@once
def _key_in(file: Path) -> jwk.RSAKey:
    try:
        return jwk.RSAKey.import_key(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return _new_key(file)
    except (OSError, ValueError, TypeError, KeyError, JoseError) as error:
        raise ProjectError(
            f"{file}: the local issuer's key cannot be read ({error}): delete the file, a new key "
            "is then made"
        ) from None


def _new_key(file: Path) -> jwk.RSAKey:
    key = jwk.RSAKey.generate_key(2048, {"kid": KEY_NAME})
    mine = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(key.as_dict(private=True), stream)
        try:
            os.link(mine, file)  # unlike a rename, it leaves the key of a process that was faster
        finally:
            mine.unlink()
    except FileExistsError:
        return jwk.RSAKey.import_key(json.loads(file.read_bytes()))
    except OSError as error:
        raise ProjectError(
            f"{file}: the local issuer's key cannot be kept ({error.strerror}): set XDG_STATE_HOME "
            "to a folder that can be written"
        ) from None
    return key


def _state_folder() -> Path:
    """The user's folder for state (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local/state") / "samspec"
