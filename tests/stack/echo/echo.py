"""Stands in for every function of the API: answers with the event that it was given."""

import json


def handler(event, context):  # type: ignore[no-untyped-def]
    return {"statusCode": 200, "body": json.dumps(event)}
