"""Credentials for a deployed API: a user of the stack's own pool, or one of its API keys.

The user is made for the occasion, put into the pool's groups, and removed again.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from samspec.deploy.stack import Stack, client
from samspec.sam.errors import ProjectError

POOL = "AWS::Cognito::UserPool"
CLIENT, KEY = "AWS::Cognito::UserPoolClient", "AWS::ApiGateway::ApiKey"
REHEARSED = "REHEARSED"  # set by samspec rehearse
FLOW = "ADMIN_USER_PASSWORD_AUTH"
GONE = ("UserNotFoundException", "ResourceNotFoundException")


@contextmanager
def credentials(stack: Stack) -> Iterator[dict[str, str]]:
    """Headers of a caller who may do everything; empty if the stack has no pool and no key.

    Empty in a rehearsal, too: the local AWS makes the pool and lets users sign in, but its REST
    APIs refuse their tokens. Raises a ProjectError if the pool does not let the user in.
    """
    if REHEARSED in os.environ:
        yield {}
        return
    headers = _api_key(stack)
    pools, clients = stack.resources_of_type(POOL), stack.resources_of_type(CLIENT)
    if not pools or not clients:
        yield headers
        return
    cognito = client("cognito-idp", stack.region)
    name = f"smoke-{secrets.token_hex(8)}@example.com"
    user = {"UserPoolId": pools[0], "Username": name}
    try:
        token = _token(cognito, user, clients[0], _groups(cognito, pools[0]))
        yield headers | {"Authorization": f"Bearer {token}"}
    except (BotoCoreError, ClientError) as error:
        raise ProjectError(f"the user pool {pools[0]} lets nobody sign in: {error}") from None
    finally:
        _remove(cognito, user)


def _token(cognito: Any, user: dict[str, str], client_id: str, groups: list[str]) -> str:
    """The access token of a new user in these groups."""
    password = secrets.token_urlsafe(24) + "aA1!"
    attributes = [
        {"Name": "email", "Value": user["Username"]},
        {"Name": "email_verified", "Value": "true"},
    ]
    cognito.admin_create_user(**user, UserAttributes=attributes, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**user, Password=password, Permanent=True)
    for group in groups:
        cognito.admin_add_user_to_group(**user, GroupName=group)
    signed_in = cognito.admin_initiate_auth(
        UserPoolId=user["UserPoolId"],
        ClientId=client_id,
        AuthFlow=FLOW,
        AuthParameters={"USERNAME": user["Username"], "PASSWORD": password},
    )
    return str(signed_in["AuthenticationResult"]["AccessToken"])


def _groups(cognito: Any, pool: str) -> list[str]:
    return [group["GroupName"] for group in cognito.list_groups(UserPoolId=pool)["Groups"]]


def _remove(cognito: Any, user: dict[str, str]) -> None:
    try:
        cognito.admin_delete_user(**user)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise


def _api_key(stack: Stack) -> dict[str, str]:
    keys = stack.resources_of_type(KEY)
    if not keys:
        return {}
    gateway = client("apigateway", stack.region)
    return {"X-Api-Key": gateway.get_api_key(apiKey=keys[0], includeValue=True)["value"]}
