"""An HTTP/1.1 server for WSGI applications: h11 parses, one thread serves each connection.

Header names keep the letter case that the client sent, which WSGI's own variables lose: they are in
`environ["gateway.headers"]`. A request reaches the application only when all of it was received.
"""

import contextlib
import functools
import io
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

import h11

log = logging.getLogger("gateway")

Headers = list[tuple[str, str]]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

IDLE = 60.0  # seconds that a silent connection is kept
HEADERS_LIMIT = 32_768  # bytes; API Gateway's own, smaller limit is the gateway's to tell
BODY_LIMIT = 10_500_000  # bytes; a little more than the limit beyond which the gateway sends a 413
HIGHEST = 599  # the last status
LENGTH = "content-length"
# The server decides these.
OWN = {LENGTH, "connection", "keep-alive", "transfer-encoding", "upgrade", "trailer"}
HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\0\r\n]*")
JSON = ("Content-Type", "application/json")
FAILURE = b'{"message": "Internal server error"}'
VERSIONS = {b"1.0", b"1.1"}
BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


class Abandoned(Exception):
    """An application has no response: the connection ends without one."""


class HttpServer:
    """Serves `application` on `listening` until it is closed.

    `body_limit` is the most bytes of a body that are kept; the application sees what is kept.
    """

    def __init__(
        self, application: Application, listening: socket.socket, *, body_limit: int = BODY_LIMIT
    ):
        self.application = application
        self.body_limit = body_limit
        self.address: tuple[str, int] = listening.getsockname()[:2]
        self._listening = listening
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False

    @classmethod
    def on_loopback(cls, application: Application, *, body_limit: int = BODY_LIMIT) -> "HttpServer":
        """A server on a free port that only this machine reaches; it has started."""
        server = cls(application, socket.create_server(("127.0.0.1", 0)), body_limit=body_limit)
        server.start()
        return server

    @property
    def url(self) -> str:
        """Where the server is, without a slash at the end."""
        host, port = self.address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self) -> None:
        """Accept connections in a thread of its own."""
        threading.Thread(target=self.serve, name=f"accept {self.address}", daemon=True).start()

    def serve(self) -> None:
        """Accept connections until the server is closed."""
        while not self._closed:
            try:
                client, address = self._listening.accept()
            except OSError:
                if self._closed:
                    return
                continue  # nobody came in time, the client has left, or no file descriptor is free
            if self._closed:
                client.close()
                return
            serving = threading.Thread(target=self._serve, args=(client, address[0]), daemon=True)
            serving.start()

    def interrupt(self) -> None:
        """Let `serve` return; takes no lock, so that a signal handler may call it."""
        self._closed = True
        with contextlib.suppress(OSError):  # wakes `accept`, because a close does not
            socket.create_connection(self.address, timeout=1).close()

    def close(self) -> None:
        """Take no more connections and end those that there are."""
        self.interrupt()
        # A thread that is in `accept` keeps a closed socket open, and Linux would go on listening.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, client: socket.socket, host: str) -> None:
        with self._lock:
            self._connections.add(client)
        try:
            with client:
                client.settimeout(IDLE)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Connection(self, client, host).run()
        except (OSError, Abandoned):
            pass  # the client has left, or gets no response
        finally:
            with self._lock:
                self._connections.discard(client)


class Connection:
    """One client's requests, one after another.

    h11 reads them, each by a new parser. It does not write the responses: to check what this module
    has made itself would cost as much as the reading.
    """

    def __init__(self, server: HttpServer, client: socket.socket, host: str):
        self._server = server
        self._client = client
        self._host = host
        self._parser = _parser()

    def run(self) -> None:
        """Serve until either side ends the connection, or the client breaks the protocol."""
        try:
            while self._serve_request():
                pending, has_ended = self._parser.trailing_data
                self._parser = _parser()
                if pending:
                    self._parser.receive_data(pending)
                if has_ended:
                    self._parser.receive_data(b"")
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint, str(error))

    def _serve_request(self) -> bool:
        """Serve the next request; whether another one may follow."""
        request = self._next_event()
        if not isinstance(request, h11.Request):
            return False
        _check(request)
        body = self._body()
        is_complete = self._parser.their_state is not h11.SEND_BODY
        keep = is_complete and _may_keep(request)
        responder = Responder(self._client, keep=keep, chunks=request.http_version != b"1.0")
        responder.run(self._server.application, self._environ(request, body))
        if not is_complete:
            _drain(self._client)
        return keep

    def _next_event(self) -> Any:
        """h11's next event; ConnectionClosed when the client has ended the connection."""
        while True:
            event = self._parser.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self._parser.they_are_waiting_for_100_continue:
                reply = h11.InformationalResponse(status_code=100, headers=[])
                self._client.sendall(self._parser.send(reply) or b"")
            self._parser.receive_data(self._client.recv(65_536))

    def _body(self) -> bytes:
        """The request's body, or as much of it as shows that it is too large."""
        body = bytearray()
        while len(body) <= self._server.body_limit:
            event = self._next_event()
            if not isinstance(event, h11.Data):
                break
            body += event.data
        return bytes(body)

    def _environ(self, request: h11.Request, body: bytes) -> dict[str, Any]:
        headers = []
        for name, value in request.headers.raw_items():
            headers.append((name.decode("latin-1"), value.decode("latin-1")))
        target = request.target.decode("latin-1")
        path, _, query = target.partition("?")
        environ = {
            "REQUEST_METHOD": request.method.decode("latin-1"),
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": self._server.address[0],
            "SERVER_PORT": str(self._server.address[1]),
            "SERVER_PROTOCOL": f"HTTP/{request.http_version.decode('latin-1')}",
            "REMOTE_ADDR": self._host,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "gateway.headers": headers,
        }
        return {**_variables(headers), **environ}

    def _refuse(self, status: int, reason: str) -> None:
        """Say what is not HTTP about the request, and end the connection."""
        body = json.dumps({"message": reason}).encode()
        length = ("Content-Length", str(len(body)))
        self._client.sendall(_head(status, [JSON, length, ("Connection", "close")]) + body)
        _drain(self._client)


