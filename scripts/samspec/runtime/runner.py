"""What runs functions: worker processes, or the tests' own process."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from samspec.runtime.invocation import Invocation
from samspec.sam.functions import LambdaFunction


class Runner(Protocol):
    """Calls functions, and gives their results; `functions` are those that may call one another."""

    functions: Mapping[str, LambdaFunction]

    def invoke(self, invocation: Invocation, event: Mapping[str, Any], limit: float) -> Any:
        """The function's result, read from its JSON, within `limit` seconds.

        Raises FunctionFailed, or IntegrationTimedOut when the limit is met first.
        """

    def keep(self, functions: Iterable[LambdaFunction]) -> None:
        """Forget what was kept for functions that are not among these."""

    def close(self) -> None:
        """End everything that was started."""
