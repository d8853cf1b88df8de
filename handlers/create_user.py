"""POST /users: creates a user, at most one for each Idempotency-Key of a caller."""

from api.contract import Arguments
from api.operation import operation
from api.proxy import Response
from users.repository import Users
from users.user import User

users = Users()


@operation("createUser")
def handler(arguments: Arguments) -> Response:
    key = arguments.header.get("Idempotency-Key")
    user = User.create(arguments.body, key, arguments.subject)
    stored = users.add(user)
    headers = {"Location": f"{arguments.target}/{stored.id}", "ETag": stored.etag}
    if stored != user:
        headers["Idempotency-Replayed"] = "true"
    return Response(201, stored.as_json(), headers)
