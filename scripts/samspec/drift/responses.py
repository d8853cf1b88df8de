"""What the operations were seen to respond with is what the definition documents."""

from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.application import Application
from samspec.drift.observations import Observations
from samspec.sam.documents import Keys
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.written import WrittenApi

DOCUMENT = "document it, or do not send it"
TEST = "test and record it (scripts/test --record), or remove it"
PROBLEM = "application/problem+json"
Fault = tuple[str, Keys, str, str]
Seen = dict[str, tuple[set[str], set[str]]]  # titles and headers, by status


def check(application: Application, observations: Observations | None) -> Iterator[Finding]:
    """Every operation against the record; nothing if the project keeps none."""
    if observations is None:
        return
    names: set[str] = set()
    for api in application.definitions:
        for operation in api.operations:
            names.add(str(operation))
            seen = _seen(observations.responses.get(str(operation), {}))
            for rule, at, message, fix in _compared(api, operation, seen):
                place = (*operation.keys, "responses", *at)
                yield api.finding(rule, place, f"{operation} {message}", fix)
    for name in observations.responses.keys() - names:
        yield Finding(
            application.conventions.observed,
            1,
            f"{name} is not an operation of the definition",
            "run scripts/test --record",
            "record-stale",
        )


def _compared(api: WrittenApi, operation: Operation, seen: Seen) -> Iterator[Fault]:
    if "501" in seen:
        return  # the scaffold has just added it, and it is not written yet
    documented = api.responses(operation)
    for status in seen.keys() - documented.keys():
        message = f"responds with {status}, which is not documented"
        yield "response-undocumented", (), message, DOCUMENT
    if not seen and documented:
        message = "has no response that a test saw"
        yield "response-unseen", (), message, "test and record it (scripts/test --record)"
        return
    for status in documented.keys() - seen.keys():
        yield "response-unseen", (status,), f"documents {status}, which no test saw", TEST
    for status in documented.keys() & seen.keys():
        yield from _status(api, status, documented[status], *seen[status])


def _status(
    api: WrittenApi, status: str, response: Mapping[str, Any], titles: set[str], headers: set[str]
) -> Iterator[Fault]:
    declared = {str(name) for name in response.get("headers") or {}} - {"Content-Type"}
    by_name = {name.lower(): name for name in declared}
    seen = {name.lower(): name for name in headers}
    for key in seen.keys() - by_name.keys():
        message = f"sends {seen[key]} with {status}, which is not documented"
        yield "response-undocumented", (status,), message, DOCUMENT
    for key in by_name.keys() - seen.keys():
        message = f"documents {by_name[key]} with {status}, which no test saw"
        yield "response-unseen", (status,), message, TEST
    examples = _titles(api, response)
    if examples and titles != examples:
        yield (
            "response-title",
            (status,),
            f"titles its {status} {', '.join(sorted(titles))}, "
            f"in the examples {', '.join(sorted(examples))}",
            "make both say the same",
        )


def _seen(responses: Mapping[str, str]) -> Seen:
    seen: Seen = {}
    for key, headers in responses.items():
        status, _, title = key.partition(" ")
        titles, names = seen.setdefault(status, (set(), set()))
        titles |= {title} - {""}
        names |= set(headers.split(", ")) - {""}
    return seen


def _titles(api: WrittenApi, response: Mapping[str, Any]) -> set[str]:
    content = api.mapping((response.get("content") or {}).get(PROBLEM))
    examples = [api.mapping(node).get("value") for node in (content.get("examples") or {}).values()]
    titles = set()
    for example in [*examples, content.get("example")]:
        if isinstance(example, dict) and "title" in example:
            titles.add(str(example["title"]))
    return titles
