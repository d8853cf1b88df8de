"""All checks in their order, and what comes of their findings: severities, waivers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from samspec.drift import (
    code,
    commands,
    contract,
    cors,
    declarations,
    deployment,
    events,
    examples,
    features,
    functions,
    importability,
    integrations,
    links,
    makefiles,
    mock,
    monitoring,
    nested,
    packaging,
    permissions,
    responses,
    security,
    stages,
    statements,
    tables,
    validators,
    validity,
)
from samspec.drift.application import Application
from samspec.drift.causes import BEFORE_DOCUMENTS, without_symptoms
from samspec.drift.observations import Observations
from samspec.drift.rules import rules
from samspec.drift.settings import FILE, Waiver
from samspec.sam.finding import Finding
from samspec.sam.written import WrittenApi

OF_AN_API: tuple[Callable[[WrittenApi], Iterable[Finding]], ...] = (
    validity.remarks,
    importability.check,
    validators.check,
)
OF_THE_PROJECT: tuple[Callable[[Application], Iterable[Finding]], ...] = (
    contract.check,
    integrations.check,
    functions.check,
    mock.check,
    cors.check,
    security.check,
    code.check,
    packaging.check,
    makefiles.check,
    monitoring.check,
    deployment.check,
    stages.check,
    statements.check,
    nested.check,
    declarations.check,
    examples.check,
    links.check,
)
# They say which function responds to what, so integrations have to be right before them.
OF_DOCUMENTS: tuple[Callable[[Application], Iterable[Finding]], ...] = (
    features.check,
    events.check,
    tables.check,
    commands.check,
)


@dataclass
class Result:
    """Findings sorted by place, and notes that say what was not checked, and why."""

    findings: list[Finding]
    notes: list[str] = field(default_factory=list)


def run(
    root: Path, against: str | None = None, stack: str | None = None, template: str = ""
) -> Result:
    """Every finding of a project. If a definition is not OpenAPI, that only."""
    application = Application(root, template)
    causes = without_symptoms(set(_all(application, against, stack)))
    findings = [_completed(finding) for finding in causes]
    kept = sorted(_waived(findings, application.conventions.waivers))
    return Result(kept, _notes(application))


def _all(application: Application, against: str | None, stack: str | None) -> Iterator[Finding]:
    invalid = [finding for api in application.definitions for finding in validity.check(api)]
    yield from invalid
    if invalid:
        return
    for api in application.definitions:
        for check_api in OF_AN_API:
            yield from check_api(api)
    project = [finding for check in OF_THE_PROJECT for finding in check(application)]
    yield from project
    observations = Observations.of(application)
    permitted = list(permissions.check(application, observations))
    yield from permitted
    if not any(item.rule in BEFORE_DOCUMENTS for item in (*project, *permitted)):
        for check in OF_DOCUMENTS:
            yield from check(application)
    yield from responses.check(application, observations)
    if against:
        from samspec.drift import compatibility

        yield from compatibility.check(application, against)
    if stack:
        from samspec.drift import deployed

        yield from deployed.check(application, stack)


def _completed(finding: Finding) -> Finding:
    """With the group and severity of its rule."""
    rule = rules()[finding.rule]
    return replace(finding, check=rule.group, severity=rule.severity)


def _waived(findings: list[Finding], waivers: tuple[Waiver, ...]) -> Iterator[Finding]:
    """The findings that no waiver accepts, and the waivers that accept none."""
    used: set[Waiver] = set()
    for finding in findings:
        accepting = [waiver for waiver in waivers if _accepts(waiver, finding)]
        used.update(accepting)
        if not accepting:
            yield finding
    for waiver in waivers:
        if waiver not in used:
            unused = Finding(
                FILE,
                1,
                f"the waiver of {waiver.rule} accepts nothing any more",
                "remove it",
                "waiver-unused",
            )
            yield _completed(unused)


def _accepts(waiver: Waiver, finding: Finding) -> bool:
    return (
        waiver.rule == finding.rule
        and waiver.file in ("", finding.file)
        and waiver.text in finding.message
    )


def _notes(application: Application) -> list[str]:
    notes = list(application.notes)
    if not application.definitions:
        notes.append("no API has an OpenAPI definition: the checks of a definition do not apply")
    skipped = []
    for item in application.functions.values():
        if not item.is_python:
            skipped.append(f"{item.name} ({item.runtime or 'an image'})")
    if skipped:
        notes.append(f"the code of {', '.join(skipped)} is not Python: it is not checked")
    return sorted(set(notes))
