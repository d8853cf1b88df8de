"""The queues and topics of a template, with how much waits in them.

Messages are not shown: SQS counts each look as a delivery, and moves a message that was looked at
too often to its dead-letter queue.
"""

from typing import Any

from samspec.sam.template import Template

WAITING = "ApproximateNumberOfMessages"
RECEIVED = "ApproximateNumberOfMessagesNotVisible"


def described(template: Template) -> list[dict[str, Any]]:
    """Each queue with its waiting and received messages, each topic with its subscriptions."""
    return [*_queues(template), *_topics(template)]


def _queues(template: Template) -> list[dict[str, Any]]:
    names = [template.resource(name).name for name in template.names("AWS::SQS::Queue")]
    return [_queue(template.region, name) for name in names]


def _queue(region: str, name: str) -> dict[str, Any]:
    attributes = _asked("sqs", region, _attributes, name) or {}
    waiting, received = attributes.get(WAITING, "?"), attributes.get(RECEIVED, "?")
    return {"name": name, "type": "queue", "state": f"{waiting} waiting, {received} received"}


def _attributes(client: Any, name: str) -> dict[str, str]:
    url = client.get_queue_url(QueueName=name)["QueueUrl"]
    result = client.get_queue_attributes(QueueUrl=url, AttributeNames=[WAITING, RECEIVED])
    return dict(result["Attributes"])


def _topics(template: Template) -> list[dict[str, Any]]:
    topics = [template.resource(name) for name in template.names("AWS::SNS::Topic")]
    return [_topic(template.region, topic.name, topic.arn) for topic in topics]


def _topic(region: str, name: str, arn: str) -> dict[str, Any]:
    endpoints = _asked("sns", region, _endpoints, arn) or []
    queues = ", ".join(endpoint.rpartition(":")[2] for endpoint in endpoints)
    return {"name": name, "type": "topic", "state": f"delivers to {queues or 'nobody'}"}


def _endpoints(client: Any, arn: str) -> list[str]:
    subscriptions = client.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    return [subscription["Endpoint"] for subscription in subscriptions]


def _asked(service: str, region: str, question: Any, name: str) -> Any:
    """What the service says of a resource; None if it is not there."""
    from botocore.exceptions import BotoCoreError, ClientError

    from samspec.aws import clients

    try:
        return question(clients.client(service, region), name)
    except (BotoCoreError, ClientError):
        return None
