"""A user's life by the client that openapi-python-client makes of the spec; runs in an environment
that has it.
"""

import sys

from users_api_client import Client
from users_api_client.api.users import create_user, delete_user, list_users, update_user
from users_api_client.models import Problem, User, UserInput, UserPage

client = Client(base_url=sys.argv[1])
body = UserInput(email="grace@example.com", name="Grace Hopper")

user = create_user.sync(client=client, body=body, idempotency_key="order-42")
assert isinstance(user, User)

updated = update_user.sync(user.id, client=client, body=UserInput(email=user.email, name="Grace"))
assert isinstance(updated, User)
assert updated.name == "Grace"

page = list_users.sync(client=client, limit=10, email=user.email)
assert isinstance(page, UserPage)
assert page.users == [updated]

taken = create_user.sync(client=client, body=body)
assert isinstance(taken, Problem)
assert taken.detail == "Email already in use"

assert delete_user.sync_detailed(user.id, client=client).status_code == 204
