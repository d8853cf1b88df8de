"""Users in DynamoDB, no two of them with one address."""

from api.cursors import Cursors
from api.repository import Index, Repository

from users.errors import EmailInUse, UserChanged, UserNotFound
from users.user import User, normalized

EMAILS = Index("email-index", "email")


class Users(Repository[User]):
    resource = User
    table = "USERS_TABLE"
    missing, changed = UserNotFound, UserChanged
    unique = {"email": EmailInUse}
    listing = EMAILS

    def find_by_email(self, email: str) -> list[User]:
        """The user with that address, in any letter case, or none."""
        items = self._table.query(EMAILS.name, "email", normalized(email), limit=1)
        return [self._read(item) for item in items]


CURSORS = Cursors("users", size=2)  # a position is a user's id and address: a key of the index
