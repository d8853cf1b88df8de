"""The HTTP server: what clients may send, what applications may give, and who leaves when."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from samspec.serving import http
from samspec.serving.http import Abandoned, HttpServer

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"


class Application:
    """Says what it was sent; `given` may be another status, headers and body."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.status = "200 OK"
        self.headers: list[tuple[str, str]] = []
        self.body: Iterable[bytes] | None = None
        self.error: Exception | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = {
            "method": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"],
            "headers": environ["gateway.headers"],
            "body": environ["wsgi.input"].read().decode("latin-1"),
        }
        self.requests.append(request)
        if self.error:
            raise self.error
        body = [json.dumps(request).encode()] if self.body is None else self.body
        start_response(self.status, self.headers)
        return body


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def server(application: Application) -> Iterator[HttpServer]:
    server = HttpServer.on_loopback(application, body_limit=1000)
    yield server
    server.close()


@pytest.fixture
def send(server: HttpServer) -> Callable[..., bytes]:
    """Sends bytes, and gives all that comes back until the server ends the connection."""

    def send(*parts: bytes, finish: bool = False) -> bytes:
        with socket.create_connection(server.address, timeout=30) as client:
            for part in parts:
                client.sendall(part)
            if finish:
                client.shutdown(socket.SHUT_WR)
            return everything(client)

    return send


def everything(client: socket.socket) -> bytes:
    received = b""
    while data := client.recv(65536):
        received += data
    return received


def responses(received: bytes) -> list[int]:
    """The statuses of all responses."""
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


Send = Callable[..., bytes]


def test_a_request_arrives_as_it_was_sent(send: Send, application: Application) -> None:
    send(
        b"POST /a%20b?c=%64 HTTP/1.1\r\n" + HOST + CLOSE,
        b"x-lower: 1\r\nX-Twice: a\r\nX-Twice: b\r\nContent-Length: 4\r\n\r\nbody",
    )
    [request] = application.requests
    assert (request["method"], request["path"], request["body"]) == ("POST", "/a b", "body")
    assert ("x-lower", "1") in request["headers"]
    assert [v for n, v in request["headers"] if n == "X-Twice"] == ["a", "b"]


def test_a_connection_carries_one_request_after_another(send: Send) -> None:
    request = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
    assert responses(send(request, request, request, finish=True)) == [200, 200, 200]


def test_a_chunked_body_is_read_with_its_extensions(send: Send, application: Application) -> None:
    head = b"POST / HTTP/1.1\r\n" + HOST + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n"
    assert responses(send(head, b"3;a=b\r\nabc\r\n1\r\nd\r\n0\r\n\r\n")) == [200]
    assert application.requests[0]["body"] == "abcd"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length : 4\r\n\r\nbody",
        b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
        b"Content-Length: 4, 5\r\n\r\nbody",
        b"Content-Length: -1\r\n\r\nbody",
        b"Content-Length: +4\r\n\r\nbody",
        b"Content-Length: 0x4\r\n\r\nbody",
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nbody",
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        b"A: b\rX-Forged: 1\r\n\r\n",
        b"A: \x00\r\n\r\n",
        b"A b: c\r\n\r\n",
        b"no colon\r\n\r\n",
    ],
)
def test_doubtful_framing_is_a_400_and_what_follows_is_not_a_request(
    send: Send, application: Application, head: bytes
) -> None:
    following = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
    received = send(b"POST / HTTP/1.1\r\n" + HOST + head + following)
    assert responses(received) in ([400], [501])
    assert b"Content-Type: application/json" in received
    assert b"Connection: close" in received
    assert application.requests == []


@pytest.mark.parametrize(
    "line",
    [
        b"\r\n\r\n\r\nnonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\n\n",
    ],
)  # the last one is how TLS begins
def test_what_is_not_http_is_a_400(send: Send, application: Application, line: bytes) -> None:
    assert responses(send(line, finish=True)) in ([400], [505])
    assert application.requests == []


