"""PATCH /users/{id}: changes what the body names of a user, and keeps the rest.

It reads before it writes, so it asks for If-Match (required in the spec), and writes only if the
user is still the one that it read: two callers cannot undo each other's changes without noticing.
"""

from api import etags
from api.contract import Arguments
from api.operation import operation
from api.proxy import Response
from users.repository import Users
from users.user import User

users = Users()


@operation("patchUser")
def handler(arguments: Arguments) -> Response:
    user = users.get(arguments.path["id"])
    change = User.change({**user.body(), **arguments.body})
    accepted = etags.revisions(arguments.header["If-Match"])
    expected = frozenset({user.revision})
    if accepted is not None:
        expected &= accepted
    patched = users.replace(user.id, change, expected)
    return Response(200, patched.as_json(), {"ETag": patched.etag})
