"""The developer's pages under `/_/`: the last requests, live, and the spec as a page to try."""

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from samspec.gateway.application import Exchange, Gateway
from samspec.server import issuer_pages
from samspec.server.recording import Recorder

PAGES = Path(__file__).parent / "pages"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".png": "image/png"}
STREAM = "/_/stream"  # the one page that does not end
SHOWN = 100_000  # bytes of a body


class Console:
    """A WSGI application around the gateway: its own pages, and everything else is the API."""

    def __init__(self, gateway: Gateway, recorder: Recorder):
        self._gateway, self._recorder = gateway, recorder
        self._pages: dict[str, Callable[..., Any]] = {
            r"GET /_/?": lambda environ: ("302 Found", [("Location", "/_/requests")], [b""]),
            r"GET /_/(requests|docs)": lambda environ, name: _file(PAGES / f"{name}.html"),
            r"GET /_/(requests\.(?:js|css))": lambda environ, name: _file(PAGES / name),
            r"GET /_/docs/([\w.-]+)": lambda environ, name: _file(_swagger() / name),
            r"GET /_/openapi\.json": lambda environ: _json(
                {**gateway.spec, "servers": [{"url": "/"}]}
            ),
            f"GET {STREAM}": self._stream,
            rf"GET ({issuer_pages.PREFIX}/.+)": _issuer_page,
            r"POST /_/requests/(\d+)/replay": self._replay,
            r"POST /_/requests/(\d+)/save": self._save,
        }

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"].split("/")[1:2] != ["_"]:
            return self._gateway(environ, start_response)
        body: Iterable[bytes]
        status, headers, body = self._page(environ)
        if isinstance(body, list):
            headers = [*headers, ("Content-Length", str(sum(map(len, body))))]
        start_response(status, headers)
        return body

    def _page(self, environ: dict[str, Any]) -> Any:
        # A custom header cannot be sent by another site's page without asking first, which is never allowed.
        if environ["REQUEST_METHOD"] == "POST" and environ.get("HTTP_X_CONSOLE") != "1":
            return _json({"detail": "only the console page itself may do this"}, "403 Forbidden")
        for pattern, page in self._pages.items():
            if match := re.fullmatch(
                pattern, f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
            ):
                return page(environ, *match.groups())
        return _json({"detail": "no such page: see /_/requests and /_/docs"}, "404 Not Found")

    def _stream(self, environ: dict[str, Any]) -> Any:
        """Server-sent events: each answer as it comes, from the last one that the page knows."""

        def events() -> Iterator[bytes]:
            known = self._recorder.find(environ.get("HTTP_LAST_EVENT_ID", ""))
            last = known.number if known else 0
            yield b"retry: 500\n\n"
            while True:
                for answer in self._recorder.after(last, wait=15):
                    last = answer.number
                    yield f"id: {last}\ndata: {json.dumps(described(answer), default=str)}\n\n".encode()
                yield b": still here\n\n"

        return (
            "200 OK",
            [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")],
            events(),
        )

    def _replay(self, environ: dict[str, Any], number: str) -> Any:
        if not (answer := self._recorder.find(number)):
            return _json({"detail": "that request is no longer kept"}, "404 Not Found")
        return _json({"status": self._gateway.handle(answer.request.again()).response.status})

    def _save(self, environ: dict[str, Any], number: str) -> Any:
        answer = self._recorder.find(number)
        if not answer or not answer.event:
            return _json({"detail": "that request has no event"}, "404 Not Found")
        operation = answer.event["requestContext"].get("operationName", "event")
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|\W+", "_", operation).lower()
        folder = self._gateway.project.template.path.parent / "events"
        folder.mkdir(exist_ok=True)
        file = next(
            f for i in itertools.count(1) if not (f := folder / f"{name}_{i}.json").exists()
        )
        file.write_text(json.dumps(answer.event, indent=2) + "\n")
        return _json({"file": f"events/{file.name}"})


def described(answer: Exchange) -> dict[str, Any]:
    """An answer as the page shows it."""
    request, response, invocation = answer.request, answer.response, answer.invocation
    return {
        "number": answer.number,
        "time": request.received.isoformat(),
        "id": request.id,
        "method": request.method,
        "url": request.url,
        "headers": request.headers,
        "body": _shown(request.body),
        "operation": answer.route
        and (answer.route.operation.get("operationId") or str(answer.route)),
        "target": answer.route and (answer.route.function or answer.route.kind),
        "caller": answer.caller and str(answer.caller),
        "validation": answer.validation,
        "status": response.status,
        "reason": response.reason,
        "mismatches": answer.mismatches,
        "ms": round(answer.milliseconds, 1),
        "response": {"headers": response.headers, "body": _shown(response.body)},
        "event": answer.event,
        "log": invocation.lines if invocation else [],
        "calls": invocation.calls if invocation else [],
    }


def _issuer_page(environ: dict[str, Any], path: str) -> Any:
    found = issuer_pages.page(path, f"http://{environ.get('HTTP_HOST', '127.0.0.1:3000')}")
    return _json({"detail": "no such page"}, "404 Not Found") if found is None else _json(found)


def _shown(body: bytes) -> str:
    try:
        text = body[:SHOWN].decode()
    except UnicodeDecodeError:
        return f"({len(body):,} bytes, not UTF-8)"
    return text if len(body) <= SHOWN else f"{text}... ({len(body):,} bytes)"


def _swagger() -> Path:
    import swagger_ui_bundle  # type: ignore[import-untyped]

    return Path(swagger_ui_bundle.swagger_ui_path)


def _file(path: Path) -> Any:
    if not path.is_file():
        return _json({"detail": "no such file"}, "404 Not Found")
    kind = TYPES.get(path.suffix, "application/octet-stream")
    return (
        "200 OK",
        [("Content-Type", f"{kind}; charset=utf-8"), ("Cache-Control", "no-cache")],
        [path.read_bytes()],
    )


def _json(value: Any, status: str = "200 OK") -> Any:
    return status, [("Content-Type", "application/json")], [json.dumps(value, default=str).encode()]
