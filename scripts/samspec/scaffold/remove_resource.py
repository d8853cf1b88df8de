"""`samspec remove-resource User`: takes a resource out of the spec, the template and the handlers.

Its operations, its table, its package and their events, feature specs and tests go; components of
the spec that nothing refers to any more go as well. On any error nothing changes.
"""

import argparse
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from samspec.sam.documents import Document, nodes
from samspec.sam.errors import ProjectError
from samspec.sam.operations import Operation
from samspec.sam.project import Project
from samspec.scaffold import new_operation, workspace
from samspec.scaffold.blocks import end
from samspec.scaffold.names import Names

VERBS = ("create", "list", "get", "update", "delete")
REFERENCE = "#/components/"


def main(arguments: list[str] | None = None) -> int:
    """Removes the resource and prints what is gone; returns 0."""
    parser = argparse.ArgumentParser(prog="samspec remove-resource", description=__doc__)
    parser.add_argument("name", help="its name in the singular, capitalized: User")
    parser.add_argument("--plural", help="if it is not the usual one, such as People")
    parser.add_argument("--root", type=Path, default=Path(), help="the project's folder")
    options = parser.parse_args(arguments)
    with workspace.workspace(options.root) as copy:
        lines = list(remove(copy, Names.of(options.name, options.plural)))
    print("\n".join(lines))
    return 0


def remove(root: Path, names: Names) -> Iterator[str]:
    """Removes the resource in place; yields lines that say what is gone."""
    project = Project(root)
    gone = _operations(project, names)
    functions = [str(operation.target[0]) for operation in gone if operation.target[0]]
    spec, template = project.spec.name, project.template.name
    workspace.write(root, spec, _spec(project, gone, names))
    workspace.write(root, template, _template(project, functions, names))
    yield f"{names.titles}: {len(gone)} operations are gone from {spec} and {template}"
    for name in _files(project, gone, functions, names):
        path = root / name
        if path.is_dir():
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
        else:
            continue
        yield f"  removed {name}"
    _forget(root, gone, [*functions, names.table])


def _operations(project: Project, names: Names) -> list[Operation]:
    """The operations on the resource's paths; raises ProjectError if it is not there or a
    parent."""
    ids = {f"{verb}{name}" for verb in VERBS for name in (names.singular, names.plural)}
    paths = {operation.path for operation in project.operations if operation.id in ids}
    if not paths:
        raise ProjectError(f"{project.spec.name}: no operation such as get{names.singular}")
    item = next((path for path in sorted(paths) if path.endswith("}")), None)
    for operation in project.proxies:
        if item and operation.path.startswith(f"{item}/") and operation.path.endswith("}"):
            raise ProjectError(f"{operation} belongs to {names.a_word}: remove it first")
    own = [f"{item}/"] if item else []
    return [
        operation
        for operation in project.operations
        if operation.path in paths or operation.path.startswith(tuple(own))
    ]


def _spec(project: Project, gone: list[Operation], names: Names) -> str:
    text = project.text(project.spec.name)
    unused = unused_components(project.spec)  # before: these were somebody's intention
    for path in {operation.path for operation in gone}:
        text = without(text, ("paths", path))
    return without_unused(_without_tag(text, gone), unused)


def without_unused(text: str, kept: set[tuple[str, ...]]) -> str:
    """The spec without components that nothing refers to, except those that are kept."""
    while True:
        unused = sorted(unused_components(Document.parse(text, "spec")) - kept)
        if not unused:
            return text
        text = without(text, unused[0])


def unused_components(spec: Document) -> set[tuple[str, ...]]:
    """The keys of components that nothing refers to."""
    components = spec.data.get("components") or {}
    defined: set[tuple[str, ...]] = set()
    for section, inner in components.items():
        defined |= {("components", section, name) for name in inner}
    schemes = {key for key in defined if key[1] == "securitySchemes"}
    used: set[tuple[str, ...]] = set()
    for at, node in nodes(spec.data):
        if at[-1:] == ("$ref",) and isinstance(node, str) and node.startswith(REFERENCE):
            used.add(("components", *node.removeprefix(REFERENCE).split("/")[:2]))
    return defined - used - schemes


