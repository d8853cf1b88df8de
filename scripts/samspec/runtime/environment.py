"""Environment variables that differ by function, though os.environ is one for the whole process."""

import os
from collections import ChainMap
from collections.abc import MutableMapping
from contextvars import ContextVar

_active: ContextVar[dict[str, str] | None] = ContextVar("_active", default=None)


class FunctionEnvironment(ChainMap[str, str]):
    """os.environ, but a running function's own variables come first and take its changes."""

    def __init__(self, process: MutableMapping[str, str]):
        self._process = process

    @property
    def maps(self) -> list[MutableMapping[str, str]]:  # type: ignore[override]
        own = _active.get()
        return [self._process] if own is None else [own, self._process]

    def copy(self) -> dict[str, str]:  # type: ignore[override]
        return dict(self)

    def __or__(self, other: dict[str, str]) -> dict[str, str]:  # type: ignore[override]
        return self.copy() | other


def install() -> None:
    """Put the layered mapping in os.environ's place, once for the process."""
    if not isinstance(os.environ, FunctionEnvironment):
        os.environ = FunctionEnvironment(os.environ)  # type: ignore[assignment] # noqa: B003


def activate(variables: dict[str, str]) -> None:
    """Let `variables` hold in the current context (a function's thread, or its import)."""
    _active.set(variables)
