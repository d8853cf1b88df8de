"""Opaque cursors: where a page ended, with a checksum against cursors that this API never made.

The bytes are the checksum and the JSON of the position; the text is unpadded base64url of them.
"""

import base64
import hashlib
import json
from typing import NamedTuple

from api.errors import Fault, InvalidRequest

Position = tuple[str, ...]
CHECKSUM = 8  # bytes


class Cursors(NamedTuple):
    """The cursors of one listing. A position is what finds the last item of a page again: `size`
    texts, none of them empty.
    """

    listing: str
    size: int

    def encode(self, position: Position) -> str:
        payload = json.dumps(position, separators=(",", ":"), ensure_ascii=False).encode()
        raw = self._checksum(payload) + payload
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def decode(self, cursor: str, parameter: str = "cursor") -> Position:
        """Raises InvalidRequest for a cursor that `encode` does not return, another spelling of a
        real one included. `parameter` is the name of the query parameter.
        """
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            payload = raw[CHECKSUM:]
            if raw[:CHECKSUM] == self._checksum(payload):
                position = tuple(json.loads(payload))
                if self._is_position(position) and self.encode(position) == cursor:
                    return position
        except ValueError:
            pass
        raise InvalidRequest([Fault("query", parameter, "is not a cursor of this listing")])

    def _is_position(self, position: tuple[object, ...]) -> bool:
        texts = [value for value in position if isinstance(value, str) and value]
        return len(texts) == len(position) == self.size

    def _checksum(self, payload: bytes) -> bytes:
        key = self.listing.encode()
        return hashlib.blake2b(payload, digest_size=CHECKSUM, key=key).digest()
