"""The development server: the gateway and its console over HTTP, a thread a connection."""

import argparse
import gc
import io
import json
import os
import signal
import socket
import time
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from samspec.aws import embedded, tables
from samspec.gateway.application import Exchange, Gateway
from samspec.gateway.events import BODY_LIMIT
from samspec.runtime.invocations import pause_at_breakpoints
from samspec.sam.errors import ProjectError
from samspec.server import recording, seeds
from samspec.server.console import STREAM, Console
from samspec.server.terminal import Terminal


class RequestHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a silent connection is kept
    wbufsize = -1  # an answer leaves in one piece: the second of two would wait for the first one's acknowledgement

    def run_wsgi(self) -> None:
        """werkzeug ends the connection with every answer, as some of the request may be unread. Where its length is
        plain, all of it is read here, and the next request can follow."""
        environ, lengths = self.make_environ(), self.headers.get_all("Content-Length", ["0"])
        plain = len(lengths) == 1 and lengths[0].isdecimal() and int(lengths[0]) <= BODY_LIMIT
        unusual = {"HTTP_EXPECT", "HTTP_TRANSFER_ENCODING"} & set(
            environ
        ) or self.request_version != "HTTP/1.1"
        if not plain or unusual or environ["PATH_INFO"] == STREAM:
            return super().run_wsgi()
        environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(lengths[0])))
        return self.wfile.writelines(self.server.app(environ, self._start_response))

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], error: Any = None
    ) -> Any:
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def make_environ(self) -> dict[str, Any]:
        environ = super().make_environ()
        environ["gateway.headers"] = list(
            self.headers.items()
        )  # letter case and repetition as sent
        return environ

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is not HTTP, or too much of it, never reaches the gateway."""
        body = json.dumps({"message": message or self.responses[code][0]}).encode()
        self.send_response(code, message)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": len(body),
            "Connection": "close",
        }.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "gateway"

    def log(self, type: str, message: str, *args: Any) -> None:
        """The terminal writes a line for each answer instead."""


def serve(options: argparse.Namespace) -> int:
    """Run until Ctrl-C; the exit status."""
    started = time.perf_counter()
    with _listen(options.host, int(options.port)) as listening:
        parameters = dict(setting.split("=", 1) for setting in options.parameter_overrides)
        gateway = Gateway.from_template(
            options.template, parameters=parameters, dynamodb=options.dynamodb
        )
        terminal, recorder = Terminal(options), recording.Recorder()
        terminal.take_log()
        lines = recording.record(gateway.project.functions)
        names = _prepare(gateway, None if options.dynamodb == "moto" else options.dynamodb)
        gateway.project.throttle.enabled = False
        if options.seed != "0":
            terminal.say(seeds.plant(gateway, int(options.seed)))
        gateway.project.throttle.enabled = not options.no_throttle

        def answered(answer: Exchange) -> None:
            recorder.add(answer)
            terminal.answered(answer, gateway.project.access_log)

        gateway.on_exchange = answered
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        host, port = listening.getsockname()[:2]
        console = Console(gateway, recorder)
        server = make_server(
            host,
            port,
            console,
            threaded=True,
            request_handler=RequestHandler,
            fd=os.dup(listening.fileno()),
        )
        server.daemon_threads = True  # type: ignore[attr-defined]
        lines.show = terminal.line
        gc.freeze()
        gc.enable()
        terminal.ready(
            gateway, f"http://{options.host}:{port}", names, time.perf_counter() - started
        )
        server.serve_forever()  # until Ctrl-C, which it takes for itself
        terminal.say("Stopped.")
    return 0


def _prepare(gateway: Gateway, endpoint: str | None) -> list[str]:
    """Start moto where there is no endpoint, make the tables (the result), and import every handler."""
    pause_at_breakpoints()
    embedded.share_service_models()
    if endpoint is None:
        embedded.start()
    gateway.on_reload = lambda project: tables.connect(project.template, endpoint)
    names = tables.connect(gateway.project.template, endpoint)
    for function in gateway.project.called_functions():
        function.load()
    return names


def _listen(host: str, port: int) -> socket.socket:
    """Take the port first: nothing else is worth doing when it is in use."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        said = getattr(error, "strerror", None) or error
        raise ProjectError(
            f"cannot listen on {host}:{port}: {said}: choose another with --port or --host"
        ) from None
    return listening
