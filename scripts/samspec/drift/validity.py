"""Check 1, first half: the spec is OpenAPI 3.0.x. No other check reads a spec that is not."""

from collections.abc import Iterator
from functools import cache

from samspec.sam.documents import Document, Keys, nodes
from samspec.sam.finding import Finding
from samspec.sam.references import steps

SHOWN = 160  # characters of a validator's message, which may quote half the spec
Fault = tuple[Keys, str, str]


@cache
def check(spec: Document) -> list[Finding]:
    """The faults of the first kind that there is; each would make others of the next."""
    kinds = (list(kind(spec)) for kind in (_notation, _references, _version, _validator))
    return [spec.finding(*fault) for fault in next(filter(None, kinds), [])]


def _notation(spec: Document) -> Iterator[Fault]:
    for at, tag in spec.tags.items():
        name = "Ref" if tag == "!Ref" else f"Fn::{tag[1:]}"
        yield at, f"{tag} is a short form, which AWS::Include does not know", f"write {name}"
    for at in spec.repeated:
        yield at, f"{at[-1]} stands twice, and only the last counts", "keep one"


def _references(spec: Document) -> Iterator[Fault]:
    for at, reference in nodes(spec.data):
        if at[-1:] != ("$ref",) or not isinstance(reference, str):
            continue
        if not reference.startswith("#/"):
            yield (
                at,
                f"$ref {reference} leaves the file, and API Gateway imports one file",
                "move its target in",
            )
        elif not _resolves(spec, reference):
            yield at, f"$ref {reference} leads nowhere", "name a component that there is"


def _resolves(spec: Document, reference: str) -> bool:
    seen: set[str] = set()
    while reference not in seen:
        seen.add(reference)
        node = spec.data
        for step in steps(reference):
            if not isinstance(node, dict) or step not in node:
                return False
            node = node[step]
        if not isinstance(node, dict) or "$ref" not in node:
            return True
        reference = str(node["$ref"])
    return False  # it leads to itself


def _version(spec: Document) -> Iterator[Fault]:
    version = str(spec.data.get("openapi"))
    if not version.startswith("3.0."):
        yield (
            ("openapi",),
            f"openapi is {version}, and API Gateway imports 3.0.x alone",
            "write 3.0.3",
        )


def _validator(spec: Document) -> list[Fault]:
    from openapi_spec_validator import OpenAPIV30SpecValidator

    faults: list[tuple[Keys, str]] = []
    try:
        for error in OpenAPIV30SpecValidator(spec.data).iter_errors():
            at = tuple(map(str, error.absolute_path))
            message = str(error.message).splitlines()[0]
            if message.startswith(
                "{"
            ):  # it quotes a schema; what is wrong within may come next, its path from there
                faults.append((at, "it is no Schema object"))
            elif at and at[0] not in spec.data and faults:
                faults[-1] = ((*faults[-1][0], *at), message)
            else:
                faults.append((at, message))
    except (
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:  # it asks much of what it is to validate
        if not faults:
            faults.append(((), f"the validator gave up ({type(error).__name__}: {error})"))
    return [
        (at, f"not OpenAPI 3.0: {said[:SHOWN]}", "mend it by the specification")
        for at, said in faults
    ]
