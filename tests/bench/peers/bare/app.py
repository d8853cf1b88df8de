"""The floor: a pattern that many copy, boto3.resource and two `in` checks. It validates nothing."""

import datetime
import json
import os
import uuid

import boto3

table = boto3.resource("dynamodb").Table(os.environ["USERS_TABLE"])


def handler(event, context):
    body = json.loads(event["body"])
    if "email" not in body or "name" not in body:
        return {"statusCode": 400, "body": json.dumps({"error": "email and name are required"})}
    now = datetime.datetime.now(datetime.UTC).isoformat()
    user = {"id": str(uuid.uuid4()), **body, "created_at": now, "updated_at": now}
    table.put_item(Item=user)
    return {
        "statusCode": 201,
        "body": json.dumps(user),
        "headers": {"Content-Type": "application/json"},
    }
