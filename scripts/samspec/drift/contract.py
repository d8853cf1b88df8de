"""What the definition says and the functions do not check, or check differently.

The set of what they check is stated once, in samspec.sam.dialect. It concerns projects whose
functions check requests by api/contract.py, which is built on the same file.
"""

import re
from collections.abc import Iterator

from samspec.drift.application import Application
from samspec.drift.code import code_of
from samspec.sam import dialect
from samspec.sam.documents import is_data
from samspec.sam.finding import Finding
from samspec.sam.written import WrittenApi

CONTRACT = "api/contract.py"
ESCAPED = re.compile(r"\\(.)")


def check(application: Application) -> Iterator[Finding]:
    """The gaps and the patterns of every definition, if functions validate by a contract."""
    codes = [code_of(application, function) for function in application.functions.values()]
    modules = [module for code in codes if code for module in code.modules]
    if not any(module.endswith(CONTRACT) for module in modules):
        return
    for api in application.definitions:
        if not api.is_swagger:
            yield from _gaps(api)
        yield from _patterns(api)


def _gaps(api: WrittenApi) -> Iterator[Finding]:
    """What lies outside, once per place: a shared schema is the finding of its first operation."""
    places = set()
    for gap in dialect.gaps(api.data):
        if gap.place in places:
            continue
        places.add(gap.place)
        reason, _, advice = gap.reason.partition(": ")
        yield api.finding(
            "contract-feature",
            tuple(map(str, gap.place)),
            f"the functions cannot check {gap.operation}: {reason}",
            advice or "say it in another way",
        )


def _patterns(api: WrittenApi) -> Iterator[Finding]:
    for at, node in api.nodes:
        pattern = node.get("pattern") if isinstance(node, dict) else None
        if not isinstance(pattern, str) or is_data(at) or at[-1:] == ("properties",):
            continue
        for letter in sorted(set("dwsDWSbB") & set(ESCAPED.findall(pattern))):
            yield api.finding(
                "contract-pattern",
                (*at, "pattern"),
                rf"\{letter} means other characters in Python than in ECMA-262",
                "write the characters out",
            )
