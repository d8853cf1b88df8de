"""moto's DynamoDB: tests look into its tables and inject faults into the functions' calls."""

import io
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber

# A fault gets the request and a function that makes the call, and returns the response or raises.
Spoiler = Callable[[Any, Callable[[], Any]], Any]


class DynamoDB:
    """`calls` are the operations that functions have called, retries included.

    moto is made to behave as DynamoDB in two respects: a transaction takes effect once per client
    request token, and a GetItem that does not ask for a consistent read misses the item.
    """

    def __init__(self, client: Any, tables: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._client = client
        self._tables = tables
        self.calls: list[str] = []
        self._spoilers: dict[str, deque[Spoiler]] = defaultdict(deque)
        self._done: dict[str, dict[str, Any]] = {}
        self._moto = BotocoreStubber.__call__
        self._slept = 0.0
        monotonic = time.monotonic

        def respond(stubber: Any, event_name: str, request: Any, **kwargs: Any) -> Any:
            return self._respond(
                request, lambda: self._moto(stubber, event_name, request, **kwargs)
            )

        monkeypatch.setattr(BotocoreStubber, "__call__", respond)
        no_delay = "botocore.retries.standard.ExponentialBackoff.delay_amount"
        monkeypatch.setattr(no_delay, lambda *_: 0)
        monkeypatch.setattr(time, "monotonic", lambda: monotonic() + self._slept)
        monkeypatch.setattr(time, "sleep", self._sleep)

    def spoil(self, operation: str, *spoilers: Spoiler) -> None:
        """The next calls of the operation meet these faults, one each."""
        self._spoilers[operation].extend(spoilers)

    def heal(self) -> None:
        """No call meets a fault any more."""
        self._spoilers.clear()

    def clear(self, table: str | None = None) -> None:
        """Delete all items of a table whose key is `id`; of the template's first without
        `table`.
        """
        for key in self.items(table):
            self._client.delete_item(TableName=table or self._tables[0], Key={"id": {"S": key}})

    def items(self, table: str | None = None) -> dict[str, dict[str, Any]]:
        """The items of a table by their `id`, marker items included."""
        scan = self._client.scan(TableName=table or self._tables[0], ConsistentRead=True)
        items = {}
        for item in scan["Items"]:
            values = {name: _plain(value) for name, value in item.items()}
            items[values["id"]] = values
        return items

    def _respond(self, request: Any, proceed: Callable[[], Any]) -> Any:
        operation = request.headers.get("X-Amz-Target", b"").decode().rpartition(".")[2]
        self.calls.append(operation)
        queue = self._spoilers[operation]
        if not queue:
            return self._as_dynamodb(request, proceed)
        lasts = len(queue) == 1 and getattr(queue[0], "always", False)
        spoil = queue[0] if lasts else queue.popleft()
        return spoil(request, lambda: self._as_dynamodb(request, proceed))

    def _as_dynamodb(self, request: Any, proceed: Callable[[], Any]) -> Any:
        sent = json.loads(request.body or "{}")
        token = sent.get("ClientRequestToken")
        is_get = request.headers.get("X-Amz-Target", b"").endswith(b".GetItem")
        if is_get and not sent.get("ConsistentRead"):
            return _response(request, 200, {})
        if token in self._done:
            return _response(request, 200, self._done[token])
        response = proceed()
        if token and response.status_code == 200:
            self._done[token] = json.loads(response.content)
        return response

    def _sleep(self, seconds: float) -> None:
        """Pauses cost a test nothing, because only the clock moves on."""
        self._slept += seconds


def _plain(value: Any) -> Any:
    return TypeDeserializer().deserialize(value)


def error(code: str, status: int = 400, **fields: Any) -> Spoiler:
    """DynamoDB responds with this error and does nothing."""

    def spoil(request: Any, proceed: Callable[[], Any]) -> AWSResponse:
        return _response(
            request, status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **fields}
        )

    return spoil


def cancelled(*codes: str) -> Spoiler:
    """The transaction is cancelled for these reasons, one per write."""
    return error(
        "TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes]
    )


def raising(exception: Exception) -> Spoiler:
    """The connection fails before anything is written."""

    def spoil(request: Any, proceed: Callable[[], Any]) -> Any:
        raise exception

    return spoil


def losing_the_response(exception: Exception) -> Spoiler:
    """The call takes effect, and its response is lost."""

    def spoil(request: Any, proceed: Callable[[], Any]) -> Any:
        proceed()
        raise exception

    return spoil


def after(interference: Callable[[], Any]) -> Spoiler:
    """Something else happens first, then the call goes on."""

    def spoil(request: Any, proceed: Callable[[], Any]) -> Any:
        interference()
        return proceed()

    return spoil


def slow(spoiler: Spoiler, seconds: float) -> Spoiler:
    """The call takes `seconds` longer."""

    def spoil(request: Any, proceed: Callable[[], Any]) -> Any:
        time.sleep(seconds)
        return spoiler(request, proceed)

    return spoil


def cut_to(count: int) -> Spoiler:
    """The page ends after that many items, with the key to go on from, as at 1 MB."""

    def spoil(request: Any, proceed: Callable[[], Any]) -> AWSResponse:
        page = json.loads(proceed().content)
        kept = page["Items"][:count]
        key = {name: kept[-1][name] for name in ("id", "email")} if kept else {}
        return _response(request, 200, {**page, "Items": kept, "LastEvaluatedKey": key})

    return spoil


def always(spoiler: Spoiler) -> Spoiler:
    """Every call from now on meets this fault."""

    def spoil(request: Any, proceed: Callable[[], Any]) -> Any:
        return spoiler(request, proceed)

    spoil.always = True  # type: ignore[attr-defined]
    return spoil


def _response(request: Any, status: int, body: dict[str, Any]) -> AWSResponse:
    raw = io.BytesIO(json.dumps(body).encode())
    raw.stream = lambda *_, **__: iter([raw.getvalue()])  # type: ignore[attr-defined]
    headers = HTTPHeaders.from_dict({"Content-Type": "application/x-amz-json-1.0"})
    return AWSResponse(request.url, status, headers, raw)
