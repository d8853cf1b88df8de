"""PUT /users/{id}: replaces a user's address and name."""

from api import etags
from api.contract import Arguments
from api.operation import operation
from api.proxy import Response
from users.repository import Users
from users.user import User

users = Users()


@operation("updateUser")
def handler(arguments: Arguments) -> Response:
    change = User.change(arguments.body)
    user = users.replace(
        arguments.path["id"], change, etags.revisions(arguments.header.get("If-Match"))
    )
    return Response(200, user.as_json(), {"ETag": user.etag})
