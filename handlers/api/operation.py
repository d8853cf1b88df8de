"""A request's way through a function: event, contract, endpoint, response, one log line."""

import gc
import logging
import os
import time
import traceback
from collections.abc import Callable
from typing import Any

from api.contract import Arguments, Contract
from api.problems import problem
from api.proxy import Request, Response, request_id

Endpoint = Callable[[Arguments], Response]
LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]

# While a function starts, nothing becomes garbage, but the collector would look for it. Then what
# is there stays out of later searches. scripts/bench measures what this brings ("collector
# running"); specs/decisions/0018-start-up-without-garbage-collection.md.
gc.disable()

# Lambda's own formatter makes a JSON line of each record, `extra` included (template.yaml:
# LoggingConfig).
logger = logging.getLogger("api")
logger.setLevel(os.environ.get("LOG_LEVEL", "INFO"))


def operation(operation_id: str) -> Callable[[Endpoint], LambdaHandler]:
    """Makes a Lambda handler of an endpoint: its requests are checked against the spec's operation
    of that id, its errors become problem details, and each request leaves one log line without
    personal data.
    """
    contract = Contract.of(operation_id)
    gc.freeze()
    gc.enable()

    def decorate(endpoint: Endpoint) -> LambdaHandler:
        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            began = time.perf_counter()
            error = None
            try:
                response = endpoint(contract.check(Request.from_event(event)))
                proxied = response.to_proxy()
            except Exception as raised:  # the last place to respond; the unforeseen is a 500
                error, response = raised, problem(raised)
                proxied = response.to_proxy()
            seconds = time.perf_counter() - began
            _log(operation_id, response.status, seconds, request_id(event), error)
            return proxied

        return handler

    return decorate


def _log(
    operation_id: str, status: int, seconds: float, gateway_id: str | None, error: Exception | None
) -> None:
    fields: dict[str, Any] = {
        "operation": operation_id,
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
        "gateway_request_id": gateway_id,
    }
    if error:
        fields["error"] = type(error).__name__
    if error and status >= 500:
        # Types and places only: an exception's text may quote an address, a name or a body.
        fields["cause"] = type(error.__cause__).__name__ if error.__cause__ else None
        fields["stack"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
    logger.log(logging.ERROR if status >= 500 else logging.INFO, "request", extra=fields)
