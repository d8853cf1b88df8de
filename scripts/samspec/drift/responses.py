"""Check 5: what the operations were seen to answer is what the spec documents, no more and no less."""

from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.observations import NAME, Observations
from samspec.sam.documents import Keys
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.project import Project

DOCUMENT = "document it, or do not send it"
TEST = "test and record it (scripts/test --record), or remove it"
Fault = tuple[Keys, str, str]
Seen = dict[str, tuple[set[str], set[str]]]  # titles and headers, by status


def check(project: Project, observations: Observations) -> Iterator[Finding]:
    for operation in project.operations:
        for at, differs, mend in _compared(project, operation, observations):
            yield project.spec.finding(
                (*operation.keys, "responses", *at), f"{operation} {differs}", mend
            )
    for name in observations.responses.keys() - set(map(str, project.operations)):
        yield Finding(NAME, 1, f"{name} is no operation of the spec", "run scripts/test --record")


def _compared(
    project: Project, operation: Operation, observations: Observations
) -> Iterator[Fault]:
    seen = _seen(observations.responses.get(str(operation), {}))
    if "501" in seen:
        return  # scripts/new-operation has just added it, and it is not written yet
    documented = project.responses(operation)
    for status in seen.keys() - documented.keys():
        yield (), f"answers {status}, which is not documented", DOCUMENT
    for status in documented.keys() - seen.keys():
        yield (status,), f"documents {status}, which no test saw", TEST
    for status in documented.keys() & seen.keys():
        titles, headers = seen[status]
        known = set(documented[status].get("headers", {})) - {
            "Content-Type"
        }  # which `content` says
        examples = _titles(project, documented[status])
        for name in headers - known:
            yield (status,), f"sends {name} with {status}, which is not documented", DOCUMENT
        for name in known - headers:
            yield (status,), f"documents {name} with {status}, which no test saw", TEST
        if examples and titles != examples:
            differs = f"titles its {status} {', '.join(sorted(titles))}, in the examples {', '.join(sorted(examples))}"
            yield (status,), differs, "make both say the same"


def _seen(responses: Mapping[str, str]) -> Seen:
    found: Seen = {}
    for key, headers in responses.items():
        status, _, title = key.partition(" ")
        titles, names = found.setdefault(status, (set(), set()))
        titles |= {title} - {""}
        names |= set(headers.split(", ")) - {""}
    return found


def _titles(project: Project, response: Mapping[str, Any]) -> set[str]:
    content = response.get("content", {}).get("application/problem+json", {})
    examples = [
        project.resolve(example).get("value", {})
        for example in content.get("examples", {}).values()
    ]
    return {
        str(example["title"])
        for example in [*examples, content.get("example", {})]
        if "title" in example
    }
