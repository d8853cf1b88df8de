"""The development server: the gateway and its console over HTTP, one thread per connection."""

import contextlib
import gc
import logging
import signal
import socket
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from samspec.aws import embedded, tables
from samspec.gateway.application import Exchange, Gateway
from samspec.gateway.processes import worker_processes
from samspec.sam.errors import ProjectError
from samspec.sam.project import template_at
from samspec.sam.template import Settings
from samspec.server import seeds
from samspec.server.console import Console
from samspec.server.findings import Findings
from samspec.server.recorder import Recorder
from samspec.server.tables import Tables
from samspec.server.terminal import Terminal, TerminalOptions
from samspec.serving.http import HttpServer

log = logging.getLogger("gateway")


@dataclass(frozen=True)
class ServeOptions:
    """What the command line decides; `dynamodb` is "moto" or a URL, `port` 0 is any free one."""

    host: str
    port: int
    template: Path
    settings: Settings
    dynamodb: str
    seeds: int
    is_throttled: bool
    terminal: TerminalOptions


def serve(options: ServeOptions) -> int:
    """Run until Ctrl-C; the exit status."""
    started = time.perf_counter()
    dynamodb = options.dynamodb
    with _listen(options.host, options.port) as listening:
        runner = worker_processes(options.template, dynamodb=dynamodb, has_terminal=True)
        findings = Findings(template_at(options.template))
        with contextlib.closing(runner), contextlib.closing(findings):
            gateway = Gateway.from_template(
                options.template, settings=options.settings, dynamodb=dynamodb, runner=runner
            )
            terminal = Terminal(options.terminal)
            terminal.take_log()
            runner.on_line = lambda function, line: terminal.line(line)
            names = _prepare(gateway, dynamodb)
            gateway.project.limit_throttling(False)
            if options.seeds:
                terminal.say(seeds.plant(gateway, options.seeds))
            gateway.project.limit_throttling(options.is_throttled)
            server = HttpServer(_console(gateway, terminal, findings, options), listening)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: server.interrupt())
            gc.freeze()
            gc.enable()
            # The oldest generation is what the console keeps: to look through it takes up to half a
            # second, and Python would do so every few thousand requests.
            gc.set_threshold(700, 10, 1_000)
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


def _console(
    gateway: Gateway, terminal: Terminal, findings: Findings, options: ServeOptions
) -> Console:
    """The console, which together with the terminal is told of every request."""
    recorder = Recorder()
    tables = _tables(gateway, options.dynamodb)
    console = Console(gateway, recorder, host=options.host, tables=tables, findings=findings)
    gateway.on_start = recorder.begin
    gateway.on_exchange = partial(_record, console, terminal)
    return console


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
    """Take the port first: nothing else is worth doing when it is in use.

    Its `accept` ends after a second: it would not notice a signal that came right before it began.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
        listening.settimeout(1)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or error
        raise ProjectError(
            f"cannot listen on {host}:{port}: {reason}: choose another with --port or --host"
        ) from None
    return listening
