"""The definition is an OpenAPI document that CloudFormation and API Gateway can read at all.

No other check reads a definition that is not.
"""

import re
from collections.abc import Iterator
from typing import Any

from samspec.sam.documents import Document, Keys, is_data, nodes
from samspec.sam.finding import Finding
from samspec.sam.written import Mount, WrittenApi, text_keys

EXTENSION = "x-amazon-apigateway-"
SHOWN = 160  # characters of a validator's message, which may quote half of the document
VERSIONS = ("3.0", "2.0")
Fault = tuple[str, Keys, str, str]  # rule, place, what is wrong, how to fix it


def check(api: WrittenApi) -> list[Finding]:
    """The faults of the first of these groups that has any; each would cause others after it."""
    for group in (_notation, _shape, _references, _version, _patterns, _ids, _validator):
        findings = [api.finding(*fault) for fault in group(api)]
        if any(not _is_remark(finding.rule) for finding in findings):
            return findings
    return []


def check_document(document: Document) -> list[Finding]:
    """The same for a definition on its own, as scaffolds read it."""
    api = WrittenApi(
        document.name, "rest", {}, text_keys(document.data), [Mount((), document, ())], True
    )
    return check(api)


def remarks(api: WrittenApi) -> Iterator[Finding]:
    """What is no obstacle to the other checks."""
    for rule, at, message, fix in (*_notation(api), *_references(api)):
        if _is_remark(rule):
            yield api.finding(rule, at, message, fix)


def _is_remark(rule: str) -> bool:
    return rule in ("spec-integer-key", "spec-reference-sibling", "spec-merge-key", "spec-alias")


def _notation(api: WrittenApi) -> Iterator[Fault]:
    document = api.document
    is_file = not api.mounts[0].at  # and not a part of the template
    if not is_file:
        return
    for at, tag in document.tags.items() if api.included else ():
        name = "Ref" if tag == "!Ref" else f"Fn::{tag[1:]}"
        yield (
            "spec-short-tag",
            at,
            f"{tag} is a short form, which AWS::Include does not read",
            f"write {name}",
        )
    for at in document.repeated:
        yield (
            "spec-repeated-key",
            at,
            f"{at[-1]} is there twice, and only the last counts",
            "keep one",
        )
    for at in document.merges if api.included else ():
        yield (
            "spec-merge-key",
            at,
            "<< is a merge key, which CloudFormation's YAML does not have",
            "write the keys out",
        )
    for at in document.aliases if api.included and not document.merges else ():
        yield (
            "spec-alias",
            at,
            "a YAML alias, which CloudFormation's YAML does not have",
            "write the value out, or use $ref",
        )
    for at in document.numbers:
        if at[-2:-1] == ("responses",):
            yield "spec-integer-key", at, f"the status {at[-1]} is a number", f'write "{at[-1]}"'
            break  # one cause, however many statuses


def _shape(api: WrittenApi) -> Iterator[Fault]:
    """What a beginner leaves out, said better than by the validator."""
    if not isinstance(api.data.get("paths"), dict):
        yield "spec-schema", (), "the definition has no paths", "add paths, a mapping"
        return
    for path, item in api.data["paths"].items():
        if item is not None and not isinstance(item, dict):
            yield "spec-schema", ("paths", path), f"{path} is not a mapping", "write its methods"


def _references(api: WrittenApi) -> Iterator[Fault]:
    for at, node in api.nodes:
        if not isinstance(node, dict) or not isinstance(node.get("$ref"), str) or is_data(at):
            continue
        reference = node["$ref"]
        place = (*at, "$ref")
        if not reference.startswith("#/"):
            yield (
                "spec-reference-outside",
                place,
                f"$ref {reference} leaves the file, and API Gateway imports one file",
                "move its target in",
            )
        elif api.resolve(node) is None:
            yield (
                "spec-reference",
                place,
                f"$ref {reference} leads nowhere",
                "name a component that exists",
            )
        elif len(node) > 1 and not _is_path_item(at):
            others = ", ".join(sorted(set(node) - {"$ref"}))
            yield (
                "spec-reference-sibling",
                at,
                f"{others} next to $ref has no effect",
                "move it into the target, or leave $ref out",
            )


def _is_path_item(at: Keys) -> bool:
    return len(at) == 2 and at[0] == "paths"


def _version(api: WrittenApi) -> Iterator[Fault]:
    key = "swagger" if api.is_swagger else "openapi"
    version = str(api.data.get(key))
    if not version.startswith(VERSIONS):
        yield (
            "spec-version",
            (key,),
            f"{key} is {version}, and API Gateway imports OpenAPI 3.0.x and Swagger 2.0 only",
            "write 3.0.3",
        )


