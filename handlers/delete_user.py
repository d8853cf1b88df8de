"""DELETE /users/{id}: deletes a user and frees its address."""

from users import etags
from users.contract import Arguments
from users.operation import operation
from users.proxy import Response
from users.repository import Users

users = Users()


@operation("deleteUser")
def handler(arguments: Arguments) -> Response:
    users.remove(arguments.path["id"], etags.revisions(arguments.header.get("If-Match")))
    return Response(204)
