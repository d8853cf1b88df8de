"""The command line of `scripts/drift`."""

import argparse
import gc
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from driftcheck.finding import CannotRun, Finding

PROJECT = Path(__file__).parents[2]


def main(arguments: list[str] | None = None) -> int:
    """0: nothing differs; 1: findings; 2: the checks cannot run."""
    gc.disable()  # it would take a tenth of this short life
    options = _parser().parse_args(arguments)
    try:
        findings = sorted(set(check(options.root, options.against, options.stack)))
    except CannotRun as error:
        print(f"drift: {error}", file=sys.stderr)
        return 2
    for finding in findings:
        print(finding.annotation() if options.format == "github" else finding)
    return 1 if findings else 0


def check(root: Path, against: str | None = None, stack: str | None = None) -> Iterator[Finding]:
    """Every difference. Where the spec is no OpenAPI, that alone: nothing could be told from it."""
    from driftcheck import (
        compatibility,
        cors,
        deployed,
        events,
        examples,
        features,
        importability,
        integrations,
        observations,
        packaging,
        permissions,
        responses,
        tables,
        translation,
        validity,
    )
    from driftcheck.project import Project

    project = Project(root)
    if invalid := list(validity.check(project)):
        yield from _named("openapi", invalid)
        return
    for one in (importability, integrations, cors, packaging, features, events, tables, examples):
        yield from _named(one.__name__, one.check(project))
    seen = observations.Observations.of(project)
    yield from _named("permissions", permissions.check(project, translation.translated(project), seen))
    yield from _named("responses", responses.check(project, seen))
    if against:
        yield from _named("compatibility", compatibility.check(project, against))
    if stack:
        yield from _named("deployed", deployed.check(project, stack))


def _named(check: str, findings: Iterator[Finding] | list[Finding]) -> Iterator[Finding]:
    return (replace(finding, check=check.removeprefix("driftcheck.")) for finding in findings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/drift", description="Hold everything against what the spec says.", allow_abbrev=False
    )
    parser.add_argument("--root", type=Path, default=PROJECT, help="the project's folder (default: this project's)")
    parser.add_argument("--against", metavar="REF", help="list what breaks callers of the spec at this git ref, too")
    parser.add_argument("--stack", metavar="NAME", help="hold the deployed stack against spec and template, too")
    parser.add_argument("--format", choices=("text", "github"), default="text", help="github: annotations")
    return parser