def _without_tag(text: str, gone: list[Operation]) -> str:
    """The list of tags without those that no operation has any more."""
    document = Document.parse(text, "spec")
    tags = {tag for operation in gone for tag in operation.node.get("tags", ())}
    for item in (document.data.get("paths") or {}).values():
        for node in item.values():
            tags -= set(node.get("tags", ()) if isinstance(node, dict) else ())
    lines = text.splitlines()
    listed = document.data.get("tags") or []
    for index in reversed(range(len(listed))):
        if listed[index].get("name") in tags:
            start = document.line("tags", str(index)) - 1
            lines = lines[:start] + lines[end(lines, start) :]
    return "\n".join(lines) + "\n"


def without(text: str, keys: tuple[str, ...]) -> str:
    """The YAML without what is under the keys, comments and blank lines right above it included;
    a mapping that has nothing left goes, too."""
    document, lines = Document.parse(text, "yaml"), text.splitlines()
    parent = document.data
    for key in keys[:-1]:
        parent = parent[key]
    if len(keys) > 1 and len(parent) == 1:
        return without(text, keys[:-1])
    start = document.line(*keys) - 1
    stop = end(lines, start)
    while start and (not lines[start - 1].strip() or lines[start - 1].strip().startswith("#")):
        start -= 1
    if start and stop < len(lines) and lines[start].strip() == "" and lines[stop].strip():
        start += 1
    return "\n".join(lines[:start] + lines[stop:]) + "\n"


def _template(project: Project, functions: list[str], names: Names) -> str:
    text = project.text(project.template.name)
    for name in functions:
        text = without(text, ("Resources", name))
    if names.table in project.resources:
        text = without(text, ("Resources", names.table))
    outputs = project.template.data.get("Outputs") or {}
    gone = [*functions, names.table]
    for name, output in outputs.items():
        if any(name in str(output) for name in gone):
            text = without(text, ("Outputs", name))
    lines = text.splitlines()
    variable = re.compile(rf"\s+\w+: !Ref {names.table}\b")
    return "\n".join(line for line in lines if not variable.match(line)) + "\n"


def _files(
    project: Project, gone: list[Operation], functions: list[str], names: Names
) -> Iterator[str]:
    yield f"handlers/{names.package}"
    for operation in gone:
        if not operation.is_proxy:
            continue
        function = project.functions.get(str(operation.target[0]))
        properties = function.properties if function else {}
        code = str(properties.get("CodeUri", ".")).rstrip("/")
        yield f"{code}/{str(properties.get('Handler')).rpartition('.')[0]}.py"
        yield f"events/{operation.named('_')}.json"
        yield f"specs/features/{operation.named('-')}.md"
        yield f"tests/unit/test_{operation.named('_')}.py"


def _forget(root: Path, gone: list[Operation], names: list[str]) -> None:
    """Rows of documents that name what is gone, and what the tests recorded of it."""
    architecture = root / new_operation.ARCHITECTURE
    if architecture.is_file():
        named = re.compile(rf"\|.*\b({'|'.join(map(re.escape, names))})\b")
        lines = architecture.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not named.match(line)]
        architecture.write_text("".join(kept), encoding="utf-8")
    observed = root / new_operation.OBSERVED
    if observed.is_file():
        record = json.loads(observed.read_text(encoding="utf-8"))
        routes = {str(operation) for operation in gone}
        for part in record.values():
            for key in [key for key in part if key in routes or key in names]:
                del part[key]
        text = json.dumps(record, indent=2, sort_keys=True) + "\n"
        observed.write_text(text, encoding="utf-8")
