"""Eight kinds of callers, with the credentials that each of them has at a deployed API."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from samspec.deploy import sign_in
from samspec.deploy.sign_in import Pool, bearer
from samspec.deploy.stack import Stack
from samspec.gateway.authorization.trusted import FOREIGN, Trusted, is_local, issued, trusted
from samspec.sam.definitions import Api

ADMINISTRATION = "/admin"  # how the administrators' scopes end, as samspec add-auth writes them
CLIENT = {"ClientName": "rehearsal", "ExplicitAuthFlows": [f"ALLOW_{sign_in.FLOW}"]}
SECOND = {"AccessToken": "seconds", "IdToken": "seconds"}
ADDRESS = "ada@example.com"


@dataclass(frozen=True)
class Identity:
    """A kind of caller. `proves` are values that its token proves, by property of a body.

    Operations must not take a caller who `is_refused`; if it `lacks_scopes`, those that name some.
    """

    name: str
    headers: Mapping[str, str] = field(default_factory=dict)
    proves: Mapping[str, str] = field(default_factory=dict)
    is_refused: bool = False
    lacks_scopes: bool = False
    is_signed: bool = False


NOBODY = Identity("none", is_refused=True)
SIGNER = Identity("IAM", is_refused=True, is_signed=True)


@contextmanager
def of(api: Api, stack: Stack) -> Iterator[list[Identity]]:
    """The callers of the API; empty if nothing here can issue the tokens that it asks for.

    Their users are removed at the end.
    """
    key = sign_in.api_key(stack)
    accepted = trusted([api])
    with ExitStack() as users:
        identities = _with_tokens(accepted, stack, users)
        if identities:
            keyed = [replace(who, headers={**key, **who.headers}) for who in identities]
            yield [NOBODY, *keyed, SIGNER]
        elif key and not accepted:
            yield [NOBODY, *_partners(key), SIGNER]
        else:
            yield []


def _with_tokens(accepted: list[Trusted], stack: Stack, users: ExitStack) -> list[Identity]:
    pool = Pool.of(stack)
    of_pools = [token for token in accepted if sign_in.COGNITO in token.issuer]
    if pool and of_pools:
        return list(_of_pool(pool, of_pools, users))
    for token in accepted:
        if is_local(token.issuer):
            return list(_of_local_issuer(token))
    return []


def _of_pool(pool: Pool, accepted: list[Trusted], users: ExitStack) -> Iterator[Identity]:
    short_lived = users.enter_context(_short_lived(pool))
    expired = users.enter_context(short_lived.user(is_in_groups=True)).token(accepted)
    foreign = users.enter_context(_foreign(pool))
    yield Identity("expired", bearer(expired), is_refused=True)
    stranger = users.enter_context(foreign.user()).token(accepted)
    yield Identity("wrong issuer", bearer(stranger), is_refused=True)
    owner = users.enter_context(pool.user())
    if owner.token(accepted) == owner.access:
        yield Identity("wrong scope", bearer(owner.identity), is_refused=True, lacks_scopes=True)
    other = users.enter_context(pool.user())
    administrator = users.enter_context(pool.user(is_in_groups=True))
    yield Identity("other user", bearer(other.token(accepted)), {"email": other.email})
    yield Identity("owner", bearer(owner.token(accepted)), {"email": owner.email})
    yield Identity("administrator", bearer(administrator.token(accepted)))
    time.sleep(1.1)  # until the first one has expired


@contextmanager
def _short_lived(pool: Pool) -> Iterator[Pool]:
    """The pool with a client whose tokens are good for a second. AWS's shortest: five minutes."""
    settings = {"AccessTokenValidity": 1, "IdTokenValidity": 1, "TokenValidityUnits": SECOND}
    made = pool.cognito.create_user_pool_client(UserPoolId=pool.id, **CLIENT, **settings)
    client_id = made["UserPoolClient"]["ClientId"]
    try:
        yield Pool(pool.cognito, pool.id, client_id)
    finally:
        pool.cognito.delete_user_pool_client(UserPoolId=pool.id, ClientId=client_id)


@contextmanager
def _foreign(pool: Pool) -> Iterator[Pool]:
    """Another pool with the same triggers: only the issuer of its tokens differs."""
    described = pool.cognito.describe_user_pool(UserPoolId=pool.id)["UserPool"]
    triggers = described.get("LambdaConfig") or {}
    made = pool.cognito.create_user_pool(PoolName="foreign", LambdaConfig=triggers)
    id = made["UserPool"]["Id"]
    try:
        client = pool.cognito.create_user_pool_client(UserPoolId=id, **CLIENT)["UserPoolClient"]
        yield Pool(pool.cognito, id, client["ClientId"])
    finally:
        pool.cognito.delete_user_pool(UserPoolId=id)


def _of_local_issuer(token: Trusted) -> Iterator[Identity]:
    scopes = [scope for scope in token.scopes if not scope.endswith(ADMINISTRATION)]
    proven: dict[str, Any] = {"email": ADDRESS, "email_verified": "true"}
    foreign = replace(token, issuer=FOREIGN)
    refused = {
        "expired": issued(token, "ada", scopes, lifetime=-60, **proven),
        "wrong issuer": issued(foreign, "ada", scopes, **proven),
    }
    for name, value in refused.items():
        yield Identity(name, bearer(value), is_refused=True)
    scopeless = bearer(issued(token, "ada", ["openid"], **proven))
    yield Identity("wrong scope", scopeless, is_refused=True, lacks_scopes=True)
    grace = issued(token, "grace", scopes, email="grace@example.com", email_verified="true")
    yield Identity("other user", bearer(grace), {"email": "grace@example.com"})
    yield Identity("owner", bearer(issued(token, "ada", scopes, **proven)), {"email": ADDRESS})
    yield Identity("administrator", bearer(issued(token, "root", token.scopes)))


def _partners(key: Mapping[str, str]) -> Iterable[Identity]:
    unknown = dict.fromkeys(key, "not-the-key-of-any-partner")
    return [Identity("unknown key", unknown, is_refused=True), Identity("partner", key)]