class Responder:
    """The way of one response from the application to the client.

    `keep`: the connection may carry another request. `chunks`: the client reads chunks.
    """

    def __init__(self, client: socket.socket, *, keep: bool, chunks: bool):
        self._client = client
        self._keep = keep
        self._chunks = chunks
        self._status = 500
        self._headers: Headers = []

    def run(self, application: Application, environ: dict[str, Any]) -> None:
        """Send what the application makes of the request."""
        is_asked = environ["REQUEST_METHOD"] != "HEAD"
        body: Iterable[bytes] = [FAILURE]
        try:
            body = application(environ, self.start_response)
            head = self._head(body, is_asked)
        except Abandoned:
            raise
        except Exception:
            log.exception("this is a bug: please report it")
            self._status, self._headers, body = 500, [JSON], [FAILURE]
            head = self._head(body, is_asked)
        try:
            self._send(head, body if is_asked and self._status not in BODILESS else [])
        finally:
            if hasattr(body, "close"):
                body.close()

    def start_response(self, status: str, headers: Headers, exc_info: Any = None) -> None:
        """WSGI's callback: what the application says before its body."""
        self._status, self._headers = int(status.split(" ", 1)[0]), headers

    def _head(self, body: Iterable[bytes], is_asked: bool) -> bytes:
        """The response's head; what the server decides itself is left out of the application's."""
        headers = [(name, value) for name, value in self._headers if name.lower() not in OWN]
        given = {name.lower(): value for name, value in self._headers}
        if self._status not in BODILESS:
            if isinstance(body, list | tuple):
                sent = str(sum(map(len, body)))
                headers.append(("Content-Length", sent if is_asked else given.get(LENGTH, sent)))
            elif self._chunks:
                headers.append(("Transfer-Encoding", "chunked"))
        if "date" not in given:
            headers.append(("Date", _date(int(time.time()))))
        if not self._keep:
            headers.append(("Connection", "close"))
        return _head(self._status, headers)

    def _send(self, head: bytes, body: Iterable[bytes]) -> None:
        if isinstance(body, list | tuple):
            self._client.sendall(b"".join((head, *body)))
            return
        self._client.sendall(head)
        for part in filter(None, body):
            self._client.sendall(b"%x\r\n%b\r\n" % (len(part), part) if self._chunks else part)
        if self._chunks:
            self._client.sendall(b"0\r\n\r\n")


def _parser() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=HEADERS_LIMIT)


def _may_keep(request: h11.Request) -> bool:
    """Whether the client lets the connection carry another request."""
    options = b",".join(value for name, value in request.headers if name == b"connection")
    names = {option.strip() for option in options.lower().split(b",")}
    return request.http_version != b"1.0" and b"close" not in names


def _head(status: int, headers: Headers) -> bytes:
    """A response's first lines; ValueError for a status or header that cannot be sent."""
    if not HTTPStatus.OK <= status <= HIGHEST:
        raise ValueError(f"no response ends with status {status}")
    lines = [f"HTTP/1.1 {status} {_phrase(status)}"]
    for header in headers:
        line = ": ".join(header)
        if not HEADER.fullmatch(line):
            raise ValueError(f"the response has a header that HTTP does not know: {line!r}")
        lines.append(line)
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _check(request: h11.Request) -> None:
    """Refuse what h11 lets pass: other versions; two framings at once, which another server may
    read differently; headers that are too large and came in one piece with all that follows."""
    if request.http_version not in VERSIONS:
        raise h11.RemoteProtocolError("unknown version of HTTP", error_status_hint=505)
    names = {name for name, _ in request.headers}
    if {b"content-length", b"transfer-encoding"} <= names:
        raise h11.RemoteProtocolError("Content-Length and Transfer-Encoding in one request")
    if sum(len(name) + len(value) for name, value in request.headers) > HEADERS_LIMIT:
        raise h11.RemoteProtocolError("the headers are too large", error_status_hint=431)


def _variables(headers: Headers) -> dict[str, str]:
    """WSGI's variables of the headers; repeated ones are joined by commas."""
    variables: dict[str, str] = {}
    for name, value in headers:
        key = "HTTP_" + name.upper().replace("-", "_")
        variables[key] = f"{variables[key]},{value}" if key in variables else value
    if "HTTP_CONTENT_TYPE" in variables:
        variables["CONTENT_TYPE"] = variables.pop("HTTP_CONTENT_TYPE")
    variables.pop("HTTP_CONTENT_LENGTH", None)
    return variables


@functools.lru_cache(maxsize=1)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _drain(client: socket.socket) -> None:
    """Read what the client still sends, for a moment: a close with unread data would reset the
    connection, and the client might never see the response (RFC 9112, section 9.6)."""
    client.shutdown(socket.SHUT_WR)
    client.settimeout(0.5)
    for _ in _received(client):
        pass


def _received(client: socket.socket) -> Iterator[bytes]:
    for _ in range(64):
        data = client.recv(65_536)
        if not data:
            return
        yield data
