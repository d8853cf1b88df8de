from pathlib import Path
from typing import Any

import pytest
from samspec.gateway import Gateway, services
from samspec.gateway.routes import Route
from samspec.runtime.in_process import InProcess

LIBRARY = Path(__file__).parent / "fixtures/library/template.yaml"


def route(**integration: Any) -> Route:
    return Route("POST", "/x", {}, integration)


@pytest.mark.parametrize(
    ("integration", "gap"),
    [
        ({"uri": "arn:aws:apigateway:us-east-1:dynamodb:action/PutItem"}, ""),
        ({"uri": "arn:aws:apigateway:us-east-1:sqs:path/123456789012/queue"}, ""),
        ({"uri": "arn:aws:apigateway:us-east-1:sns:action/Publish"}, ""),
        ({"uri": "arn:aws:apigateway:us-east-1:states:action/StartExecution"}, ""),
        ({"uri": "arn:aws:apigateway:us-east-1:s3:path/b/k"}, "s3:path/b/k is not emulated"),
        ({"uri": "arn:aws:apigateway:us-east-1:dynamodb:path/x"}, "dynamodb:path/x is not"),
        ({"uri": "nonsense"}, "names neither a function of the template nor a service"),
        ({"integrationSubtype": "SQS-SendMessage"}, ""),
        ({"integrationSubtype": "AppConfig-GetConfiguration"}, "AppConfig-GetConfiguration is not"),
    ],
)
def test_a_service_that_is_not_emulated_is_named(integration: Any, gap: str) -> None:
    reason = services.gap(route(**integration))
    assert gap in reason
    assert bool(reason) == bool(gap)


@pytest.mark.parametrize(
    ("fields", "arguments"),
    [
        ({"MessageBody": "x", "DelaySeconds": "5"}, {"MessageBody": "x", "DelaySeconds": 5}),
        (
            {
                "MessageAttribute.1.Name": "kind",
                "MessageAttribute.1.Value.DataType": "String",
                "MessageAttribute.1.Value.StringValue": "note",
            },
            {"MessageAttributes": {"kind": {"DataType": "String", "StringValue": "note"}}},
        ),
    ],
)
def test_a_form_is_what_a_client_wants(fields: dict[str, str], arguments: Any) -> None:
    assert services._typed(fields) == arguments


def test_integrations_call_the_dynamodb_that_the_functions_call() -> None:
    elsewhere = "http://127.0.0.1:1"
    gateway = Gateway.from_template(LIBRARY, dynamodb=elsewhere, runner=InProcess())
    assert gateway._client("dynamodb").meta.endpoint_url == elsewhere
    assert "127.0.0.1" not in gateway._client("sqs").meta.endpoint_url
