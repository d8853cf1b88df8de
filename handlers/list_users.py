"""GET /users: the users page by page, or the one with an address."""

from api import pages
from api.contract import Arguments
from api.operation import operation
from api.proxy import Response
from users.repository import CURSORS, Users

users = Users()


@operation("listUsers")
def handler(arguments: Arguments) -> Response:
    query = arguments.query
    if "email" in query:
        return pages.whole("users", users.find_by_email(query["email"]))
    return pages.response("users", CURSORS, users.page, query)
