"""A DynamoDB that responds at once with one user, so that only the function's own cost differs."""

import json
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USER = {
    "id": {"S": "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c"},
    "email": {"S": "ada@example.com"},
    "name": {"S": "Ada Lovelace"},
    "created_at": {"S": "2026-11-23T01:26:38.123456Z"},
    "updated_at": {"S": "2026-11-23T01:26:38.123456Z"},
    "revision": {"S": "0123456789abcdef0123456789abcdef"},
}
RESPONSES: dict[str, Any] = {
    "GetItem": {"Item": USER},
    "Scan": {"Items": [USER] * 21},
    "UpdateItem": {"Attributes": USER},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = (
        65536  # one packet per response: with more, delayed acknowledgements cost 40 ms a call
    )

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(
            RESPONSES.get(self.headers["X-Amz-Target"].rpartition(".")[2], {})
        ).encode()
        self.send_response(200)
        self.send_header("x-amz-crc32", str(zlib.crc32(body)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


@contextmanager
def running() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
