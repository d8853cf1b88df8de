"""moto's DynamoDB, as tests look into it and spoil its answers."""

import io
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber

REGION = "us-east-1"
Spoiler = Callable[[Any, Callable[[], Any]], Any]


class DynamoDB:
    """`calls` are the operations that functions have called, retries included."""

    def __init__(self, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self._client = client
        self.calls: list[str] = []
        self._spoilers: dict[str, deque[Spoiler]] = defaultdict(deque)
        self._done: dict[str, dict[str, Any]] = {}
        moto = BotocoreStubber.__call__

        def unspoilt(stubber: Any, event_name: str, request: Any, **kwargs: Any) -> Any:
            """What moto answers, but as DynamoDB: a transaction is made once for each client request token, and a get
            that does not ask for a consistent read may not see the item."""
            sent = json.loads(request.body or "{}")
            token = sent.get("ClientRequestToken")
            if request.headers.get("X-Amz-Target", b"").endswith(b".GetItem") and not sent.get(
                "ConsistentRead"
            ):
                return _response(request, 200, {})
            if token in self._done:
                return _response(request, 200, self._done[token])
            response: Any = moto(stubber, event_name, request, **kwargs)
            if token and response.status_code == 200:
                self._done[token] = json.loads(response.content)
            return response

        def answer(stubber: Any, event_name: str, request: Any, **kwargs: Any) -> Any:
            operation = request.headers.get("X-Amz-Target", b"").decode().rpartition(".")[2]
            self.calls.append(operation)
            queue = self._spoilers[operation]
            if not queue:
                return unspoilt(stubber, event_name, request, **kwargs)
            spoil = (
                queue.popleft()
                if len(queue) > 1 or not getattr(queue[0], "always", False)
                else queue[0]
            )
            return spoil(request, lambda: unspoilt(stubber, event_name, request, **kwargs))

        monkeypatch.setattr(BotocoreStubber, "__call__", answer)
        monkeypatch.setattr(
            "botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0
        )
        self._slept, monotonic = 0.0, time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: monotonic() + self._slept)
        monkeypatch.setattr(time, "sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        """Pauses cost a test nothing: the clock goes on without them."""
        self._slept += seconds

    def spoil(self, operation: str, *spoilers: Spoiler) -> None:
        """The next calls of the operation get these answers, one each."""
        self._spoilers[operation].extend(spoilers)

    def heal(self) -> None:
        """No answer is spoilt any more."""
        self._spoilers.clear()

    def clear(self) -> None:
        for key in self.items():
            self._client.delete_item(TableName="UsersTable", Key={"id": {"S": key}})

    def items(self) -> dict[str, dict[str, str]]:
        """The table's items by key, markers included."""
        found = self._client.scan(TableName="UsersTable", ConsistentRead=True)["Items"]
        return {
            item["id"]["S"]: {name: value["S"] for name, value in item.items()} for item in found
        }


def error(code: str, status: int = 400, **fields: Any) -> Spoiler:
    """DynamoDB answers with this error, and has done nothing."""

    def spoil(request: Any, proceed: Callable[[], Any]) -> AWSResponse:
        return _response(
            request, status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **fields}
        )

    return spoil


def cancelled(*codes: str) -> Spoiler:
    """The transaction is cancelled for these reasons, one a write."""
    return error(
        "TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes]
    )


def raising(exception: Exception) -> Spoiler:
    """The connection fails before anything is written."""

    def spoil(request: Any, proceed: Callable[[], Any]) -> Any:
        raise exception

    return spoil


def losing_the_answer(exception: Exception) -> Spoiler:
    """The call takes effect, and its answer is lost."""

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
    """The answer takes its time."""

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
    """Every call from now on gets this answer."""

    def spoil(request: Any, proceed: Callable[[], Any]) -> Any:
        return spoiler(request, proceed)

    spoil.always = True  # type: ignore[attr-defined]
    return spoil


def _response(request: Any, status: int, body: dict[str, Any]) -> AWSResponse:
    raw = io.BytesIO(json.dumps(body).encode())
    raw.stream = lambda *_, **__: iter([raw.getvalue()])  # type: ignore[attr-defined]
    headers = HTTPHeaders.from_dict({"Content-Type": "application/x-amz-json-1.0"})
    return AWSResponse(request.url, status, headers, raw)
