"""`scripts/new-resource Order`: a resource with five operations, its table, storage and tests.

Its fields are those of the schema OrderInput if the spec has one under components/schemas, or of
--field options. Everything is added to files as they are; on any error nothing changes.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from samspec.sam.documents import Document
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.scaffold import new_operation, policies, resource, workspace
from samspec.scaffold.add_auth_handlers import asks_a_function, guarded_file, has_rules
from samspec.scaffold.blocks import end
from samspec.scaffold.caller_tests import CallerTests
from samspec.scaffold.fields import SYNTAX, Field
from samspec.scaffold.names import Names
from samspec.scaffold.rendering import COMPONENTS, METHODS, Renderer
from samspec.scaffold.resource import Parent
from samspec.scaffold.validation import require_valid

NEEDED = ("handlers/api/repository.py", "handlers/api/pages.py")
PROPERTIES = "schemathesis.toml"
EXAMPLE = "--field title:text --field isbn:text,unique,pattern=^[0-9]{13}$ --field price:decimal"


def main(arguments: list[str] | None = None) -> int:
    """Adds the resource and prints what was done; returns 0."""
    options = _parser().parse_args(arguments)
    fields = [Field.parse(text) for text in options.field]
    names = Names.of(options.name, options.plural)
    for line in add(options.root, names, fields, options.path, options.under):
        print(line)
    return 0


def add(
    root: Path, names: Names, fields: list[Field], path: str | None = None, under: str | None = None
) -> list[str]:
    """Adds a resource to the project; the lines that say what was done."""
    with workspace.workspace(root) as copy:
        return list(_added(copy, names, fields, path, under))


def _added(
    root: Path, names: Names, fields: list[Field], path: str | None, under: str | None
) -> Iterator[str]:
    project = _project(root)
    parent = _parent(project, under) if under else None
    made = Renderer(project, resource.read(project, names, path, parent, fields))
    _refuse_what_is_there(project, made)
    files = dict(made.files())
    workspace.write(root, project.spec.name, _spec(project, made))
    workspace.write(root, project.template.name, _template(project, made))
    for name, content in files.items():
        workspace.write(root, name, content)
    require_valid(Project(root), "the new resource does not fit: ")
    yield f"{names.titles}: {made.resource.path}, {len(files)} files"
    yield from new_operation.added(root)
    template = Project(root).text(project.template.name).splitlines()
    for verb in METHODS:
        template = policies.allowed(made.resource, verb, made.function(verb), template)
    workspace.write(root, project.template.name, "\n".join(template) + "\n")
    _document(project, made)
    if parent:
        _let_stay(project, made.resource.path, parent)
    files |= dict(_callers(Project(root), made))
    workspace.tidy(root, [name for name in files if name.endswith(".py")])
    yield "Next: scripts/test --record, scripts/check, scripts/test"


def _callers(project: Project, made: Renderer) -> Iterator[tuple[str, str]]:
    """The entry points with the rules of who may call them, and the tests of that, which are
    written; nothing in a project without such rules."""
    if not has_rules(project):
        return
    ids = {made.id(verb) for verb in METHODS}
    operations = [operation for operation in project.proxies if operation.id in ids]
    tests = CallerTests(project, operations, asks_a_function(project))
    n = made.resource.names
    name = f"tests/unit/test_callers_of_{n.variables}.py"
    guarded = [guarded_file(project, operation) for operation in operations]
    for file, content in [*guarded, *tests.files(name, f" with {n.words}")]:
        workspace.write(project.root, file, content)
        yield file, content


def _project(root: Path) -> Project:
    missing = [name for name in NEEDED if not (root / name).is_file()]
    if missing:
        raise ProjectError(f"{missing[0]} is not there: the new resource would import it")
    return require_valid(Project(root))


def _refuse_what_is_there(project: Project, made: Renderer) -> None:
    for name, _ in made.files():
        if (project.root / name).exists():
            raise ProjectError(f"{name} is there already: is {made.resource.names.singular} new?")
    if made.resource.path in project.spec.data.get("paths", {}):
        raise ProjectError(f"{project.spec.name} has {made.resource.path} already: --path")


def _parent(project: Project, under: str) -> Parent:
    """The resource at a collection of the spec, by its last segment or its whole path."""
    collections = []
    for operation in project.proxies:
        path, _, rest = operation.path.rpartition("/{")
        collected = under in (path, path.rpartition("/")[2])
        if rest.endswith("}") and operation.method == "GET" and collected:
            collections.append((operation, path, rest[:-1]))
    if not collections:
        raise ProjectError(f"--under {under}: {project.spec.name} has no GET /{under}/{{id}}")
    operation, path, parameter = collections[0]
    singular = operation.id.removeprefix("get")
    plurals = [o.id.removeprefix("list") for o in project.proxies if o.path == path]
    plural = next((name for name in plurals if not name[0].islower()), None)
    nodes = operation.node.get("parameters", [])
    node = next(node for node in nodes if project.resolve(node)["name"] == parameter)
    return Parent(Names.of(singular, plural), path, parameter, node)


def _spec(project: Project, made: Renderer) -> str:
    """The spec with the resource's paths and components."""
    text = project.text(project.spec.name)
    n = made.resource.names
    text = _extended(text, ("paths",), "\n" + made.paths().rstrip())
    for section in COMPONENTS:
        added = made.components(section).rstrip()
        if added:
            text = _extended(text, ("components", section), added)
    tag = f"  - {{ name: {n.titles}, description: The {n.words}. }}"
    if "tags" in project.spec.data:
        text = _extended(text, ("tags",), tag)
    return text


