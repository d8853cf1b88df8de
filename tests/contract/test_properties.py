"""schemathesis on the spec, in process: the same cases every time. `scripts/fuzz` runs as many
others as you like.
"""

import re
from collections import Counter
from itertools import chain
from typing import Any

import pytest
import schemathesis
from samspec.fuzz.callers import guarded
from samspec.gateway import Gateway
from samspec.gateway.authorization.trusted import wrong_credentials
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from werkzeug.test import Client

from tests.conftest import ROOT, SPEC

pytestmark = pytest.mark.in_process
PHASES = {"examples", "coverage", "fuzzing", "stateful"}


def _message(info: Any) -> str:
    """What differs, and the request that shows it."""
    return f"{info.failure.title}: {info.failure.message}\n{info.code_sample}\n"


def test_the_api_keeps_to_its_spec_in_every_phase(
    application: Gateway, administrator: dict[str, str]
) -> None:
    schema = schemathesis.openapi.from_dict(
        SPEC, config=SchemathesisConfig.from_path(ROOT / "schemathesis.toml")
    )
    schema.config.generation.update(max_examples=4, deterministic=True)
    schema.config.update(headers=administrator)
    if administrator:
        # Both leave the credentials out, which these headers add again; see the test below.
        without = ["ignored_auth", "missing_required_header"]
        schema.config.checks.update(excluded_check_names=without)
    schema.app = application

    cases: Counter[str] = Counter()
    failures: list[str] = []
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if isinstance(event, events.ScenarioFinished):
            cases[event.phase.value.lower()] += len(event.recorder.cases)
            checks = list(chain.from_iterable(event.recorder.checks.values()))
            failures += [_message(c.failure_info) for c in checks if c.status == Status.FAILURE]

    assert not failures, "\n".join(failures)
    assert cases.keys() == PHASES


def test_callers_who_may_not_call_are_refused(application: Gateway) -> None:
    apis = application.project.source.apis
    client = Client(application)
    wrong = wrong_credentials(apis)
    if not wrong:
        pytest.skip("the API asks for no credentials")
    for name, headers in wrong.items():
        for method, path in guarded(apis[0].document):
            target = re.sub(r"\{\w+\}", "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c", path)
            response = client.open(target, method=method, headers=headers)
            assert response.status_code in (401, 403), f"{method} {path}, {name}"
