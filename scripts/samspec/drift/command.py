"""`samspec drift`: check everything against the spec."""

import argparse
import gc
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from samspec.sam.finding import Finding


def main(arguments: list[str] | None = None) -> int:
    """0: nothing differs; 1: findings; 2: the checks cannot run."""
    gc.disable()  # it would take a tenth of this short life
    options = _parser().parse_args(arguments)
    findings = sorted(set(check(options.root, options.against, options.stack)))
    for finding in findings:
        print(finding.annotation() if options.format == "github" else finding)
    return 1 if findings else 0


def check(root: Path, against: str | None = None, stack: str | None = None) -> Iterator[Finding]:
    """Every difference. Where the spec is no OpenAPI, that alone: nothing could be told from it."""
    from samspec.drift import (
        compatibility,
        cors,
        deployed,
        dialect,
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
    from samspec.sam.project import Project

    project = Project(root)
    if invalid := validity.check(project.spec):
        yield from _by(validity, invalid)
        return
    joined = list(_by(integrations, integrations.check(project)))
    yield from joined
    # The documents say which function answers what: that has to be settled before they can be held against it.
    for one in (
        importability,
        dialect,
        cors,
        packaging,
        examples,
        *(() if joined else (features, events, tables)),
    ):
        yield from _by(one, one.check(project))
    seen = observations.Observations.of(project)
    translated, faults = translation.translated(project.template, project.spec, project.api)
    yield from (
        _by(translation, faults)
        if faults
        else _by(permissions, permissions.check(project, translated, seen))
    )
    yield from _by(responses, responses.check(project, seen))
    if against:
        yield from _by(compatibility, compatibility.check(project, against))
    if stack:
        yield from _by(deployed, deployed.check(project, stack))


def _by(check: ModuleType, findings: Iterable[Finding]) -> Iterator[Finding]:
    return (replace(finding, check=check.__name__.rpartition(".")[2]) for finding in findings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="samspec drift",
        description="Hold everything against what the spec says.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--root", type=Path, default=Path(), help="the project's folder (default: the current one)"
    )
    parser.add_argument(
        "--against", metavar="REF", help="list what breaks callers of the spec at this git ref, too"
    )
    parser.add_argument(
        "--stack", metavar="NAME", help="hold the deployed stack against spec and template, too"
    )
    parser.add_argument(
        "--format", choices=("text", "github"), default="text", help="github: annotations"
    )
    return parser