def _extended(text: str, keys: tuple[str, ...], added: str) -> str:
    """The YAML with lines at the end of what is under the keys; the last key is made if need be."""
    document, lines = Document.parse(text, "spec"), text.splitlines()
    at = keys
    new = added.splitlines()
    while at not in document.lines:
        new = [f"{'  ' * (len(at) - 1)}{at[-1]}:", *new]
        at = at[:-1]
    start = document.line(*at) - 1
    behind = end(lines, start)
    return "\n".join([*lines[:behind], *new, *lines[behind:]]) + "\n"


def _template(project: Project, made: Renderer) -> str:
    """The template with the resource's table, and its name for the functions."""
    lines = project.text(project.template.name).splitlines()
    n = made.resource.names
    tables = [name for name, r in project.resources.items() if r.get("Type") == policies.TABLE]
    first = min(project.template.line("Resources", name) for name in project.functions)
    at = first - 2
    if tables:
        at = end(lines, project.template.line("Resources", tables[-1]) - 1)
    lines[at:at] = policies.table(project, made.resource, lines)
    keys = ("Globals", "Function", "Environment", "Variables")
    variable = f"        {n.variable_of_table}: !Ref {n.table}"
    return _extended("\n".join(lines), keys, variable)


def _document(project: Project, made: Renderer) -> None:
    """The table in the document of the resources, after the tables that are there."""
    path = project.root / new_operation.ARCHITECTURE
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [n for n, line in enumerate(lines) if f"| {policies.TABLE} |" in line]
    if rows:
        n = made.resource.names
        lines.insert(rows[-1] + 1, f"| {n.table} | {policies.TABLE} | The {n.words} |")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _let_stay(project: Project, path: str, parent: Parent) -> None:
    """Tells the property tests that what belongs to a deleted parent is still there."""
    if not (project.root / PROPERTIES).is_file():
        return
    text = project.text(PROPERTIES).rstrip("\n")
    names = parent.names
    added = f"""
# What belongs to {names.a_word} stays when the {names.word} is deleted.
[[operations]]
include-path-regex = '^{re.escape(path)}'
checks.use_after_free.enabled = false
"""
    workspace.write(project.root, PROPERTIES, f"{text}\n{added}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="samspec new-resource", description=__doc__, epilog=f"Example: {EXAMPLE}"
    )
    parser.add_argument("name", help="its name in the singular, capitalized: Order, OrderItem")
    parser.add_argument("--plural", help="if it is not the usual one, such as People")
    parser.add_argument("--path", help="the collection's path (default: /order-items)")
    parser.add_argument("--under", help="what it belongs to: users, for /users/{id}/orders")
    parser.add_argument("--field", action="append", default=[], help=SYNTAX, metavar="FIELD")
    parser.add_argument("--root", type=Path, default=Path(), help="the project's folder")
    return parser
