"""A function's own time: `python -S -P own_time.py app.handler`, the artifact and Lambda's packages
on the path.

Reads {"event": ..., "responses": {"GetItem": ...}} and prints the milliseconds of each warm call.
DynamoDB's client gives those responses without a call.
"""

import importlib
import json
import sys
import time
from types import SimpleNamespace
from typing import Any

import botocore.client

WARM_UP, CALLS = 50, 500
CONTEXT = SimpleNamespace(
    function_name="f",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:::f",
    aws_request_id="r",
)


def main() -> None:
    task: dict[str, Any] = json.load(sys.stdin)
    responses = task["responses"]
    client: Any = botocore.client.BaseClient
    client._make_api_call = lambda _, operation, __: responses.get(operation, {})
    module, _, name = sys.argv[1].partition(".")
    handler = getattr(importlib.import_module(module), name)
    took = []
    for _ in range(WARM_UP + CALLS):
        began = time.perf_counter()
        response = handler(task["event"], CONTEXT)
        took.append((time.perf_counter() - began) * 1000)
        if response["statusCode"] >= 300:
            sys.exit(f"{module}: {response}")
    print(f"\n{json.dumps(took[WARM_UP:])}")  # after whatever the function has printed


if __name__ == "__main__":
    main()
