"""The domain: a user, how it comes to be and how it changes."""

from dataclasses import dataclass

from api.resource import Body, Resource


@dataclass(frozen=True, kw_only=True)
class User(Resource):
    email: str
    name: str

    @classmethod
    def normalized(cls, body: Body) -> Body:
        return {**body, "email": normalized(body["email"])}


def normalized(email: str) -> str:
    """The form in which addresses are stored and compared; the spec allows only ASCII."""
    return email.lower()
