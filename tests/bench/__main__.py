"""`scripts/bench`: with the one form of error and the exit codes of samspec."""

import sys

from samspec.cli import Command, run

BENCH = Command("tests.bench.command", "measure cold starts, requests and artifacts")

sys.exit(run("bench", BENCH, sys.argv[1:]))
