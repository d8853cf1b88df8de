"""The development server: the gateway over HTTP, a thread a connection."""

import argparse
import socket
import time
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from gateway import tables
from gateway.application import Gateway
from gateway.errors import ProjectError
from gateway.terminal import Terminal


class RequestHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # keep connections open
    timeout = 60

    def make_environ(self) -> dict[str, Any]:
        environ = super().make_environ()
        environ["gateway.headers"] = list(self.headers.items())  # letter case and repetition as sent
        return environ

    def log(self, type: str, message: str, *args: Any) -> None:
        """The terminal writes a line for each answer instead."""


def serve(options: argparse.Namespace) -> int:
    """Run until Ctrl-C; the exit status."""
    started = time.perf_counter()
    terminal = Terminal(options)
    listening = _listen(options.host, options.port)
    gateway = Gateway.from_template(
        options.template, parameters=dict(options.parameter_overrides), dynamodb=options.dynamodb
    )
    endpoint = None if options.dynamodb == "moto" else options.dynamodb
    stop = tables.start_moto() if endpoint is None else lambda: None
    names = tables.connect(gateway.project.template, endpoint)
    gateway.on_reload = lambda project: tables.connect(project.template, endpoint) and None
    for function in gateway.project.functions.values():
        function.load()
    gateway.on_answer = terminal.answered
    server = make_server(
        options.host, options.port, gateway, threaded=True, request_handler=RequestHandler, fd=listening.fileno()
    )
    server.daemon_threads = True  # type: ignore[attr-defined]
    terminal.ready(gateway, f"http://{options.host}:{server.port}", names, time.perf_counter() - started)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        terminal.stopped()
    finally:
        server.server_close()
        gateway.close()
        stop()
    return 0


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        hint = "choose another with --port" if port else "choose another --host"
        raise ProjectError(f"cannot listen on {host}:{port}: {error.strerror}: {hint}") from None
    return listening
