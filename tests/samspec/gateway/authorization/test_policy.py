"""IAM policies: which calls they allow."""

from typing import Any

import pytest
from samspec.gateway.authorization.policy import Access, Decision, InvalidPolicy, decide

ARN = "arn:aws:execute-api:us-east-1:123456789012:abc/Prod/GET/books/7"
ACCESS = Access(ARN, {"aws:SourceIp": "10.1.2.3", "aws:CurrentTime": "2026-11-27T06:00:00+00:00"})


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    base = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    return {"Statement": [base | statement for statement in statements]}


@pytest.mark.parametrize(
    ("statement", "decision"),
    [
        ({}, Decision.ALLOW),
        ({"Action": ["execute-api:*"]}, Decision.ALLOW),
        ({"Action": "EXECUTE-API:invoke"}, Decision.ALLOW),
        ({"Action": "*"}, Decision.ALLOW),
        ({"Action": "execute-api:ManageConnections"}, Decision.NEITHER),
        ({"Resource": ARN}, Decision.ALLOW),
        ({"Resource": [ARN + "8", "arn:*:abc/*/GET/books/?"]}, Decision.ALLOW),
        ({"Resource": "execute-api:/Prod/GET/*"}, Decision.ALLOW),
        ({"Resource": "execute-api:/Prod/POST/*"}, Decision.NEITHER),
        ({"Resource": ARN.lower()}, Decision.NEITHER),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, Decision.ALLOW),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["1.2.3.4"]}}}, Decision.NEITHER),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, Decision.NEITHER),
        ({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}, Decision.NEITHER),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}, Decision.ALLOW),
        ({"Condition": {"StringEqualsIfExists": {"aws:SourceVpce": "v"}}}, Decision.ALLOW),
        ({"Condition": {"Null": {"aws:SourceVpce": "true"}}}, Decision.ALLOW),
        (
            {"Condition": {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}},
            Decision.ALLOW,
        ),
        (
            {"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}},
            Decision.NEITHER,
        ),
        ({"Condition": {"BinaryEquals": {"aws:SourceIp": "x"}}}, Decision.NEITHER),
        (
            {"Effect": "Deny", "Condition": {"BinaryEquals": {"aws:SourceIp": "x"}}},
            Decision.DENY,
        ),
        (
            {"Effect": "Deny", "Condition": {"IpAddress": {"aws:SourceIp": "nonsense"}}},
            Decision.DENY,
        ),
        ({"Effect": "Deny"}, Decision.DENY),
    ],
)
def test_a_statement_decides_as_in_iam(statement: dict[str, Any], decision: Decision) -> None:
    assert decide(policy(statement), ACCESS) is decision


def test_a_deny_wins_wherever_it_is() -> None:
    assert decide(policy({"Effect": "Deny"}, {}), ACCESS) is Decision.DENY
    assert decide(policy({}, {"Effect": "Deny"}), ACCESS) is Decision.DENY


def test_what_is_not_listed_is_denied_implicitly() -> None:
    negative = {"Effect": "Allow", "NotAction": "execute-api:Invoke", "Resource": "*"}
    elsewhere = {"Effect": "Allow", "Action": "*", "NotResource": ARN}
    assert decide({"Statement": negative}, ACCESS) is Decision.NEITHER
    assert decide({"Statement": [elsewhere]}, ACCESS) is Decision.NEITHER


@pytest.mark.parametrize(
    "document",
    [
        None,
        "Allow",
        {},
        {"Statement": []},
        {"Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*"}]},
    ],
)
def test_what_is_not_a_policy_allows_nothing(document: Any) -> None:
    with pytest.raises(InvalidPolicy):
        decide(document, ACCESS)
