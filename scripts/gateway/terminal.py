"""What the developer reads while the server runs."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterable

from gateway.application import Answer, Gateway

COLOURS = {2: "32", 3: "36", 4: "33", 5: "31"}


class Terminal:
    def __init__(self, options: argparse.Namespace):
        self.quiet, self.verbose = options.quiet, options.verbose
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
        logger = logging.getLogger("gateway")
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING if self.quiet else logging.INFO)
        logger.propagate = False

    def ready(self, gateway: Gateway, url: str, tables: Iterable[str], seconds: float) -> None:
        project = gateway.project
        for gap in project.gaps:
            self._print(self._tint("33", f"not emulated: {gap}"))
        if not self.quiet:
            for route in gateway.routes:
                target = route.function if route.kind == "aws_proxy" else f"({route.kind})"
                self._print(f"  {route.method:<7} {route.resource:<24} {target}")
            self._print(f"  tables: {', '.join(tables) or 'none'}")
        self._print(f"Ready on {url} in {seconds:.2f} s (Ctrl-C ends it)")

    def answered(self, answer: Answer) -> None:
        request, response = answer.request, answer.response
        if self.quiet and response.status < 500:
            return
        status = self._tint(COLOURS.get(response.status // 100, "0"), str(response.status))
        line = f"{time.strftime('%H:%M:%S')}  {status} {request.method:<7} {request.path}  {answer.milliseconds:.1f} ms"
        self._print(line + (f"  {response.reason}" if response.reason else ""))

    def stopped(self) -> None:
        if not self.quiet:
            self._print("\nstopped")

    def _tint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text

    def _print(self, line: str) -> None:
        print(line, flush=True)
