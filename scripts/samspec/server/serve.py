"""The development server: the gateway and its console over HTTP, a thread a connection."""

import argparse
import contextlib
import gc
import logging
import signal
import socket
import time
from functools import partial

from samspec.aws import embedded, tables
from samspec.gateway.application import Exchange, Gateway
from samspec.gateway.processes import worker_processes
from samspec.sam.errors import ProjectError
from samspec.sam.project import template_at
from samspec.server import seeds
from samspec.server.console import Console
from samspec.server.recorder import Recorder
from samspec.server.settings import settings
from samspec.server.tables import Tables
from samspec.server.terminal import Terminal, TerminalOptions
from samspec.serving.http import HttpServer

log = logging.getLogger("gateway")


def serve(options: argparse.Namespace) -> int:
    """Run until Ctrl-C; the exit status."""
    started = time.perf_counter()
    with _listen(options.host, int(options.port)) as listening:
        dynamodb = options.dynamodb
        runner = worker_processes(options.template, dynamodb=dynamodb, has_terminal=True)
        chosen = settings(options, template_at(options.template).parent)
        with contextlib.closing(runner):
            gateway = Gateway.from_template(
                options.template, settings=chosen, dynamodb=dynamodb, runner=runner
            )
            terminal = Terminal(TerminalOptions(options.quiet, options.verbose, options.json))
            recorder = Recorder()
            terminal.take_log()
            runner.on_line = lambda function, line: terminal.line(line)
            names = _prepare(gateway, dynamodb)
            gateway.project.limit_throttling(False)
            if options.seed != "0":
                terminal.say(seeds.plant(gateway, int(options.seed)))
            gateway.project.limit_throttling(not options.no_throttle)
            console = Console(
                gateway, recorder, host=options.host, tables=_tables(gateway, dynamodb)
            )
            gateway.on_start = recorder.begin
            gateway.on_exchange = partial(_record, console, terminal)
            server = HttpServer(console, listening)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: server.interrupt())
            gc.freeze()
            gc.enable()
            for gap in runner.gaps(gateway.project.called_functions()):
                log.warning("%s", gap)
            url = f"http://{options.host}:{server.address[1]}"
            terminal.ready(gateway, url, names, time.perf_counter() - started)
            runner.warm(gateway.project.called_functions())
            poller = gateway.poller()
            if poller:
                poller.start()
            with contextlib.suppress(KeyboardInterrupt):
                server.serve()
            server.close()
        terminal.say("Stopped.")
    return 0


def _record(console: Console, terminal: Terminal, exchange: Exchange) -> None:
    console.record(exchange)
    deployment = exchange.deployment
    terminal.responded(exchange, deployment.access_log if deployment else None)


def _tables(gateway: Gateway, dynamodb: str) -> Tables:
    """The tables of the template as it is now."""
    endpoint = None if dynamodb == "moto" else dynamodb

    def names() -> list[str]:
        return [table["TableName"] for table in tables.definitions(gateway.project.template)]

    return Tables(lambda: tables.client(gateway.project.region, endpoint), names)


def _prepare(gateway: Gateway, dynamodb: str) -> list[str]:
    """Make the tables, in moto or in another DynamoDB; their names."""
    endpoint = None if dynamodb == "moto" else dynamodb
    embedded.start()
    gateway.on_reload = lambda project: tables.connect(project.template, endpoint)
    return tables.connect(gateway.project.template, endpoint)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port first: nothing else is worth doing when it is in use."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or error
        raise ProjectError(
            f"cannot listen on {host}:{port}: {reason}: choose another with --port or --host"
        ) from None
    return listening
