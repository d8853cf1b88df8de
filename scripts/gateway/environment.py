"""Environment variables that differ by function, though os.environ is one for the whole process."""

import os
from collections.abc import Iterator, MutableMapping
from contextvars import ContextVar

_active: ContextVar[dict[str, str] | None] = ContextVar("_active", default=None)


class FunctionEnvironment(MutableMapping[str, str]):
    """os.environ, but a running function's own variables come first.

    The developer's AWS settings stay hidden from functions, so that no local run reaches a real account.
    """

    def __init__(self, process: MutableMapping[str, str]):
        self.process = process

    def __getitem__(self, key: str) -> str:
        own = _active.get()
        if own is not None:
            if key in own:
                return own[key]
            if key.startswith("AWS_") and not key.startswith("AWS_ENDPOINT_URL"):
                raise KeyError(key)
        return self.process[key]

    def __setitem__(self, key: str, value: str) -> None:
        own = _active.get()
        if own is None:
            self.process[key] = value
        else:
            own[key] = value

    def __delitem__(self, key: str) -> None:
        own = _active.get()
        if own is None or key not in own:
            del self.process[key]
        else:
            del own[key]

    def __iter__(self) -> Iterator[str]:
        names = {*self.process, *(_active.get() or ())}
        return (name for name in names if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        try:
            self[key]  # type: ignore[index]
        except KeyError:
            return False
        return True

    def copy(self) -> dict[str, str]:
        return dict(self)

    def __or__(self, other: dict[str, str]) -> dict[str, str]:
        return {**self, **other}


def install() -> None:
    """Put the layered mapping in os.environ's place, once for the process."""
    if not isinstance(os.environ, FunctionEnvironment):
        os.environ = FunctionEnvironment(os.environ)  # type: ignore[assignment] # noqa: B003


def activate(variables: dict[str, str]) -> None:
    """Let `variables` hold in the current context (a function's thread, or its import)."""
    _active.set(variables)
