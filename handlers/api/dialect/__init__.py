"""What of OpenAPI 3.0 the functions check, stated once (statement.py).

`compiled` turns one operation of a spec into the data that contract.py checks requests by: at build
time (Makefile), or in memory where nothing was built. `gaps` lists what of a spec lies outside. The
load error of a function, the findings of `samspec drift` and specs/contract.md all come from here.

This package needs only the standard library and no module around it: samspec.sam.dialect is a link
to it, so that drift can say of any valid OpenAPI 3.0 document (`gaps(spec)`, places as keys from
the top) what functions with this contract would not check. A project whose functions check requests
in another way, without api/contract.py, is not concerned.
"""

from collections.abc import Iterator
from typing import Any

from .bodies import Bodies
from .document import Document, Gap, Node, OutsideDialect, Place, pointer
from .parameters import Parameters
from .schemas import Schemas
from .statement import (
    ANNOTATIONS,
    ANY_METHOD,
    FORMATS,
    INSTEAD,
    KEYWORDS,
    MEDIA_TYPES,
    METHODS,
    NEVER_EXPLODED,
    STYLES,
    media_form,
)

__all__ = [
    "ANNOTATIONS",
    "FORMATS",
    "INSTEAD",
    "KEYWORDS",
    "MEDIA_TYPES",
    "NEVER_EXPLODED",
    "STYLES",
    "Gap",
    "OutsideDialect",
    "compiled",
    "gaps",
    "media_form",
    "operations",
    "pointer",
]


def operations(spec: Node) -> Iterator[tuple[str, Place]]:
    """The operationId and the place of each operation that has one."""
    for path, item in (spec.get("paths") or {}).items():
        for method in (*METHODS, ANY_METHOD):
            operation = (item or {}).get(method)
            if isinstance(operation, dict) and "operationId" in operation:
                yield str(operation["operationId"]), ("paths", path, method)


def gaps(spec: Node) -> list[Gap]:
    """What lies outside, in every operation that has an operationId."""
    outside = []
    for operation, place in operations(spec):
        document = Document(spec, operation)
        _compiled(document, place)
        outside += document.gaps
    return outside


def compiled(spec: Node, operation: str) -> dict[str, Any]:
    """The operation's parameters, body and schemas, as JSON. Raises OutsideDialect; LookupError if
    the spec has no such operation.
    """
    for name, place in operations(spec):
        if name == operation:
            document = Document(spec, operation)
            plan = _compiled(document, place)
            if document.gaps:
                raise OutsideDialect(operation, document.gaps)
            return plan
    raise LookupError(f"the spec has no operation {operation!r}")


def _compiled(document: Document, place: Place) -> dict[str, Any]:
    schemas = Schemas(document)
    parameters = Parameters(document, schemas)
    node = document.at(place)
    body = None
    if "requestBody" in node:
        bodies = Bodies(document, schemas)
        body = bodies.compiled(node["requestBody"], (*place, "requestBody"))
    return {"parameters": parameters.of(place), "body": body, "schemas": schemas.named}
