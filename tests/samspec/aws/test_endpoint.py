"""Where functions' AWS calls arrive: whose they are, and who responds."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, HTTPClientError
from samspec.aws.endpoint import Call, Endpoint

KEY = "ASIA" + 16 * "A"
Connect = Callable[..., Any]


@pytest.fixture
def calls() -> list[tuple[str, Call]]:
    return []


def listening(calls: list[tuple[str, Call]], dynamodb: str | None = None) -> Endpoint:
    endpoint = Endpoint(dynamodb)
    endpoint.on_call = lambda key, call: calls.append((key, call))
    return endpoint


@pytest.fixture
def endpoint(calls: list[tuple[str, Call]]) -> Iterator[Endpoint]:
    endpoint = listening(calls)
    yield endpoint
    endpoint.close()


def client(endpoint: Endpoint, service: str, region: str = "eu-north-1") -> Any:
    return botocore.session.Session().create_client(
        service,
        region_name=region,
        endpoint_url=endpoint.url,
        aws_access_key_id=KEY,
        aws_secret_access_key="secret",
    )


def test_a_call_is_known_by_its_key_with_request_response_capacity_and_time(
    endpoint: Endpoint, calls: list[tuple[str, Call]]
) -> None:
    dynamodb = client(endpoint, "dynamodb")
    dynamodb.create_table(
        TableName="Things",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    put = dynamodb.put_item(TableName="Things", Item={"id": {"S": "1"}})
    asked = dynamodb.put_item(
        TableName="Things", Item={"id": {"S": "1"}}, ReturnConsumedCapacity="TOTAL"
    )
    assert "ConsumedCapacity" not in put
    assert asked["ConsumedCapacity"]["CapacityUnits"] == 1.0
    key, call = calls[1]
    assert (key, call["service"], call["name"], call["units"], call["error"]) == (
        KEY,
        "dynamodb",
        "PutItem",
        1.0,
        "",
    )
    assert json.loads(call["request"]) == {"TableName": "Things", "Item": {"id": {"S": "1"}}}
    assert json.loads(call["response"]) == {}
    assert call["ms"] >= 0


def test_an_error_is_named(endpoint: Endpoint, calls: list[tuple[str, Call]]) -> None:
    with pytest.raises(ClientError):
        client(endpoint, "dynamodb").get_item(TableName="None", Key={"id": {"S": "1"}})
    with pytest.raises(ClientError):
        client(endpoint, "s3").get_object(Bucket="no-such-bucket", Key="a")
    assert [call["error"] for _, call in calls] == ["ResourceNotFoundException", "NoSuchBucket"]


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "key"),
    [
        ("sqs", "create_queue", {"QueueName": "q"}, "QueueUrl"),
        ("sns", "create_topic", {"Name": "t"}, "TopicArn"),
        ("ssm", "put_parameter", {"Name": "/p", "Value": "v", "Type": "String"}, "Version"),
        ("secretsmanager", "create_secret", {"Name": "s", "SecretString": "x"}, "ARN"),
        ("events", "create_event_bus", {"Name": "b"}, "EventBusArn"),
        ("stepfunctions", "list_state_machines", {}, "stateMachines"),
        ("kms", "create_key", {}, "KeyMetadata"),
        ("sts", "get_caller_identity", {}, "Account"),
        ("ses", "list_identities", {}, "Identities"),
        ("sesv2", "list_email_identities", {}, "EmailIdentities"),
        ("cognito-idp", "create_user_pool", {"PoolName": "p"}, "UserPool"),
        ("dynamodbstreams", "list_streams", {}, "Streams"),
        ("cloudwatch", "list_metrics", {}, "Metrics"),
        ("logs", "describe_log_groups", {}, "logGroups"),
        ("kinesis", "list_streams", {}, "StreamNames"),
        ("lambda", "list_functions", {}, "Functions"),
    ],
)
def test_every_service_of_moto_responds(
    endpoint: Endpoint, service: str, operation: str, arguments: dict[str, Any], key: str
) -> None:
    assert key in getattr(client(endpoint, service), operation)(**arguments)


def test_objects_of_s3_come_back_as_they_went_in(endpoint: Endpoint) -> None:
    s3 = client(endpoint, "s3", "us-east-1")
    s3.create_bucket(Bucket="shelf")
    body = bytes(range(256)) * 1000
    s3.put_object(Bucket="shelf", Key="a b/\u00fc", Body=body, Metadata={"size": "large"})
    read = s3.get_object(Bucket="shelf", Key="a b/\u00fc")
    assert (read["Body"].read(), read["Metadata"]) == (body, {"size": "large"})


def test_what_moto_does_not_emulate_is_named(
    endpoint: Endpoint, calls: list[tuple[str, Call]]
) -> None:
    with pytest.raises(ClientError, match="moto"):
        client(endpoint, "apprunner").list_services()
    assert calls[0][1]["error"] == "NotImplemented"


def test_an_unsigned_request_is_refused(endpoint: Endpoint) -> None:
    connection = http.client.HTTPConnection(endpoint.url.removeprefix("http://"), timeout=30)
    connection.request("POST", "/", b"{}", {"Content-Type": "text/plain"})
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())["__type"]) == (
        403,
        "MissingAuthenticationToken",
    )
    connection.close()


class AnotherDynamoDB(BaseHTTPRequestHandler):
    """Keeps what it is asked; responds with capacity units, or not at all."""

    asked: list[tuple[str, Any]] = []
    silent = False

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.headers["Authorization"], body))
        if self.silent:
            self.connection.close()
            return
        reply = json.dumps({"Item": {}, "ConsumedCapacity": {"CapacityUnits": 0.5}}).encode()
        self.send_response(200)
        self.send_header("x-amz-crc32", "1")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def another() -> Iterator[str]:
    AnotherDynamoDB.asked, AnotherDynamoDB.silent = [], False
    server = HTTPServer(("127.0.0.1", 0), AnotherDynamoDB)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_another_dynamodb_gets_its_calls_with_one_key_and_moto_the_rest(
    calls: list[tuple[str, Call]], another: str
) -> None:
    endpoint = listening(calls, another)
    got = client(endpoint, "dynamodb").get_item(TableName="T", Key={"id": {"S": "1"}})
    client(endpoint, "sqs").list_queues()
    endpoint.close()
    [(authorization, body)] = AnotherDynamoDB.asked
    assert "Credential=testing/" in authorization
    assert body["ReturnConsumedCapacity"] == "TOTAL"
    assert "ConsumedCapacity" not in got
    assert [(key, call["name"], call["units"]) for key, call in calls] == [
        (KEY, "GetItem", 0.5),
        (KEY, "ListQueues", None),
    ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dynamodb_that_hangs_up_does_so_to_the_function(
    calls: list[tuple[str, Call]], another: str
) -> None:
    AnotherDynamoDB.silent = True
    endpoint = listening(calls, another)
    with pytest.raises(HTTPClientError):
        client(endpoint, "dynamodb").get_item(TableName="T", Key={"id": {"S": "1"}})
    endpoint.close()
