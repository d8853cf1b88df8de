"""Check 1, first half: the spec is OpenAPI 3.0.x. No other check reads a spec that is not."""

from collections.abc import Iterator

from driftcheck.document import Keys, nodes
from driftcheck.finding import Finding
from driftcheck.project import Project, steps

SHOWN = 160  # characters of a validator's message, which may quote half the spec
Fault = tuple[Keys, str, str]


def check(project: Project) -> Iterator[Finding]:
    """The faults of the first kind that there is; each would make others of the next."""
    kinds = (kind(project) for kind in (_notation, _references, _version, _validator))
    for fault in next(filter(None, map(list, kinds)), []):
        yield project.spec.finding(*fault)


def _notation(project: Project) -> Iterator[Fault]:
    for at, tag in project.spec.tags.items():
        name = "Ref" if tag == "!Ref" else f"Fn::{tag[1:]}"
        yield at, f"{tag} is a short form, which AWS::Include does not know", f"write {name}"
    for at in project.spec.repeated:
        yield at, f"{at[-1]} stands twice, and only the last counts", "keep one"


def _references(project: Project) -> Iterator[Fault]:
    for at, reference in nodes(project.spec.data):
        if at[-1:] != ("$ref",) or not isinstance(reference, str):
            continue
        if not reference.startswith("#/"):
            yield at, f"$ref {reference} leaves the file, and API Gateway imports one file", "move its target in"
        elif not _resolves(project, reference):
            yield at, f"$ref {reference} leads nowhere", "name a component that there is"


def _resolves(project: Project, reference: str) -> bool:
    seen: set[str] = set()
    while reference not in seen:
        seen.add(reference)
        node = project.spec.data
        for step in steps(reference):
            if not isinstance(node, dict) or step not in node:
                return False
            node = node[step]
        if not isinstance(node, dict) or "$ref" not in node:
            return True
        reference = str(node["$ref"])
    return False  # it leads to itself


def _version(project: Project) -> Iterator[Fault]:
    version = str(project.spec.data.get("openapi"))
    if not version.startswith("3.0."):
        yield ("openapi",), f"openapi is {version}, and API Gateway imports 3.0.x alone", "write 3.0.3"


def _validator(project: Project) -> Iterator[Fault]:
    from openapi_spec_validator import OpenAPIV30SpecValidator

    around: Keys = ()
    for error in OpenAPIV30SpecValidator(project.spec.data).iter_errors():
        at = tuple(map(str, error.absolute_path))
        message = str(error.message).splitlines()[0]
        if message.startswith("{"):  # a schema as a whole; what is wrong within it may come next, by its path there
            around, message = at, "it is no Schema object"
        elif at and at[0] not in project.spec.data:
            at = (*around, *at)
        yield at, f"not OpenAPI 3.0: {message[:SHOWN]}", "mend it by the specification"
