"""Lambda's Invoke, for functions that call one another.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from samspec.runtime.invocation import FunctionFailed, IntegrationTimedOut, Invocation
from samspec.sam.functions import LambdaFunction

PATH = re.compile(r"/2015-03-31/functions/([^/?]+)/invocations(?:\?(?:.*&)?Qualifier=([^&]+))?")
NAME = re.compile(r"(?:.*:function:|\d{12}:)?(?P<name>[\w-]+)(?::(?P<qualifier>[\w$-]+))?$")
LIMIT = 900  # seconds that a function may take at most

Reply = tuple[int, list[tuple[str, str]], bytes]
Invoke = Callable[[Invocation, Any, float], Any]


class InvokeApi:
    """Runs the functions of the project by their names; `functions` gives what there is."""

    def __init__(
        self, invoke: Invoke, functions: Callable[[], Mapping[str, LambdaFunction]]
    ) -> None:
        self._invoke = invoke
        self._functions = functions

    def respond(self, uri: str, invocation_type: str, body: bytes) -> Reply | None:
        """The response to an Invoke; None for another call, or a function that is not here."""
        match = PATH.match(uri)
        named = NAME.match(unquote(match[1])) if match else None
        if match is None or named is None:
            return None
        function = self._named(named["name"])
        if function is None:
            return None
        event = json.loads(body or b"{}")
        invocation = Invocation(function, named["qualifier"] or match[2])
        if invocation_type == "Event":
            threading.Thread(target=self._result, args=(invocation, event), daemon=True).start()
            return 202, [], b""
        if invocation_type == "DryRun":
            return 204, [], b""
        result, error = self._result(invocation, event)
        headers = [("Content-Type", "application/json"), ("X-Amz-Executed-Version", "$LATEST")]
        if error:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
        return 200, headers, json.dumps(error or result).encode()

    def _named(self, name: str) -> LambdaFunction | None:
        for function in self._functions().values():
            if name in (function.name, function.physical_name) and not function.gap:
                return function
        return None

    def _result(self, invocation: Invocation, event: Any) -> tuple[Any, dict[str, Any] | None]:
        """The function's result, or its error as Lambda writes it."""
        try:
            return self._invoke(invocation, event, LIMIT), None
        except FunctionFailed as error:
            failure = error.failure
            report = {"errorMessage": failure.message, "errorType": failure.type}
            return None, {**report, "stackTrace": list(failure.trace)}
        except IntegrationTimedOut as error:
            return None, {"errorMessage": str(error), "errorType": "Sandbox.Timedout"}
