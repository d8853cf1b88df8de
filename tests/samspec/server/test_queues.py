"""The queues and topics that the console lists."""

from pathlib import Path
from typing import Any

from samspec.aws import clients, resources
from samspec.sam.template import Template
from samspec.server import queues

TEMPLATE = """
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  Events: { Type: AWS::SNS::Topic, Properties: { TopicName: events } }
  Silent: { Type: AWS::SNS::Topic }
  Missing: { Type: AWS::SQS::Queue, Properties: { QueueName: missing } }
  Link:
    Type: AWS::SNS::Subscription
    Properties:
      Protocol: sqs
      TopicArn: { Ref: Events }
      Endpoint: { Fn::GetAtt: [Orders, Arn] }
"""


def test_queues_and_topics_have_their_state(tmp_path: Path, dynamodb_client: Any) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE)
    template = Template(file)
    resources.create(template)
    client = clients.client("sqs", template.region)
    url = client.get_queue_url(QueueName="orders")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="an order")
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName="missing")["QueueUrl"])
    listed = {entry["name"]: entry for entry in queues.described(template)}
    assert listed["orders"] == {"name": "orders", "type": "queue", "state": "1 waiting, 0 received"}
    assert listed["events"]["state"] == "delivers to orders"
    assert listed["missing"]["state"] == "? waiting, ? received"
    assert "delivers to nobody" in [entry["state"] for entry in listed.values()]
