"""DELETE /users/{id}: deletes a user and frees its address."""

from api import etags
from api.contract import Arguments
from api.operation import operation
from api.proxy import Response
from users.repository import Users

users = Users()


@operation("deleteUser")
def handler(arguments: Arguments) -> Response:
    users.remove(arguments.path["id"], etags.revisions(arguments.header.get("If-Match")))
    return Response(204)
