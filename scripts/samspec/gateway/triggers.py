"""Events that reach functions without an API: queues and table streams are polled, as by Lambda.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from samspec.aws import clients
from samspec.sam.functions import LambdaFunction
from samspec.sam.template import FUNCTION_TYPES, Template

log = logging.getLogger("gateway")
POLL_EVERY = 1.0  # seconds
API_EVENTS = ("Api", "HttpApi")

Invoke = Callable[[LambdaFunction, dict[str, Any]], Any]


@dataclass(frozen=True)
class Trigger:
    """An event source of a function: SQS or DynamoDB, and the ARN of its queue or stream."""

    function: str  # the logical id
    source_type: str
    arn: str
    batch: int = 10
    reports_failures: bool = False


@dataclass
class Triggers:
    """The event sources of a template; `gaps` says which are not emulated."""

    polled: list[Trigger] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


def read(template: Template) -> Triggers:
    """The event sources of the functions, and those of AWS::Lambda::EventSourceMapping."""
    triggers = Triggers()
    for name in template.names(*FUNCTION_TYPES):
        for event, source_type, properties in _events(template.properties(name)):
            if source_type in API_EVENTS:
                continue
            source = {"SQS": "Queue", "DynamoDB": "Stream"}.get(source_type)
            if source is None:
                triggers.gaps.append(
                    f"{name}'s event {event} ({source_type}) is not delivered here: "
                    f"samspec invoke {name} --event FILE"
                )
                continue
            triggers.polled.append(
                _trigger(name, source_type, template.resolve(properties), source)
            )
    for mapping in template.of_type("AWS::Lambda::EventSourceMapping").values():
        named = "".join(str(mapping.get("EventSourceArn", "")).split(":")[2:3])
        service = {"sqs": "SQS", "dynamodb": "DynamoDB"}.get(named)
        function = str(mapping.get("FunctionName", "")).rpartition(":function:")[2]
        if service:
            trigger = _trigger(function.split(":")[0], service, mapping, "EventSourceArn")
            triggers.polled.append(trigger)
    return triggers


def _events(properties: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    events = properties.get("Events")
    for name, event in (events if isinstance(events, Mapping) else {}).items():
        if isinstance(event, Mapping):
            yield name, str(event.get("Type")), event.get("Properties") or {}


def _trigger(
    function: str, source_type: str, properties: Mapping[str, Any], source: str
) -> Trigger:
    reports = "ReportBatchItemFailures" in (properties.get("FunctionResponseTypes") or [])
    batch = int(properties.get("BatchSize", 10))
    return Trigger(function, source_type, str(properties.get(source)), batch, reports)


class Poller:
    """Hands what comes to queues and streams to their functions, from a thread of its own."""

    def __init__(
        self,
        triggers: list[Trigger],
        functions: Mapping[str, LambdaFunction],
        region: str,
        invoke: Invoke,
    ) -> None:
        self._triggers = triggers
        self._functions = functions
        self._region = region
        self._invoke = invoke
        self._iterators: dict[str, str] = {}
        self._clients: dict[str, Any] = {}
        self._stopped = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="triggers", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def poll(self) -> int:
        """Deliver what there is now; the number of records."""
        return sum(self._poll(trigger) for trigger in self._triggers)

    def _run(self) -> None:
        while not self._stopped.wait(POLL_EVERY):
            try:
                self.poll()
            except Exception as error:  # a queue that is gone must not end the others
                log.warning("triggers: %s", error)

    def _poll(self, trigger: Trigger) -> int:
        function = self._function(trigger.function)
        if function is None or function.gap:
            return 0
        deliver = self._deliver_messages if trigger.source_type == "SQS" else self._deliver_changes
        return deliver(trigger, function)

    def _function(self, name: str) -> LambdaFunction | None:
        for function in self._functions.values():
            if name in (function.name, function.physical_name):
                return function
        return None

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = clients.client(service, self._region)
        return self._clients[service]

    def _deliver_messages(self, trigger: Trigger, function: LambdaFunction) -> int:
        client = self._client("sqs")
        url = client.get_queue_url(QueueName=trigger.arn.rpartition(":")[2])["QueueUrl"]
        received = client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(trigger.batch, 10),
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = received.get("Messages") or []
        if not messages:
            return 0
        records = [_message_record(message, trigger.arn, self._region) for message in messages]
        failed = self._failures(trigger, function, records)
        for message in messages:
            if message["MessageId"] not in failed:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def _failures(
        self, trigger: Trigger, function: LambdaFunction, records: list[dict[str, Any]]
    ) -> set[str]:
        """The ids of the messages that stay in the queue."""
        everything = {record["messageId"] for record in records}
        try:
            result = self._invoke(function, {"Records": records})
        except Exception as error:  # whatever the function failed with: the batch comes again
            log.warning("%s", error)
            return everything
        if not trigger.reports_failures or not isinstance(result, Mapping):
            return set()
        failures = result.get("batchItemFailures") or []
        return {str(failure["itemIdentifier"]) for failure in failures}

    def _deliver_changes(self, trigger: Trigger, function: LambdaFunction) -> int:
        client = self._client("dynamodbstreams")
        if trigger.arn not in self._iterators:
            self._iterators[trigger.arn] = _iterator(client, trigger.arn)
        got = client.get_records(ShardIterator=self._iterators[trigger.arn], Limit=trigger.batch)
        self._iterators[trigger.arn] = got["NextShardIterator"]
        records = [_change_record(record, trigger.arn) for record in got["Records"]]
        if records:
            try:
                self._invoke(function, {"Records": records})
            except Exception as error:  # a stream goes on after a batch that failed
                log.warning("%s", error)
        return len(records)


def _iterator(client: Any, arn: str) -> str:
    shards = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    made = client.get_shard_iterator(
        StreamArn=arn, ShardId=shards[0]["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )
    return str(made["ShardIterator"])


def _message_record(message: Mapping[str, Any], arn: str, region: str) -> dict[str, Any]:
    """A message as Lambda hands it on."""
    attributes = {}
    for name, value in (message.get("MessageAttributes") or {}).items():
        attributes[name] = {
            "stringValue": value.get("StringValue"),
            "dataType": value["DataType"],
            "stringListValues": [],
            "binaryListValues": [],
        }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes") or {}),
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    }


def _change_record(record: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """A change of an item as Lambda hands it on."""
    change = dict(record["dynamodb"])
    made: Any = change.get("ApproximateCreationDateTime")
    if hasattr(made, "timestamp"):
        change["ApproximateCreationDateTime"] = made.timestamp()
    return {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record.get("eventVersion", "1.1"),
        "eventSource": "aws:dynamodb",
        "awsRegion": record["awsRegion"],
        "dynamodb": change,
        "eventSourceARN": arn,
    }
