"""What can go wrong with users, and how callers see it."""

from api.problems import register


class UserNotFound(Exception): ...


class EmailInUse(Exception): ...


class UserChanged(Exception): ...


class IdempotencyKeyReused(Exception): ...


register(UserNotFound, 404, "User not found")
register(EmailInUse, 409, "Email already in use")
register(UserChanged, 412, "User has changed")
register(IdempotencyKeyReused, 422, "Idempotency-Key was used with a different request")
