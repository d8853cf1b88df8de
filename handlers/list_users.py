"""GET /users: the users page by page, or the one with an address."""

from typing import Any

from api.contract import Arguments
from api.operation import operation
from api.proxy import Response
from users.repository import CURSORS, Users

users = Users()


@operation("listUsers")
def handler(arguments: Arguments) -> Response:
    query = arguments.query
    after = CURSORS.decode(query["cursor"]) if "cursor" in query else None
    if "email" in query:
        found, following = users.find_by_email(query["email"]), None
    else:
        found, following = users.page(query["limit"], after)
    page: dict[str, Any] = {"users": [user.as_json() for user in found]}
    if following:
        page["next_cursor"] = CURSORS.encode(following)
    return Response(200, page)
