"""`samspec drift`: check everything against the API's definition."""

import argparse
import gc
import json
import os
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from samspec.sam.errors import ProjectError
from samspec.sam.finding import ERROR
from samspec.version import installed_version

if TYPE_CHECKING:
    from samspec.drift.checks import Result

FORMATS = ("text", "github", "json", "sarif")
WATCH_SECONDS = 0.5  # between two looks at the files


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    root: Path
    template: str
    against: str | None
    stack: str | None
    format: str
    fix: bool
    watch: bool
    strict: bool


def main(arguments: list[str] | None = None) -> int:
    """0: no errors; 1: errors; 2: the checks cannot run."""
    gc.disable()  # it would take a tenth of this short life
    parsed = _parser().parse_args(arguments)
    if parsed.list or parsed.explain or parsed.write_pages:
        return _about_rules(parsed)
    options = Options(
        parsed.root,
        parsed.template,
        parsed.against,
        parsed.stack,
        parsed.format,
        parsed.fix,
        parsed.watch,
        parsed.strict,
    )
    return _watch(options) if options.watch else _once(options)


def _about_rules(parsed: argparse.Namespace) -> int:
    from samspec.drift import rules

    if parsed.list:
        print(rules.listing())
    if parsed.explain:
        print(rules.rule(parsed.explain).explanation())
    if parsed.write_pages:
        parsed.write_pages.mkdir(parents=True, exist_ok=True)
        for name, text in rules.pages().items():
            (parsed.write_pages / name).write_text(text, encoding="utf-8")
    return 0


def _once(options: Options) -> int:
    from samspec.drift import report

    result = _result(options)
    if options.fix:
        from samspec.drift.fixes import fix

        for line in fix(options.root, result.findings):
            print(line, file=sys.stderr)
        result = _result(options)
    if options.format == "json":
        print(report.as_json(result.findings, result.notes), end="")
    elif options.format == "sarif":
        print(report.sarif(result.findings), end="")
    else:
        write = report.github if options.format == "github" else report.text
        print(write(result.findings), end="")
    if options.format in ("text", "github"):
        for note in result.notes:
            print(f"samspec drift: not checked: {note}", file=sys.stderr)
    counted = [item for item in result.findings if options.strict or item.severity == ERROR]
    return 1 if counted else 0


def _result(options: Options) -> "Result":
    from samspec.drift.checks import run

    return run(options.root, options.against, options.stack, options.template)


def _watch(options: Options) -> int:
    """Check again after every change of a file, until it is interrupted.

    For a program, which reads JSON, it also ends with that program.
    """
    from samspec.drift.watching import snapshot

    gc.enable()
    show = _print_line if options.format == "json" else _print_watched
    parent = os.getppid()
    before = None
    while options.format != "json" or os.getppid() == parent:
        now = snapshot(options.root)
        if now != before:
            before = now
            show(options)
        time.sleep(WATCH_SECONDS)
    return 0


def _print_watched(options: Options) -> None:
    clock = time.strftime("%H:%M:%S")
    try:
        status = _once(options)
    except ProjectError as error:
        print(f"samspec drift: {error}")
        status = 2
    state = {0: "nothing differs", 1: "see above", 2: "cannot check"}[status]
    print(f"[{clock}] {state}", flush=True)


def _print_line(options: Options) -> None:
    """For programs: a line that says that a check begins, and one with what it found."""
    from samspec.drift import report

    print(json.dumps({"state": "checking"}), flush=True)
    try:
        result = _result(options)
        content = {"state": "checked", **report.content(result.findings, result.notes)}
    except ProjectError as error:
        content = {"state": "failed", "error": str(error)}
    except Exception:
        # The next edit may help, so the watch goes on.
        reason = f"This is a bug in samspec {installed_version()}.\n\n{traceback.format_exc()}"
        content = {"state": "failed", "error": reason}
    print(json.dumps(content), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="samspec drift",
        description="Check everything against what the API's definition says.",
        epilog="Exit code: 0 no errors, 1 errors, 2 the checks cannot run.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--root", type=Path, default=Path(), help="the project's folder (default: the current one)"
    )
    parser.add_argument(
        "--template", metavar="FILE", default="", help="relative to the root (default: found there)"
    )
    parser.add_argument(
        "--against", metavar="REF", help="also list what breaks callers since this git ref, "
        "permissions that widened, and deploys that need two steps",
    )  # fmt: skip
    parser.add_argument(
        "--stack", metavar="NAME", help="also check the deployed stack against the project"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="github: annotations")
    parser.add_argument("--fix", action="store_true", help="fix what can be fixed safely")
    parser.add_argument(
        "--watch",
        action="store_true",
        help="check again after every edit; with --format json, each time on a line",
    )
    parser.add_argument("--strict", action="store_true", help="warnings are errors")
    parser.add_argument("--list", action="store_true", help="list all rules")
    parser.add_argument("--explain", metavar="RULE", help="explain a rule, with its source")
    parser.add_argument(
        "--write-pages", metavar="FOLDER", type=Path, help="write the rules' pages to a folder"
    )
    return parser
