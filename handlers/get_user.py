"""GET /users/{id}: the user, or 304 where the caller knows it as it is."""

from api import etags
from api.contract import Arguments
from api.operation import operation
from api.proxy import Response
from users.repository import Users

users = Users()


@operation("getUser")
def handler(arguments: Arguments) -> Response:
    user = users.get(arguments.path["id"])
    headers = {"ETag": user.etag}
    if etags.none_match(arguments.header.get("If-None-Match"), user.etag):
        return Response(200, user.as_json(), headers)
    return Response(304, headers=headers)
