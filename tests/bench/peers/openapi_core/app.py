"""openapi-core as its documentation has it: the spec read as YAML at the start, each request unmarshalled by it."""

import datetime
import json
import os
import uuid
from pathlib import Path

import boto3
import yaml
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters

openapi = OpenAPI.from_dict(yaml.safe_load(Path(__file__).with_name("users-api.yaml").read_text()))
table = boto3.resource("dynamodb").Table(os.environ["USERS_TABLE"])


class Request:
    host_url = ""

    def __init__(self, event):
        self.path = event["path"]
        self.method = event["httpMethod"].lower()
        self.body = event["body"].encode()
        self.content_type = event["headers"]["Content-Type"]
        self.parameters = RequestParameters(header=event["headers"])


def handler(event, context):
    body = openapi.unmarshal_request(Request(event)).body
    now = datetime.datetime.now(datetime.UTC).isoformat()
    user = {"id": str(uuid.uuid4()), **body, "created_at": now, "updated_at": now}
    table.put_item(Item=user)
    return {
        "statusCode": 201,
        "body": json.dumps(user),
        "headers": {"Content-Type": "application/json"},
    }
