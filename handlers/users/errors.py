"""What can go wrong with users, and how callers see it."""

from api.problems import register


class UserNotFound(Exception): ...


class EmailInUse(Exception): ...


class UserChanged(Exception): ...


register(UserNotFound, 404, "User not found")
register(EmailInUse, 409, "Email already in use")
register(UserChanged, 412, "User has changed")
