"""API keys, usage plans and resource policies at the local gateway."""

from typing import Any

import pytest
from werkzeug.test import Client

from tests.samspec.gateway.authorization.conftest import Project, context, refusal

FORBIDDEN = (403, "ForbiddenException", {"message": "Forbidden"})


def resources(**plan: Any) -> dict[str, Any]:
    """A partner's key in a usage plan of the API."""
    stage = {"ApiId": {"Ref": "BooksApi"}, "Stage": "v1"} | plan.pop("Stage", {})
    return {
        "PartnerKey": {
            "Type": "AWS::ApiGateway::ApiKey",
            "Properties": {"Enabled": True, "Value": "partner-secret-of-twenty"},
        },
        "Partners": {
            "Type": "AWS::ApiGateway::UsagePlan",
            "Properties": {"ApiStages": [stage], **plan},
        },
        "PartnerLink": {
            "Type": "AWS::ApiGateway::UsagePlanKey",
            "Properties": {
                "KeyId": {"Ref": "PartnerKey"},
                "KeyType": "API_KEY",
                "UsagePlanId": {"Ref": "Partners"},
            },
        },
    }


@pytest.fixture
def keyed(project: Project) -> Project:
    project.scheme("api_key", name="x-api-key")
    project.operation(security=[{"api_key": []}])
    project.operation("/open", security=[])
    project.resources = resources()
    return project


def call(client: Client, key: str = "partner-secret-of-twenty") -> Any:
    return client.get("/books", headers={"X-Api-Key": key})


def test_a_key_in_a_usage_plan_opens_the_door(keyed: Project) -> None:
    identity = context(call(keyed.client()))["identity"]
    assert (identity["apiKeyId"], identity["apiKey"]) == ("partne9374", "partner-secret-of-twenty")


def test_any_other_key_is_forbidden(keyed: Project) -> None:
    client = keyed.client()
    assert refusal(call(client, "another")) == FORBIDDEN
    assert refusal(client.get("/books")) == FORBIDDEN
    assert client.get("/open").status_code == 200


@pytest.mark.parametrize("missing", ["PartnerLink", "Partners"])
def test_a_key_without_a_plan_is_forbidden(keyed: Project, missing: str) -> None:
    del keyed.resources["PartnerLink"]
    if missing != "PartnerLink":
        del keyed.resources[missing]
    assert refusal(call(keyed.client())) == FORBIDDEN


def test_a_key_that_is_not_enabled_is_forbidden(keyed: Project) -> None:
    keyed.resources["PartnerKey"]["Properties"]["Enabled"] = False
    assert refusal(call(keyed.client())) == FORBIDDEN


def test_a_plan_of_another_stage_is_of_no_use(keyed: Project) -> None:
    keyed.resources = resources(Stage={"Stage": "v2"})
    assert refusal(call(keyed.client())) == FORBIDDEN


def test_a_key_without_a_value_gets_one_that_is_printed(keyed: Project) -> None:
    del keyed.resources["PartnerKey"]["Properties"]["Value"]
    gateway = keyed.gateway()
    value = gateway.project.access.key_values["PartnerKey"]
    assert len(value) == 40
    assert call(Client(gateway), value).status_code == 200


def test_beyond_the_quota_it_is_429(keyed: Project) -> None:
    keyed.resources = resources(Quota={"Limit": 2, "Period": "DAY"})
    client = keyed.client()
    assert [call(client).status_code for _ in range(2)] == [200, 200]
    assert refusal(call(client)) == (
        429,
        "LimitExceededException",
        {"message": "Limit Exceeded"},
    )


def test_the_offset_of_a_quota_is_used_already(keyed: Project) -> None:
    keyed.resources = resources(Quota={"Limit": 2, "Period": "MONTH", "Offset": 2})
    assert call(keyed.client()).status_code == 429


@pytest.mark.parametrize(
    "plan",
    [
        {"Throttle": {"RateLimit": 0.001, "BurstLimit": 1}},
        {"Stage": {"Throttle": {"/books/GET": {"RateLimit": 0.001, "BurstLimit": 1}}}},
    ],
)
def test_beyond_the_rate_it_is_429(keyed: Project, plan: dict[str, Any]) -> None:
    keyed.resources = resources(**plan)
    client = keyed.client()
    assert call(client).status_code == 200
    assert refusal(call(client)) == (
        429,
        "TooManyRequestsException",
        {"message": "Too Many Requests"},
    )


def address_policy(effect: str, network: str) -> dict[str, Any]:
    everyone = {"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    condition = {"IpAddress": {"aws:SourceIp": network}}
    statement = {"Effect": effect, **everyone, "Condition": condition}
    return {"Statement": [{"Effect": "Allow", **everyone}, statement][effect == "Allow" :]}


@pytest.mark.parametrize(
    ("effect", "network", "status"),
    [
        ("Allow", "127.0.0.0/8", 200),
        ("Allow", "10.0.0.0/8", 403),
        ("Deny", "127.0.0.0/8", 403),
        ("Deny", "10.0.0.0/8", 200),
    ],
)
def test_a_resource_policy_judges_the_callers_address(
    project: Project, effect: str, network: str, status: int
) -> None:
    project.operation()
    project.definition["x-amazon-apigateway-policy"] = address_policy(effect, network)
    response = project.client().get("/books")
    assert response.status_code == status
    if status == 403:
        message = response.get_json()["Message"]
        assert message.startswith("User: anonymous is not authorized to perform: execute-api:In")
        assert message.endswith("with an explicit deny") == (effect == "Deny")


def test_a_condition_that_is_not_evaluated_is_named(project: Project) -> None:
    project.operation()
    document = address_policy("Allow", "127.0.0.1")
    document["Statement"][0]["Condition"] = {"BinaryEquals": {"aws:SourceIp": "x"}}
    project.definition["x-amazon-apigateway-policy"] = document
    gateway = project.gateway()
    assert any("BinaryEquals" in gap for gap in gateway.project.gaps)
    assert Client(gateway).get("/books").status_code == 403
