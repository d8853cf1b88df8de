"""Credentials for a deployed API: a user of the stack's own pool, or one of its API keys.

The user is made for the occasion, put into the pool's groups, and removed again.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from samspec.deploy.stack import Stack, client
from samspec.gateway.authorization.trusted import Trusted, is_local, issued, trusted
from samspec.sam.definitions import Api
from samspec.sam.errors import ProjectError

POOL = "AWS::Cognito::UserPool"
CLIENT, KEY = "AWS::Cognito::UserPoolClient", "AWS::ApiGateway::ApiKey"
COGNITO = "//cognito-idp."  # in the issuer of a user pool
FLOW = "ADMIN_USER_PASSWORD_AUTH"
GONE = ("UserNotFoundException", "ResourceNotFoundException")


@dataclass(frozen=True)
class SignedIn:
    """A user's tokens, and the address that they prove."""

    access: str
    identity: str
    email: str

    def token(self, accepted: Iterable[Trusted]) -> str:
        """The one that operations ask for: the ID token if none of them names scopes."""
        uses = {token.use for token in accepted if COGNITO in token.issuer}
        return self.identity if uses == {"id"} else self.access


class Pool:
    """The user pool `id`, whose users sign in through the app client `client_id`."""

    def __init__(self, cognito: Any, id: str, client_id: str) -> None:
        self.cognito, self.id, self.client_id = cognito, id, client_id

    @classmethod
    def of(cls, stack: Stack) -> "Pool | None":
        """The stack's own pool with its first client; None if the stack does not have both."""
        pools, clients = stack.resources_of_type(POOL), stack.resources_of_type(CLIENT)
        if not pools or not clients:
            return None
        return cls(client("cognito-idp", stack.region), pools[0], clients[0])

    @property
    def groups(self) -> list[str]:
        listed = self.cognito.list_groups(UserPoolId=self.id)["Groups"]
        return [group["GroupName"] for group in listed]

    @contextmanager
    def user(self, *, is_in_groups: bool = False) -> Iterator[SignedIn]:
        """A new user, in all of the pool's groups or in none, who is removed at the end.

        Raises a ProjectError if the pool does not let the user in.
        """
        email = f"smoke-{secrets.token_hex(8)}@example.com"
        try:
            yield self._try_to_sign_in(email, is_in_groups)
        finally:
            self._remove(email)

    def _try_to_sign_in(self, email: str, is_in_groups: bool) -> SignedIn:
        try:
            return self._signed_in(email, self.groups if is_in_groups else [])
        except (BotoCoreError, ClientError) as error:
            raise ProjectError(f"the user pool {self.id} lets nobody sign in: {error}") from None

    def _signed_in(self, email: str, groups: Iterable[str]) -> SignedIn:
        user = {"UserPoolId": self.id, "Username": email}
        password = secrets.token_urlsafe(24) + "aA1!"
        attributes = [
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
        ]
        self.cognito.admin_create_user(**user, UserAttributes=attributes, MessageAction="SUPPRESS")
        self.cognito.admin_set_user_password(**user, Password=password, Permanent=True)
        for group in groups:
            self.cognito.admin_add_user_to_group(**user, GroupName=group)
        signed_in = self.cognito.admin_initiate_auth(
            UserPoolId=self.id,
            ClientId=self.client_id,
            AuthFlow=FLOW,
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
        if "AuthenticationResult" not in signed_in:
            raise ProjectError(
                f"the user pool {self.id} asks a new user for {signed_in['ChallengeName']}: "
                "sign in yourself, and give the token with --header"
            )
        tokens = signed_in["AuthenticationResult"]
        return SignedIn(tokens["AccessToken"], tokens["IdToken"], email)

    def _remove(self, email: str) -> None:
        try:
            self.cognito.admin_delete_user(UserPoolId=self.id, Username=email)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise


@contextmanager
def credentials(
    stack: Stack, apis: Iterable[Api], extra: Mapping[str, str] | None = None
) -> Iterator[dict[str, str]]:
    """Headers of a caller who may do everything; empty if nobody is known who may.

    `apis` are those of the stack's template, for its parameters. Nobody signs in if `extra`
    has an Authorization. Raises a ProjectError if the stack's pool does not let the user in.
    """
    headers = api_key(stack) | dict(extra or {})
    if any(name.lower() == "authorization" for name in headers):
        yield headers
        return
    accepted = trusted(apis)
    pool = Pool.of(stack)
    local = next((token for token in accepted if is_local(token.issuer)), None)
    if pool:
        with pool.user(is_in_groups=True) as user:
            yield headers | bearer(user.token(accepted))
    elif local:
        yield headers | bearer(issued(local, "administrator", local.scopes))
    else:
        yield headers


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def api_key(stack: Stack) -> dict[str, str]:
    """The header with the stack's first API key; empty if it has none."""
    keys = stack.resources_of_type(KEY)
    if not keys:
        return {}
    gateway = client("apigateway", stack.region)
    return {"X-Api-Key": gateway.get_api_key(apiKey=keys[0], includeValue=True)["value"]}
