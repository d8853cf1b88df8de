"""The developer's pages under `/_/`: requests, data, the spec at work, the docs page."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from http.client import responses as PHRASES  # noqa: N812
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote

from samspec.gateway.application import Exchange, Gateway
from samspec.gateway.authorization.trusted import credentials
from samspec.gateway.events import Request
from samspec.sam.errors import ProjectError
from samspec.server import (
    assets,
    copying,
    description,
    guard,
    har,
    issuer_pages,
    operations,
    queues,
    saving,
    seeds,
)
from samspec.server.coverage import Coverage
from samspec.server.findings import Findings
from samspec.server.recorder import Recorder
from samspec.server.tables import Tables
from samspec.version import installed_version

STREAM = "/_/stream"  # the one page that does not end
PREFIX = "/_/"
SLOW = 250  # milliseconds after which a request without response is shown
LARGEST = 20_000_000  # bytes of what a page may send: a body of 10 MB as base64
Page = tuple[int, list[tuple[str, str]], Iterable[bytes]]


class Refused(Exception):
    """What a page asked for cannot be done; `status` is the response's."""

    def __init__(self, status: int, detail: str):
        super().__init__(detail)
        self.status = status


class Console:
    """A WSGI application around the gateway: its own pages, and everything else is the API.

    `host` is the address that the server listens on; `tables` is None without a DynamoDB.
    `findings` are checked for as long as the server runs, from the first page on.
    """

    def __init__(
        self,
        gateway: Gateway,
        recorder: Recorder,
        *,
        host: str = "127.0.0.1",
        tables: Tables | None = None,
        findings: Findings | None = None,
    ):
        self._gateway, self._recorder, self._host = gateway, recorder, host
        self._tables, self._findings = tables, findings
        self.coverage = Coverage()
        self._pages: dict[str, Callable[..., Page]] = {
            r"GET /_": lambda environ: _redirect("/_/"),
            r"GET /_/": lambda environ: _file("console.html"),
            r"GET /_/requests": lambda environ: _redirect("/_/"),
            r"GET /_/docs": lambda environ: _file("docs.html", guard.DOCS_POLICY),
            r"GET /_/docs/([\w.-]+)": _swagger,
            r"GET /_/([\w-]+\.(?:js|css))": lambda environ, name: _file(name),
            r"GET /_/openapi\.json": self._openapi,
            rf"GET ({issuer_pages.PREFIX}/.+)": _issuer,
            r"GET /_/api/apis": self._apis,
            r"POST /_/api/credentials": self._credentials,
            f"GET {STREAM}": self._stream,
            r"GET /_/api/operations": self._operations,
            r"GET /_/api/coverage": self._coverage,
            r"GET /_/api/search": self._search,
            r"GET /_/api/requests/(\d+)": self._detail,
            r"GET /_/api/requests/(\d+)/(request|response)": self._body,
            r"GET /_/api/requests/(\d+)/as/(\w+)": self._copy,
            r"GET /_/api/requests\.har": self._archive,
            r"POST /_/api/requests/(\d+)/replay": self._replay,
            r"POST /_/api/requests/(\d+)/save": self._save,
            r"POST /_/api/clear": self._clear,
            r"POST /_/api/send": self._send,
            r"GET /_/api/queues": self._queues,
            r"GET /_/api/tables": self._list_tables,
            r"GET /_/api/tables/([\w.-]+)": self._items,
            r"POST /_/api/tables/([\w.-]+)/(put|delete|reset)": self._change_table,
            r"POST /_/api/seed": self._seed,
        }

    def record(self, exchange: Exchange) -> None:
        """Take an exchange that has its response, for the gateway's `on_exchange`."""
        self._recorder.add(exchange)
        self.coverage.add(exchange)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"].split("/")[1:2] != ["_"]:
            return self._gateway(environ, start_response)
        status, headers, body = self._page(environ)
        names = {name for name, _ in headers}
        headers = [*headers, *[h for h in _standard_headers() if h[0] not in names]]
        if isinstance(body, list):
            headers.append(("Content-Length", str(sum(map(len, body)))))
        start_response(f"{status} {PHRASES[status]}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else body

    def _page(self, environ: dict[str, Any]) -> Page:
        reason = guard.refusal(environ, self._host)
        if reason:
            return _json({"detail": reason}, 403)
        method = environ["REQUEST_METHOD"].replace("HEAD", "GET")
        for pattern, page in self._pages.items():
            match = re.fullmatch(pattern, f"{method} {environ['PATH_INFO']}")
            if match:
                return self._respond(page, environ, match.groups())
        return _json({"detail": "no such page: see /_/ and /_/docs"}, 404)

    def _respond(
        self, page: Callable[..., Page], environ: dict[str, Any], parts: tuple[str, ...]
    ) -> Page:
        try:
            return page(environ, *parts)
        except Refused as error:
            return _json({"detail": str(error)}, error.status)
        except ProjectError as error:
            return _json({"detail": str(error)}, 409)

    # The requests

    def _stream(self, environ: dict[str, Any]) -> Page:
        headers = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")]
        query = parse_qs(environ.get("QUERY_STRING", "")).get("last", [""])[0]
        return 200, headers, self._events(environ.get("HTTP_LAST_EVENT_ID") or query)

    def _events(self, last_event: str) -> Iterator[bytes]:
        """Server-sent events: who serves, then each change. `last_event` is `boot-number`."""
        boot, _, number = last_event.partition("-")
        last = int(number) if boot == self._recorder.boot and number.isdecimal() else 0
        yield b"retry: 500\n\n" + _event("hello", self._hello())
        waiting: list[dict[str, Any]] = []
        told_cleared = told_findings = 0
        if self._findings:
            self._findings.start()
        while True:
            exchanges, cleared = self._recorder.after(last, wait=0.5)
            if cleared > told_cleared:
                told_cleared = cleared
                yield _event("cleared", cleared)
            number_of_findings, findings = self._checked()
            if number_of_findings > told_findings:
                told_findings = number_of_findings
                yield _event("findings", findings)
            if exchanges:
                last = exchanges[-1].number
                summaries = [description.summary(exchange) for exchange in exchanges]
                yield _event("exchanges", summaries, f"{self._recorder.boot}-{last}")
            before = waiting
            waiting = [description.in_flight(e) for e in self._recorder.in_flight(SLOW)]
            # An empty comment now and then: only by writing does a server learn that a page left.
            yield _event("flight", waiting) if waiting or before else b":\n\n"

    def _checked(self) -> tuple[int, dict[str, Any]]:
        return self._findings.latest() if self._findings else (0, {})

    def _hello(self) -> dict[str, Any]:
        info = self._gateway.spec.get("info") or {}
        return {
            "boot": self._recorder.boot,
            "title": info.get("title") or "API",
            "version": info.get("version") or "",
        }

    def _exchange(self, number: str) -> Exchange:
        exchange = self._recorder.find(int(number))
        if exchange is None:
            raise Refused(404, "that request is no longer kept")
        return exchange

    def _detail(self, environ: dict[str, Any], number: str) -> Page:
        return _json(description.detail(self._exchange(number), self._root()))

    def _body(self, environ: dict[str, Any], number: str, part: str) -> Page:
        """A body as it was sent, to download: a browser must not show what a caller wrote."""
        exchange = self._exchange(number)
        body = exchange.request.body if part == "request" else exchange.response.body
        disposition = f'attachment; filename="{part}-{number}.bin"'
        headers = [
            ("Content-Type", "application/octet-stream"),
            ("Content-Disposition", disposition),
        ]
        return 200, headers, [body]

    def _copy(self, environ: dict[str, Any], number: str, form: str) -> Page:
        if form not in copying.FORMATS:
            raise Refused(404, f"no format {form}: there are {', '.join(copying.FORMATS)}")
        text = copying.FORMATS[form](self._exchange(number).request, _origin(environ))
        return 200, [("Content-Type", "text/plain; charset=utf-8")], [text.encode()]

    def _archive(self, environ: dict[str, Any]) -> Page:
        """All kept requests as a HAR file, or those of `?numbers=1,2`."""
        numbers = parse_qs(environ.get("QUERY_STRING", "")).get("numbers")
        exchanges = self._recorder.all()
        if numbers:
            wanted = set(numbers[0].split(","))
            exchanges = [e for e in exchanges if str(e.number) in wanted]
        archive = har.archive(exchanges, _origin(environ), installed_version())
        status, headers, body = _json(archive)
        headers.append(("Content-Disposition", 'attachment; filename="requests.har"'))
        return status, headers, body

    def _search(self, environ: dict[str, Any]) -> Page:
        """The numbers of the requests with all words of `?q=` in headers, bodies, log or calls."""
        words = parse_qs(environ.get("QUERY_STRING", "")).get("q", [""])[0].lower().split()
        exchanges = self._recorder.all()
        numbers = [e.number for e in exchanges if description.has_words(e, words)]
        return _json({"numbers": numbers})

    def _replay(self, environ: dict[str, Any], number: str) -> Page:
        return _sent(self._gateway.handle(self._exchange(number).request.again()))

    def _send(self, environ: dict[str, Any]) -> Page:
        """Send a request of the page's own making; its `body` may be base64."""
        sent = _read_json(environ)
        try:
            return _sent(self._gateway.handle(_composed(sent, environ)))
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(400, f"not a request that can be sent: {error}") from None

    def _save(self, environ: dict[str, Any], number: str) -> Page:
        event = self._exchange(number).event
        if event is None:
            raise Refused(409, "that request reached no function, so it has no event")
        return _json({"file": saving.save_event(self._root(), event)})

    def _clear(self, environ: dict[str, Any]) -> Page:
        self._recorder.clear()
        return _json({})

    # The spec

    def _openapi(self, environ: dict[str, Any]) -> Page:
        """The definition of the first API, or of `?api=Name`, with the server that it has here."""
        project = self._gateway.project
        name = parse_qs(environ.get("QUERY_STRING", "")).get("api", [project.main.name])[0]
        if name not in project.deployments:
            raise Refused(404, f"the template has no API {name}")
        deployment = project.deployments[name]
        url = operations.prefix(project, deployment) or "/"
        return _json({**deployment.spec, "servers": [{"url": url}]})

    def _apis(self, environ: dict[str, Any]) -> Page:
        return _json({"apis": list(self._gateway.project.deployments)})

    def _credentials(self, environ: dict[str, Any]) -> Page:
        """Headers that every operation accepts locally; none if none are asked for."""
        subject = str(_read_json(environ).get("subject") or "local-user")
        return _json({"headers": credentials(self._gateway.project.source.apis, subject)})

    def _operations(self, environ: dict[str, Any]) -> Page:
        return _json({"operations": operations.described(self._gateway.project)})

    def _coverage(self, environ: dict[str, Any]) -> Page:
        return _json(self.coverage.report(self._gateway.project))

    # The data

    def _data(self) -> Tables:
        if self._tables is None:
            raise Refused(409, "there is no DynamoDB to look into")
        return self._tables

    def _queues(self, environ: dict[str, Any]) -> Page:
        return _json({"queues": queues.described(self._gateway.project.template)})

    def _list_tables(self, environ: dict[str, Any]) -> Page:
        return _json({"tables": self._data().described() if self._tables else []})

    def _items(self, environ: dict[str, Any], name: str) -> Page:
        query = parse_qs(environ.get("QUERY_STRING", ""))
        start = query.get("start", [""])[0]
        index = query.get("index", [""])[0]
        return _json(self._data().items(name, index, start))

    def _change_table(self, environ: dict[str, Any], name: str, action: str) -> Page:
        return _json(self._data().change(name, action, _read_json(environ)))

    def _seed(self, environ: dict[str, Any]) -> Page:
        count = _read_json(environ).get("count", 10)
        if not isinstance(count, int) or not 0 < count <= 1000:
            raise Refused(400, "count must be a number from 1 to 1000")
        return _json({"detail": seeds.plant(self._gateway, count)})

    def _root(self) -> Any:
        return self._gateway.project.template.path.parent.resolve()


def _standard_headers() -> list[tuple[str, str]]:
    policy = ("Content-Security-Policy", guard.POLICY)
    return [*guard.HEADERS, policy, ("Cache-Control", "no-cache")]


def _composed(sent: dict[str, Any], environ: dict[str, Any]) -> Request:
    """The request that a page describes."""
    url = quote(str(sent["url"]), safe="/?#[]@!$&'()*+,;=:%{}|^~-._")
    path, _, query = url.partition("?")
    if not path.startswith("/"):
        raise ValueError("the path must begin with /")
    if not re.fullmatch(r"[A-Za-z]+", str(sent["method"])):
        raise ValueError("the method must be a word")
    text = str(sent.get("body") or "")
    body = base64.b64decode(text, validate=True) if sent.get("base64") else text.encode()
    headers = [(str(name), str(value)) for name, value in sent.get("headers") or []]
    return Request(
        method=str(sent["method"]),
        path=path,
        query=parse_qsl(query, keep_blank_values=True),
        headers=_complete(headers, environ, body),
        body=body,
        url=url,
    )


def _complete(
    headers: list[tuple[str, str]], environ: dict[str, Any], body: bytes
) -> list[tuple[str, str]]:
    """The headers with those that HTTP needs, and a Content-Length that is right."""
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    for name, value in kept:
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise ValueError(f"{name!r} is not a header's name")
        if re.search(r"[\r\n\0]", value):
            raise ValueError(f"the header {name} holds a line break")
    if not any(name.lower() == "host" for name, _ in kept):
        kept.insert(0, ("Host", environ.get("HTTP_HOST", "localhost")))
    return [*kept, ("Content-Length", str(len(body)))] if body else kept


def _read_json(environ: dict[str, Any]) -> dict[str, Any]:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LARGEST:
        raise Refused(413, f"at most {LARGEST:,} bytes, with a Content-Length")
    try:
        data = json.loads(environ["wsgi.input"].read(int(length)) or b"{}")
    except (ValueError, RecursionError):
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(data, dict):
        raise Refused(400, "the body must be an object")
    return data


def _origin(environ: dict[str, Any]) -> str:
    return f"http://{environ.get('HTTP_HOST', 'localhost')}"


def _sent(exchange: Exchange) -> Page:
    return _json({"number": exchange.number, "status": exchange.response.status})


def _event(name: str, data: Any, id: str = "") -> bytes:
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, default=str)}\n\n".encode()


def _issuer(environ: dict[str, Any], path: str) -> Page:
    document = issuer_pages.page(path, _origin(environ))
    if document is None:
        raise Refused(404, "no such page")
    return _json(document)


def _redirect(location: str) -> Page:
    return 302, [("Location", location)], [b""]


def _file(name: str, policy: str = guard.POLICY) -> Page:
    file = assets.own(name)
    if file is None:
        raise Refused(404, "no such file")
    return 200, [("Content-Type", file[1]), ("Content-Security-Policy", policy)], [file[0]]


def _swagger(environ: dict[str, Any], name: str) -> Page:
    accepts = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    file = assets.swagger(name, accepts)
    if file is None:
        raise Refused(404, "no such file")
    body, media_type, compressed = file
    encoding = [("Content-Encoding", "gzip")] if compressed else []
    caching = [("Cache-Control", "max-age=3600"), ("Vary", "Accept-Encoding")]
    return 200, [("Content-Type", media_type), *encoding, *caching], [body]


def _json(value: Any, status: int = 200) -> Page:
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    return status, headers, [json.dumps(value, default=str).encode()]
