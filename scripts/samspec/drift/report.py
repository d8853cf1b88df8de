"""The findings in the form that a reader asks for: text, GitHub annotations, JSON, SARIF."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from samspec.drift import rules
from samspec.sam.finding import ERROR, Finding

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def text(findings: Iterable[Finding]) -> str:
    """One line per finding."""
    return "".join(f"{finding}\n" for finding in findings)


def github(findings: Iterable[Finding]) -> str:
    """GitHub's workflow commands, which show each finding at its line of a pull request."""
    return "".join(f"{_annotation(finding)}\n" for finding in findings)


def _annotation(finding: Finding) -> str:
    message = f"{finding.message}: {finding.fix}"
    # GitHub's own escapes: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    for character, escape in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        message = message.replace(character, escape)
    level = "error" if finding.severity == ERROR else "warning"
    title = f"drift ({finding.rule})"
    return f"::{level} file={finding.file},line={finding.line},title={title}::{message}"


def as_json(findings: Iterable[Finding], notes: Iterable[str] = ()) -> str:
    """`{"findings": [...], "notes": [...]}`; notes say what was not checked, and why."""
    return json.dumps(content(findings, notes), indent=2) + "\n"


def content(findings: Iterable[Finding], notes: Iterable[str]) -> dict[str, Any]:
    """What `as_json` writes."""
    return {"findings": [asdict(finding) for finding in findings], "notes": list(notes)}


def sarif(findings: Iterable[Finding]) -> str:
    """SARIF 2.1.0, which GitHub's code scanning and editors read."""
    findings = list(findings)
    names = sorted({finding.rule for finding in findings})
    driver = {
        "name": "samspec drift",
        "version": _version(),
        "rules": [_descriptor(rules.rule(name)) for name in names],
    }
    run = {"tool": {"driver": driver}, "results": [_result(finding) for finding in findings]}
    return json.dumps({"$schema": SARIF, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _version() -> str:
    try:
        return version("samspec")
    except PackageNotFoundError:
        return "0"  # a checkout


def _descriptor(rule: rules.Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.why} Source: {rule.source}"},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(finding: Finding) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": finding.file},
        "region": {"startLine": finding.line},
    }
    return {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": {"text": f"{finding.message}: {finding.fix}"},
        "locations": [{"physicalLocation": place}],
    }
