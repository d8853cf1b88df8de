"""`samspec invoke`: run one function with an event, as Lambda would."""

import argparse
import contextlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samspec.server.settings import add_options, settings

FAILED = 1
START_LIMIT = 300  # seconds for its packages and its start, before its own Timeout begins


def main(arguments: list[str] | None = None) -> int:
    """Print the function's result as JSON; 1 if it fails."""
    options = _parser().parse_args(arguments)
    event = _event(options.event)
    from samspec.aws import embedded, tables
    from samspec.gateway.processes import worker_processes
    from samspec.runtime.invocation import FunctionFailed, IntegrationTimedOut, Invocation
    from samspec.sam.project import Project, template_at

    path = template_at(options.template)
    project = Project(path, settings(options, path.parent))
    project.resolved.check_stated()
    function = _chosen(project.lambdas, options.function)
    runner = worker_processes(path, dynamodb=options.dynamodb)
    runner.functions = project.lambdas
    runner.on_line = lambda function, line: print(_line(line), file=sys.stderr)
    with contextlib.closing(runner):
        embedded.start()
        tables.connect(project.resolved, None if options.dynamodb == "moto" else options.dynamodb)
        for note in project.resolved.unknown.values():
            print(f"not as on AWS: {note}", file=sys.stderr)
        try:
            result = runner.invoke(Invocation(function), event, function.timeout + START_LIMIT)
        except (FunctionFailed, IntegrationTimedOut) as error:
            print(f"samspec invoke: {error}", file=sys.stderr)
            return FAILED
    print(json.dumps(result, indent=2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="samspec invoke",
        description="Run one function of the template with an event, as Lambda would.",
        epilog="Example: samspec invoke GetUserFunction --event events/get_user.json",
        allow_abbrev=False,
    )
    parser.add_argument(
        "function", nargs="?", default="", help="its logical id or name; the only one by default"
    )
    parser.add_argument(
        "--event", default="", metavar="FILE", help="a JSON file, or - for standard input"
    )
    parser.add_argument("--template", type=Path, default=Path("template.yaml"))
    parser.add_argument("--dynamodb", default="moto", metavar="moto|URL")
    add_options(parser)
    return parser


def _event(file: str) -> Any:
    from samspec.sam.errors import ProjectError

    if not file:
        return {}
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise ProjectError(f"{file}: {error.strerror}: give the path of a JSON file") from None
    except ValueError as error:
        raise ProjectError(f"{file}: not valid JSON: {error}") from None


def _chosen(functions: Mapping[str, Any], name: str) -> Any:
    """The function of that name; a ProjectError lists what there is."""
    from samspec.sam.errors import ProjectError

    named = []
    for function in functions.values():
        if name in ("", function.name, function.physical_name):
            named.append(function)
    if len(named) != 1:
        names = ", ".join(functions) or "none"
        asked = f"no function {name!r}" if name else "name one of the functions"
        raise ProjectError(f"{asked}: the template has {names}")
    if named[0].gap:
        raise ProjectError(named[0].gap)
    return named[0]


def _line(line: Mapping[str, Any]) -> str:
    extra = "".join(f" {key}={value}" for key, value in (line.get("extra") or {}).items())
    trace = f"\n{line['trace']}" if line.get("trace") else ""
    return f"{line['level']:<7} {line['message']}{extra}{trace}"
