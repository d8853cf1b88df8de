"""The contract against openapi-core, on documents made at random: one verdict, or a known
reason.
"""

import json
from typing import Any

import pytest
from api import dialect
from api.contract import Contract
from api.errors import InvalidJson, InvalidRequest, UnsupportedMediaType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_core import Config, OpenAPI

from tests.contract import generated
from tests.contract.differences import COMPONENTS, DIFFERENCES, Difference
from tests.contract.generated import Sent, Theirs

PAIRS_PER_SPEC = 6
SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# A media type that openapi-core reads only if it is told how.
DESERIALIZERS: Any = {"application/merge-patch+json": lambda body, **options: json.loads(body)}


class Judges:
    """The functions and openapi-core, on one spec: whether they take a request."""

    def __init__(self, spec: dict[str, Any]) -> None:
        plan = json.loads(json.dumps(dialect.compiled(spec, "do")))  # as the build leaves it
        self._contract = Contract(plan)
        unchecked: Any = None
        config = Config(spec_validator_cls=unchecked, extra_media_type_deserializers=DESERIALIZERS)
        self._openapi = OpenAPI.from_dict(spec, config=config)

    def ours(self, sent: Sent) -> bool:
        try:
            self._contract.check(sent.ours())
        except (InvalidRequest, InvalidJson, UnsupportedMediaType):
            return False
        return True

    def theirs(self, sent: Sent) -> bool:
        try:
            return not [*self._openapi.iter_request_errors(Theirs(sent))]
        except UnicodeEncodeError:  # of a format: byte that is not ASCII
            return False


def texts(sent: Sent) -> list[str]:
    values = [*sent.path.values(), *sent.header.values(), *sent.cookie.values()]
    return [*values, *[text for _, text in sent.query], sent.body.decode()]


def explained(sent: Sent, verdict: bool) -> bool:
    """Whether a known difference can be the reason."""
    for difference in DIFFERENCES:
        shows = difference.shows
        if shows and difference.ours is verdict and any(shows(text) for text in texts(sent)):
            return True
    return False


def compare(specs: int) -> None:
    """Raises AssertionError for a pair whose verdicts differ without a known reason, and if hardly
    any request was valid: to agree on those that are not would show little.
    """
    verdicts: list[bool] = []

    @settings(SETTINGS, max_examples=specs)
    @given(data=st.data())
    def judge(data: st.DataObject) -> None:
        spec = data.draw(generated.operations())
        judges = Judges(spec)
        for _ in range(PAIRS_PER_SPEC):
            sent = data.draw(generated.requests(spec))
            verdicts.append(judges.ours(sent))
            if verdicts[-1] is not judges.theirs(sent):
                assert explained(sent, verdicts[-1]), (spec, sent)

    judge()
    assert len(verdicts) >= specs * PAIRS_PER_SPEC
    assert sum(verdicts) / len(verdicts) > 0.1
    print(f"{len(verdicts)} pairs, {sum(verdicts)} of them valid")


def test_the_verdict_is_openapi_cores() -> None:
    compare(specs=60)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_verdict_is_openapi_cores_for_5000_pairs() -> None:
    compare(specs=840)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.name)
def test_every_listed_difference_still_exists(difference: Difference) -> None:
    operation = {"operationId": "do", "responses": {}, **difference.operation}
    spec = {
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "paths": {"/things/{p}": {"post": operation}},
        "components": {"schemas": COMPONENTS},
    }

    judges = Judges(spec)

    verdicts = (judges.ours(difference.sent), judges.theirs(difference.sent))

    assert verdicts == (difference.ours, not difference.ours)
    if difference.shows:
        assert explained(difference.sent, difference.ours)
