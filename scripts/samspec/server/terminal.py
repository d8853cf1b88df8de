"""What the developer reads while the server runs."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterable
from typing import Any

from samspec.gateway.application import Exchange, Gateway

COLOURS = {2: "32", 3: "36", 4: "33", 5: "31"}
DIM, WARN = "2", "33"


class Terminal:
    def __init__(self, options: argparse.Namespace):
        self.quiet, self.verbose = options.quiet, options.verbose
        self._out = sys.stdout
        self._colour = self._out.isatty() and "NO_COLOR" not in os.environ

    def take_log(self) -> None:
        """Print what the gateway itself has to say."""
        handler = logging.StreamHandler(self._out)
        handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
        logger = logging.getLogger("gateway")
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING if self.quiet else logging.INFO)
        logger.propagate = False

    def ready(self, gateway: Gateway, url: str, tables: Iterable[str], seconds: float) -> None:
        for gap in gateway.project.gaps:
            self._print(self._tint(WARN, f"not emulated: {gap}"))
        if not self.quiet:
            deployments = gateway.project.deployments
            for name, deployment in deployments.items():
                if len(deployments) > 1:
                    self._print(f"  {name} at {url}/{name}")
                for route in deployment.routes:
                    target = route.function or f"({route.kind})"
                    self._print(f"  {route.method:<8}{route.resource:<24} {target}")
            self._print(f"  {'tables':<32} {', '.join(tables) or 'none'}")
            self._print(f"  {'docs':<32} {url}/_/docs\n  {'requests, live':<32} {url}/_/requests")
        self._print(f"Ready on {url} in {seconds:.2f} s (Ctrl-C ends it)")

    def line(self, line: dict[str, Any]) -> None:
        """A log line of a function, as it comes."""
        if self.quiet and line["level"] not in ("ERROR", "CRITICAL"):
            return
        extra = "".join(f" {key}={value}" for key, value in line["extra"].items())
        self._print(self._tint(DIM, f"          {line['level']:<7} {line['message']}{extra}"))
        if "trace" in line:
            trace = line["trace"] if self.verbose else line["trace"].rsplit("\n", 1)[-1]
            self._print(self._tint(DIM, "          " + trace.replace("\n", "\n          ")))

    def answered(self, answer: Exchange, access_log: str | None) -> None:
        request, response = answer.request, answer.response
        if self.quiet and response.status < 500 and not answer.mismatches:
            return
        if self.verbose:
            for call in answer.invocation.calls if answer.invocation else ():
                units = "?" if call["units"] is None else f"{call['units']:g}"
                said = f"DynamoDB {call['name']} {call['ms']} ms {units} units {call['error']}"
                self._print(self._tint(DIM, f"          {said}"))
            if access_log:
                self._print(self._tint(DIM, "          " + answer.access_log(access_log)))
        status = self._tint(COLOURS.get(response.status // 100, "0"), str(response.status))
        line = f"{time.strftime('%H:%M:%S')}  {status} {request.method:<7} {request.path}  {answer.milliseconds:.1f} ms"
        self._print(line + (f"  {response.reason}" if response.reason else ""))
        for mismatch in answer.mismatches:
            self._print(self._tint(WARN, f"          not as the spec says: {mismatch}"))

    def say(self, text: str) -> None:
        if not self.quiet:
            self._print(text)

    def _tint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text

    def _print(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()
