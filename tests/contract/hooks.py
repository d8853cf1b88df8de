"""What schemathesis has to be told beyond the spec (schemathesis.toml loads this)."""

import os
import sys
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.generation.meta import CoveragePhaseData

sys.path.append(str(Path(__file__).parents[2] / "handlers"))

from api.errors import InvalidRequest
from users.repository import CURSORS

Case = schemathesis.Case[Any]
CONDITIONS = ("If-Match", "If-None-Match")
POSITION = ("5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c", "ada@example.com")


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    _drop_impossible_conditions(case)
    _replace_invented_cursor(case)
    if "AWS_SAM_LOCAL" in os.environ:
        _make_the_body_text(case)


def _drop_impossible_conditions(case: Case) -> None:
    """The coverage phase makes header values of letters and digits alone; no entity tag is one, so every request
    would be refused for it, whatever else the case is to show."""
    data = case.meta.phase.data if case.meta else None
    if isinstance(data, CoveragePhaseData):
        for name in CONDITIONS:
            if data.parameter != name and name in case.headers and '"' not in case.headers[name]:
                del case.headers[name]


def _replace_invented_cursor(case: Case) -> None:
    """No schema can say what a cursor's checksum is: a request that is to be valid gets one that is."""
    if case.meta and case.meta.generation.mode.is_positive and "cursor" in case.query:
        try:
            CURSORS.decode(case.query["cursor"])
        except InvalidRequest:
            case.query["cursor"] = CURSORS.encode(POSITION)


def _make_the_body_text(case: Case) -> None:
    """API Gateway hands text over, with U+FFFD for bytes that are no UTF-8; `sam local` answers them with 502."""
    if isinstance(case.body, bytes):
        case.body = case.body.decode(errors="replace").encode()
