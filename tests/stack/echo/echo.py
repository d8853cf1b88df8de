"""Stands in for every function of the API: returns its event."""

import json


def handler(event, context):  # type: ignore[no-untyped-def]
    return {"statusCode": 200, "body": json.dumps(event)}
