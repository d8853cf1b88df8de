"""Opaque cursors: where in the address index a page ended, with a checksum against cursors that this API never made.

The bytes are the digest, the id of the last user and its address; the text is unpadded base64url of them.
"""

import base64
import hashlib
from uuid import UUID

from users.errors import Fault, InvalidRequest

DIGEST = 8
Position = tuple[str, str]  # the last user's id and address: a key of the index


def encode(position: Position) -> str:
    id, email = position
    payload = UUID(id).bytes + email.encode()
    return base64.urlsafe_b64encode(_digest(payload) + payload).rstrip(b"=").decode()


def decode(cursor: str) -> Position:
    """Raises InvalidRequest for a cursor that `encode` does not give, another spelling of a real one included."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        payload = raw[DIGEST:]
        position = str(UUID(bytes=payload[:16])), payload[16:].decode()
        if position[1] and encode(position) == cursor:
            return position
    except ValueError:
        pass
    raise InvalidRequest([Fault("query", "cursor", "is not a cursor of this API")])


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=DIGEST).digest()
