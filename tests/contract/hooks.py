"""What schemathesis has to be told beyond the spec (schemathesis.toml loads this)."""

import os
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.generation.meta import CoveragePhaseData

sys.path.append(str(Path(__file__).parents[2] / "handlers"))

from api.cursors import Cursors
from api.errors import InvalidRequest

HANDLERS = Path(__file__).parents[2] / "handlers"
Case = schemathesis.Case[Any]
PAGING = {"limit", "cursor"}
CONDITIONS = ("If-Match", "If-None-Match")
POSITION = ("5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c", "ada@example.com")


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    _drop_impossible_conditions(case)
    _replace_invented_cursor(case)
    if "AWS_SAM_LOCAL" in os.environ:
        _make_the_body_text(case)


def _drop_impossible_conditions(case: Case) -> None:
    """The coverage phase makes header values of only letters and digits; no entity tag is one, so
    every request would be refused for it, whatever else the case is to show.
    """
    data = case.meta.phase.data if case.meta else None
    if isinstance(data, CoveragePhaseData):
        for name in CONDITIONS:
            if data.parameter != name and name in case.headers and '"' not in case.headers[name]:
                del case.headers[name]


def _replace_invented_cursor(case: Case) -> None:
    """No schema can say what a cursor's checksum is: a request that is to be valid gets one that
    is. A listing by a value has cursors that only it can make: there the first page is asked for.
    """
    if not case.meta or not case.meta.generation.mode.is_positive or "cursor" not in case.query:
        return
    cursors = None if set(case.query) - PAGING else _cursors(case.path)
    if cursors is None:
        del case.query["cursor"]
        return
    try:
        cursors.decode(case.query["cursor"])
    except InvalidRequest:
        case.query["cursor"] = cursors.encode(POSITION[: cursors.size])


@cache
def _cursors(path: str) -> Cursors | None:
    """Those of the resource whose collection is at the path; None if it belongs to another."""
    listing = path.strip("/").replace("-", " ")
    for repository in sorted(HANDLERS.glob("*/repository.py")):
        module = import_module(f"{repository.parent.name}.repository")
        cursors: Cursors | None = getattr(module, "CURSORS", None)
        if cursors and cursors.listing == listing:
            return cursors
    return None


def _make_the_body_text(case: Case) -> None:
    """API Gateway hands text over, with U+FFFD for bytes that are not UTF-8; `sam local` responds
    them with 502.
    """
    if isinstance(case.body, bytes):
        case.body = case.body.decode(errors="replace").encode()
