"""One finding per cause: what only follows from another finding is left out."""

import re
from collections.abc import Iterable, Iterator

from samspec.sam.finding import Finding

# Each rule with those whose mistake it may only repeat.
SYMPTOMS: dict[str, set[str]] = {
    "integration-permission": {
        "event-api",
        "event-route",
        "door-other-api",
        "handler-operation",
        "integration-function",
        "sam-translation",
    },
    "door-other-api": {"event-api"},
    "event-route": {"integration-missing", "integration-responses", "integration-type"},
    "sam-translation": {"event-api"},
    "handler": {"sam-translation"},
    "handler-arguments": {"handler-operation"},
    "iam-missing": {"iam-deny", "iam-statement"},
    "iam-unused": {"iam-statement"},
    "function-unused": {
        "handler-operation",
        "integration-function",
        "integration-missing",
        "integration-responses",
        "integration-type",
        "integration-uri",
    },
    "gateway-response-missing": {"gateway-response-type"},
    "cors-origin": {"reference-missing"},
    "cors-list": {"spec-schema"},
    "table-status": {"response-undocumented"},
    "criterion-status": {"response-undocumented"},
    "command-file": {"event-missing"},
    "feature-operation": {"operation-id"},
    "document-link": {"event-missing", "feature-missing", "feature-name"},
    "criterion-unknown": {"criterion-form", "feature-missing"},
    "criterion-untested": {"criterion-form"},
    "alarm-left-out": {"alarm-dimension", "alarm-metric"},
    "import-mapped-header": {"response-parameter-key"},
    "gateway-response-header": {"response-parameter-key"},
    "event-media-type": {"event-pairs"},
    "event-parameter": {"event-pairs", "event-route-file", "import-path-parameter"},
    "response-schema": {"response-status"},
    "response-undocumented": {"gateway-response-missing", "import-mapped-status"},
    "alarm-actions": {"canary-alarms"},
    "canary-alarms": {"deploy-parameter", "reference-missing"},
    "deploy-rule": {"deploy-parameter"},
}
# These follow from a cause that may be about another name.
BROAD = ("alarm-actions", "canary-alarms", "deploy-rule", "function-unused")
# The documents say which function responds to what, so this has to be right before them.
BEFORE_DOCUMENTS = (
    "handler-operation",
    "integration-alias",
    "integration-function",
    "integration-missing",
    "integration-permission",
    "integration-place",
    "integration-responses",
    "integration-type",
    "integration-uri",
)
# What two findings about one mistake have in common: a resource, a status, a file, a criterion.
TOKEN = re.compile(
    r"[A-Z][a-z]+[A-Z]\w+|\b[1-5]\d\d\b|[\w/.-]+\.\w+|[a-z]+-[a-z]+/\d+|[A-Z]+_[A-Z]+"
)


def without_symptoms(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, less those that repeat the mistake of another."""
    findings = list(findings)
    for finding in findings:
        causes = [item for item in findings if item.rule in SYMPTOMS.get(finding.rule, set())]
        if not any(_is_about_the_same(finding, cause) for cause in causes):
            yield finding


def _is_about_the_same(finding: Finding, cause: Finding) -> bool:
    ours, theirs = set(TOKEN.findall(finding.message)), _tokens(cause)
    return not ours or not theirs or bool(ours & theirs) or finding.rule in BROAD


def _tokens(cause: Finding) -> set[str]:
    """What a cause is about, and what should be there instead."""
    return set(TOKEN.findall(f"{cause.message} {cause.fix}"))