def test_a_request_without_its_host_is_a_400(send: Send) -> None:
    assert responses(send(b"GET / HTTP/1.1\r\n\r\n")) == [400]


def test_a_body_that_ends_early_is_a_400_and_never_reaches_the_application(
    send: Send, application: Application
) -> None:
    head = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 500\r\n\r\n"
    assert responses(send(head + b"x" * 42, finish=True)) == [400]
    assert application.requests == []


@pytest.mark.parametrize(("count", "status"), [(20_000, 431), (3_000, 431), (1_000, 200)])
def test_headers_that_are_too_large_are_a_431(send: Send, count: int, status: int) -> None:
    head = b"GET / HTTP/1.1\r\n" + HOST + CLOSE + b"A: bcdefghijk\r\n" * count + b"\r\n"
    assert responses(send(head)) == [status]


def test_a_body_that_is_too_large_is_cut_off_and_the_connection_ended(
    send: Send, application: Application
) -> None:
    head = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5000000000\r\n\r\n"
    received = send(head, b"x" * 3000)
    assert responses(received) == [200]
    assert b"Connection: close" in received
    assert 1000 < len(application.requests[0]["body"]) <= 70_000


def test_a_client_that_has_finished_sending_still_gets_its_response(send: Send) -> None:
    assert responses(send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", finish=True)) == [200]


def test_a_client_that_waits_for_a_go_ahead_gets_it(server: HttpServer) -> None:
    head = b"POST / HTTP/1.1\r\n" + HOST + CLOSE
    head += b"Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    with socket.create_connection(server.address, timeout=30) as client:
        client.sendall(head)
        assert client.recv(65536).startswith(b"HTTP/1.1 100")
        client.sendall(b"body")
        assert responses(everything(client)) == [200]


def test_http_1_0_ends_the_connection(send: Send) -> None:
    assert responses(send(b"GET / HTTP/1.0\r\n\r\n")) == [200]


@pytest.mark.parametrize(
    ("method", "status"), [(b"HEAD", "200 OK"), (b"GET", "204 No Content"), (b"GET", "304 Not")]
)
def test_a_response_that_may_have_no_body_has_none(
    send: Send, application: Application, method: bytes, status: str
) -> None:
    application.status, application.body = status, [b"not to be sent"]
    application.headers = [("Content-Length", "14")]
    received = send(method + b" / HTTP/1.1\r\n" + HOST + b"\r\n" + b"GET / HTTP/1.0\r\n\r\n")
    assert b"not to be sent" not in received.split(b"HTTP/1.1 ")[1]
    assert len(responses(received)) == 2


@pytest.mark.parametrize("name", ["Transfer-Encoding", "Connection", "Upgrade", "Keep-Alive"])
def test_headers_of_the_connection_are_the_servers(
    send: Send, application: Application, name: str
) -> None:
    application.headers, application.body = [(name, "forged"), ("Content-Length", "2")], [b"ok"]
    received = send(b"GET / HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    assert b"forged" not in received
    assert received.endswith(b"\r\n\r\nok")


@pytest.mark.parametrize(
    "header", [("X-Odd", "\u2603"), ("X-Odd", "a\r\nSet-Cookie: b"), ("X Odd", "a"), ("", "a")]
)
def test_headers_that_cannot_be_sent_are_a_500(
    send: Send,
    application: Application,
    caplog: pytest.LogCaptureFixture,
    header: tuple[str, str],
) -> None:
    application.headers = [header]
    received = send(b"GET / HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    assert responses(received) == [500]
    assert b"Set-Cookie" not in received
    assert "this is a bug" in caplog.text


@pytest.mark.parametrize("status", ["103 Early Hints", "99 Low", "600 High"])
def test_a_status_that_ends_no_response_is_a_500(
    send: Send, application: Application, status: str
) -> None:
    application.status = status
    assert responses(send(b"GET / HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")) == [500]


def test_an_application_that_fails_is_a_500_in_json(
    send: Send, application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    application.error = ValueError("inside")
    received = send(b"GET / HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    assert responses(received) == [500]
    assert json.loads(received.partition(b"\r\n\r\n")[2]) == {"message": "Internal server error"}
    assert "ValueError: inside" in caplog.text


def test_an_application_may_abandon_a_connection(send: Send, application: Application) -> None:
    application.error = Abandoned()
    assert send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") == b""


def test_a_body_of_unknown_length_is_sent_piece_by_piece(
    server: HttpServer, application: Application
) -> None:
    go_on = threading.Event()

    def body() -> Iterator[bytes]:
        yield b"first"
        go_on.wait(10)
        yield b"second"

    application.body = body()
    with socket.create_connection(server.address, timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
        received = b""
        while b"first" not in received:
            received += client.recv(65536)
        assert b"second" not in received
        go_on.set()
        assert b"second" in everything(client)


@pytest.mark.parametrize(
    ("version", "received"),
    [(b"1.1", b"5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n"), (b"1.0", b"firstsecond")],
)
def test_pieces_are_chunks_where_the_client_knows_them(
    send: Send, application: Application, version: bytes, received: bytes
) -> None:
    application.body = iter((b"first", b"", b"second"))
    head, _, body = send(b"GET / HTTP/" + version + b"\r\n" + HOST + CLOSE + b"\r\n").partition(
        b"\r\n\r\n"
    )
    assert body == received
    assert (b"Transfer-Encoding: chunked" in head) == (version == b"1.1")
    assert b"Content-Length" not in head


@pytest.mark.parametrize(
    ("method", "given", "stated"),
    [(b"GET", "7", "2"), (b"GET", None, "2"), (b"HEAD", "7", "7"), (b"HEAD", None, "2")],
)
def test_the_length_is_that_of_the_body_or_for_head_what_it_would_be(
    send: Send, application: Application, method: bytes, given: str | None, stated: str
) -> None:
    application.headers, application.body = [("content-length", given)] if given else [], [b"ok"]
    received = send(method + b" / HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n").lower()
    assert received.count(b"content-length") == 1
    assert f"content-length: {stated}\r\n".encode() in received


@pytest.mark.parametrize(
    ("options", "count"),
    [(b"keep-alive", 2), (b"close", 1), (b"x, Close", 1), (b"x\r\nA: close", 2)],
)
def test_the_client_decides_whether_its_connection_is_kept(
    send: Send, options: bytes, count: int
) -> None:
    request = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: " + options + b"\r\n\r\n"
    received = send(request + b"GET / HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    assert len(responses(received)) == count
    assert received.count(b"Connection: close") == 1


def test_a_client_that_leaves_is_not_an_error(
    server: HttpServer, application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    closed = threading.Event()

    def body() -> Iterator[bytes]:
        try:
            for _ in range(1000):
                time.sleep(0.01)
                yield b"x" * 100_000
        finally:
            closed.set()

    application.body = body()
    with caplog.at_level(logging.DEBUG):
        with socket.create_connection(server.address, timeout=30) as client:
            client.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
            client.recv(100)
        assert closed.wait(30)
    assert caplog.text == ""


def test_a_slow_client_holds_up_no_other(server: HttpServer, send: Send) -> None:
    slow = [socket.create_connection(server.address, timeout=30) for _ in range(50)]
    for client in slow:
        client.sendall(b"GET / HTT")
    assert responses(send(b"GET / HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")) == [200]
    for client in slow:
        client.close()


def test_a_silent_connection_is_ended(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "IDLE", 0.2)
    assert send(b"GET / HTTP/1.1\r\n") == b""


def test_closing_the_server_ends_its_connections(application: Application) -> None:
    server = HttpServer.on_loopback(application)
    with socket.create_connection(server.address, timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        client.recv(65536)
        server.close()
        assert client.recv(100) == b""
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(server.address, timeout=1).close()