def _patterns(api: WrittenApi) -> Iterator[Fault]:
    for at, node in api.nodes:
        pattern = node.get("pattern") if isinstance(node, dict) else None
        if not isinstance(pattern, str) or is_data(at) or at[-1:] == ("properties",):
            continue
        try:
            re.compile(pattern)
        except (re.error, OverflowError) as error:
            message = f"the pattern is not a regular expression ({error})"
            yield "spec-pattern", (*at, "pattern"), message, "correct it"


def _ids(api: WrittenApi) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for operation in api.operations:
        identifier = operation.node.get("operationId")
        first = seen.setdefault(str(identifier), str(operation))
        if identifier is not None and first != str(operation):
            yield (
                "operation-id",
                (*operation.keys, "operationId"),
                f"{operation} has the operationId {identifier}, which {first} has",
                "give each operation an id of its own",
            )


def _validator(api: WrittenApi) -> list[Fault]:
    from jsonschema.exceptions import best_match
    from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, schemas
    from openapi_spec_validator.schemas.backend.jsonschema import create_validator

    kind, schema = (
        (OpenAPIV2SpecValidator, schemas.schema_v2)
        if api.is_swagger
        else (OpenAPIV30SpecValidator, schemas.schema_v30)
    )
    faults: list[tuple[Keys, str]] = []
    is_vague = False
    data = {**_without_greedy(plain(api.data)), **_stated_version(api)}
    validator = kind(data)
    # Its own choice would be jsonschema-rs where that is installed, which has other messages.
    validator.schema_validator = create_validator(dict(schema))
    try:
        for stated in validator.iter_errors():
            if str(stated.message).startswith("{}"):
                continue  # API Gateway takes an empty mapping, such as of responses
            error = best_match([stated])  # the part that is wrong, not all that it stands in
            at = tuple(map(str, error.absolute_path))
            message = str(error.message).splitlines()[0]
            is_within = bool(at) and at[0] not in data and bool(faults)
            if is_within and is_vague:  # what is wrong inside the last one, its path from there
                faults[-1] = ((*faults[-1][0], *at), message)
            elif message.startswith("{"):
                what = "a Schema object" if "schema" in at else "of the form that belongs here"
                faults.append((at, f"it is not {what}"))
            elif not is_within:
                faults.append((at, message))
            is_vague = message.startswith("{")
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # The validator expects much of what it is to validate.
        if not faults:
            reason = f"{type(error).__name__}: {error}"
            faults.append(((), f"the validator cannot read it ({reason})"))
    name = "Swagger 2.0" if api.is_swagger else "OpenAPI 3.0"
    return [
        ("spec-schema", at, f"not {name}: {message[:SHOWN]}", "correct it by the specification")
        for at, message in faults
        if not _is_left_out_by_aws(at, message)
    ]


def _stated_version(api: WrittenApi) -> dict[str, str]:
    """The version in full and as text. API Gateway takes `2.0` without quotes, which is a number
    in YAML, and `3.0` too."""
    if api.is_swagger:
        return {"swagger": str(api.data.get("swagger"))}
    version = str(api.data.get("openapi"))
    return {"openapi": "3.0.3" if version == "3.0" else version}


def _without_greedy(data: Any) -> Any:
    """The definition with {path} for {path+}, which is AWS's own, and for a parameter's path+."""
    if not isinstance(data, dict) or "+}" not in "".join(data.get("paths") or {}):
        return data
    paths = {path.replace("+}", "}"): item for path, item in data["paths"].items()}
    for at, node in nodes(paths):
        if at[-2:-1] == ("parameters",) and isinstance(node, dict) and node.get("in") == "path":
            node["name"] = str(node.get("name")).removesuffix("+")
    return {**data, "paths": paths}


def _is_left_out_by_aws(at: Keys, message: str) -> bool:
    """API Gateway asks less than the specification does: it needs no responses and no info.

    Definitions inside SAM templates leave them out; SAM itself writes empty ones. Path parameters
    have a rule of their own, with a place.
    """
    if message.startswith("Path parameter"):
        return True
    return (
        message.startswith(("'responses' is a required", "'info' is a required"))
        or (at[-1:] in (("info",), ("responses",)) and "is a required" in message)
        or ("responses" in at and message.startswith("'description' is a required"))
        # One that only names the VPC endpoints of a private API.
        or ("servers" in at and message.startswith("'url' is a required"))
    )


def plain(value: Any) -> Any:
    """The definition as the specification sees it: without API Gateway's extensions, and with a
    text for each intrinsic function."""
    if isinstance(value, dict):
        if len(value) == 1 and str(next(iter(value))).startswith(("Fn::", "Ref")):
            return "text"
        # The specification says nothing of extensions, and they are half of a definition.
        kept = [key for key in value if not str(key).startswith(EXTENSION)]
        return {key: plain(value[key]) for key in kept}
    return [plain(item) for item in value] if isinstance(value, list) else value
