"""The spec with a new operation's integration, and with its method in the path's own responses of
the gateway.
"""

import re
from collections.abc import Iterator

from samspec.sam.operations import Operation
from samspec.scaffold.addition import Addition
from samspec.scaffold.blocks import block, depth, end, replaced, without

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
READING = ("GET", "HEAD")
AUTH = "x-amazon-apigateway-auth"
LISTED = re.compile("""(Allow(?:-Methods)?: "')[A-Z, ]+(?=')""")  # of the preflight, and of a 405
Edit = tuple[int, int, list[str]]  # where, how many lines go, and what comes instead


def extended(new: Addition, lines: list[str]) -> list[str]:
    edits = [*_gateway_methods(new, lines), _integration(new, lines)]
    for start, gone, come in sorted(
        edits, key=lambda edit: edit[0], reverse=True
    ):  # from below: lines above stay put
        lines = lines[:start] + come + lines[start + gone :]
    return lines


def _integration(new: Addition, lines: list[str]) -> Edit:
    """What the example has of API Gateway's extensions, with the new function's name."""
    says_who = AUTH in new.operation.node or "security" in new.operation.node
    keys = []
    for key in new.like.node:
        if key.startswith("x-amazon-") and key not in new.operation.node:
            keys.append(key)
    if says_who and AUTH in keys:
        keys.remove(AUTH)
    copied = [line for key in keys for line in block(lines, _line(new, *new.like.keys, key))]
    neighbour = _neighbour(new)
    if neighbour and not says_who:
        copied = [*block(lines, _line(new, *neighbour.keys, "security")), *copied]
    return end(lines, _line(new, *new.operation.keys)), 0, replaced(copied, new.names)


def _neighbour(new: Addition) -> Operation | None:
    """The operation whose `security` the new one has as well: never an open door by omission.

    One that reads if the new one does, and of the same collection if there is such a one.
    """
    secured = [proxy for proxy in new.project.proxies if proxy.node.get("security")]
    collection = new.operation.path.split("/")[1]
    reads = new.operation.method in READING

    def likeness(operation: Operation) -> tuple[bool, bool]:
        same = operation.path.split("/")[1] == collection
        return (operation.method in READING) == reads, same

    return max(secured, key=likeness, default=None)


def _gateway_methods(new: Addition, lines: list[str]) -> Iterator[Edit]:
    """The path's own, or copies of another path's where it has none."""
    path = new.operation.path
    methods = {"OPTIONS"}
    mocks: dict[str, list[Operation]] = {}
    for operation in new.project.operations:
        if operation.path == path and operation.method in METHODS:
            methods.add(operation.method)
        if operation.integration.get("type") == "mock":
            mocks.setdefault(operation.path, []).append(operation)
    allowed = ", ".join(sorted(methods, key=METHODS.index))
    if path in mocks:
        for mock in mocks[path]:
            start = _line(new, *mock.keys)
            text = block(lines, start)
            yield start, len(text), _allowing(allowed, text)
    elif mocks:
        text = []
        for mock in next(iter(mocks.values())):
            text += _without_parameters(new, mock, lines)
        yield end(lines, _line(new, "paths", path)), 0, ["", *_allowing(allowed, text)]


def _without_parameters(new: Addition, mock: Operation, lines: list[str]) -> list[str]:
    """A copy for the new path: without the example's path parameters, and with its own."""
    key, *text = without(block(lines, _line(new, *mock.keys)), "parameters")
    if mock.method != "OPTIONS" or not new.path_parameters:
        return [key, *text]
    inner = " " * depth(text[0])
    own = []
    for name in new.path_parameters:
        own.append(
            f"{inner}  - {{ name: {name}, in: path, required: true, schema: {{ type: string }} }}"
        )
    responses = text.index(f"{inner}responses:")
    return [key, *text[:responses], f"{inner}parameters:", *own, *text[responses:]]


def _allowing(methods: str, lines: list[str]) -> list[str]:
    return [LISTED.sub(rf"\g<1>{methods}", line) for line in lines]


def _line(new: Addition, *keys: str) -> int:
    return new.project.spec.line(*keys) - 1
