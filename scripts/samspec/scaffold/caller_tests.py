"""The tests of who may call what: of a whole API, or of a resource that is added to one."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samspec.gateway.authorization.trusted import CALLERS
from samspec.sam.operations import Operation
from samspec.sam.project import Project
from samspec.sam.values import NoValue, value
from samspec.scaffold.add_auth_handlers import PROVABLE, Rule, rule
from samspec.scaffold.addition import Addition
from samspec.scaffold.rendering import environment

TOKEN_CRITERIA = [
    "**Given** no credentials, or credentials that are expired, foreign or without the scope,\n"
    "   **when** the request is sent, **then** the response is 401 or, without the scope, 403.",
    "**Given** a caller who may not do this, **when** the request is sent,\n"
    "   **then** the response is 403, `Not allowed`, whatever is stored.",
]
SECTION = re.compile(r"^## Acceptance criteria\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
TEMPLATE = "tests/callers.py.jinja"
SUCCESS = {"create": 201, "list": 200, "get": 200, "update": 200, "delete": 204}


@dataclass(frozen=True)
class Item:
    """What callers own: the path of one, the body that creates it, and its operations by part."""

    path: str
    body: Mapping[str, Any]
    parts: Mapping[str, Operation]

    @property
    def collection(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def is_top(self) -> bool:
        return self.path.count("{") == 1

    @property
    def proven(self) -> list[str]:
        """The properties that a token must prove."""
        return [name for name in PROVABLE if name in self.body]


@dataclass(frozen=True)
class Row:
    """An operation in the tests: its request, and the status that each caller gets."""

    operation: Operation
    path: str
    given: Mapping[str, Any]
    statuses: Mapping[str, int]


@dataclass
class CallerTests:
    """The tests of some operations. `notes` say what is left to write by hand."""

    project: Project
    operations: list[Operation]
    is_lambda: bool
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.items = items(self.project)
        self.rows = [self._row(operation) for operation in self.operations]

    def files(self, name: str, subject: str = "") -> Iterator[tuple[str, str]]:
        """The operations' pages with criteria, and the test file of that name that shows them;
        `subject` says in its title what it is about."""
        criteria = Criteria(self.project, TOKEN_CRITERIA)
        shown = [name for operation in self.operations for name in criteria.add(operation.id)]
        self.notes += criteria.notes
        yield from criteria.pages.items()
        yield name, self._text(subject, marker(shown))

    def _text(self, subject: str, marker: str) -> str:
        collections = {operation.path for operation in self.operations}
        needed = [item for item in self.items if self._is_needed(item)]
        owned = [i for i in needed if i.is_top and i.collection in collections and "get" in i.parts]
        proven = sorted({name for item in needed for name in item.proven})
        return (
            environment()
            .get_template(TEMPLATE)
            .render(
                subject=subject,
                callers=", ".join(CALLERS),
                marker=marker.rstrip("\n"),
                bodies=repr({item.path: dict(item.body) for item in needed}),
                proven=tuple(proven),
                rows=[self._literals(row) for row in self.rows],
                owned=[item.path for item in owned],
                varied=[item.path for item in owned if item.body.keys() - set(PROVABLE)],
                proves=[item.path for item in owned if item.proven and "update" in item.parts],
            )
        )

    def _is_needed(self, item: Item) -> bool:
        """Whether one of the operations is about the item, or about what belongs to it."""
        return any(_is_below(operation.path, item.collection) for operation in self.operations)

    def _literals(self, row: Row) -> dict[str, str]:
        return {
            "id": json.dumps(row.operation.id),
            "method": json.dumps(row.operation.method),
            "path": json.dumps(row.path),
            "given": repr(dict(row.given)),
            "statuses": repr(tuple(row.statuses.get(caller) for caller in CALLERS)),
        }

    def _row(self, operation: Operation) -> Row:
        part = next((_part(item, operation) for item in self.items if _part(item, operation)), None)
        request = Request(self.project, operation)
        path = request.path(self._owner_of(operation.path))
        statuses = dict(self._statuses(operation, part))
        if part is None and not request.is_valid:
            for caller in ("other user", "owner"):
                statuses.pop(caller, None)
            self.notes.append(
                f"{operation} has no example of its request: write the test of its 403"
            )
        given = request.given(with_body=part not in ("create", "update"))
        return Row(operation, path, given, statuses)

    def _statuses(self, operation: Operation, part: str | None) -> Iterator[tuple[str, int]]:
        """What each caller gets; what a valid request gets is known of the parts of an item."""
        named = rule(self.project, operation)
        success = SUCCESS.get(part or "")
        yield from (("none", 401), ("expired", 401), ("wrong issuer", 401))
        yield "wrong scope", 403 if self.is_lambda else 401
        if _refuses_others(named):
            yield "other user", 403
        elif success:
            yield "other user", success
        if named.name == "administrators":
            yield "owner", 403
        elif success:
            yield "owner", success
        if success:
            yield "administrator", success
        yield "IAM", 401

    def _owner_of(self, path: str) -> str:
        """The path of the item that a request is about or below, whose id the tests know."""
        owners = [item.path for item in self.items if _is_below(path, item.path)]
        return owners[-1] if owners else ""


class Request:
    """A valid request for an operation, by the spec's examples and schemas."""

    def __init__(self, project: Project, operation: Operation) -> None:
        self._project, self._operation = project, operation
        self._example = Addition(project, operation, operation)
        self.is_valid = True

    def path(self, beginning: str) -> str:
        """The operation's path. Parameters after that beginning have values."""
        values = self._values("path")
        rest = self._operation.path.removeprefix(beginning)
        return beginning + re.sub(r"\{([^}]+?)\+?\}", lambda name: str(values[name[1]]), rest)

    def given(self, with_body: bool) -> dict[str, Any]:
        """What the request has besides its path, as arguments of the tests' client."""
        given: dict[str, Any] = {}
        headers = self._values("header", is_required=True)
        query = self._values("query", is_required=True)
        media_type = self._example.media_type
        if with_body and media_type and self._example.is_json:
            given["json"] = self._body()
        elif with_body and media_type:
            given["data"] = str(self._example.body).encode()
        if with_body and media_type not in (None, "application/json"):
            headers["Content-Type"] = str(media_type)
        if headers:
            given["headers"] = headers
        if query:
            given["query"] = query
        return given

    def _body(self) -> Any:
        if self._example.body is not None:
            return self._example.body
        return self._made(self._project.body_schema(self._operation), "body")

    def _values(self, place: str, is_required: bool = False) -> dict[str, str]:
        values = {}
        for parameter in self._project.parameters(self._operation):
            if parameter["in"] == place and (parameter.get("required") or not is_required):
                name = parameter["name"].removesuffix("+")
                example = parameter.get("example")
                if example is None:
                    example = self._made(parameter.get("schema"), name)
                values[name] = str(example)
        return values

    def _made(self, schema: Any, name: str) -> Any:
        try:
            return value(schema or {}, 0, self._project.resolve, name)
        except NoValue:
            self.is_valid = False
            return "x"


class Criteria:
    """Criteria to add to operations' pages; `pages` have their new texts by name."""

    def __init__(self, project: Project, texts: list[str]) -> None:
        self._texts = texts
        self._files: dict[str, str] = {}  # by operationId
        self._read: dict[str, str] = {}
        self.pages: dict[str, str] = {}
        self.notes: list[str] = []
        for name in project.files("specs/features/*.md"):
            self._read[name] = (project.root / name).read_bytes().decode()
            match = re.search(r"^operationId: (\w+)$", self._read[name], re.MULTILINE)
            if match:
                self._files[match[1]] = name

    def add(self, id: str) -> list[str]:
        """Add the criteria to the operation's page; returns their names, none without a page."""
        name = self._files.get(id)
        if name is None:
            return []
        section = SECTION.search(self._read[name])
        numbers = re.findall(r"^(\d+)\. ", section[1], re.MULTILINE) if section else []
        if section is None or not numbers:
            self.notes.append(f"{name}: it has no numbered acceptance criteria: none were added")
            return []
        texts = dict(enumerate(self._texts, int(numbers[-1]) + 1))
        lines = [f"{number}. {text}\n" for number, text in texts.items()]
        text, end = section.string, section.start(1) + len(section[1].rstrip()) + 1
        self.pages[name] = text[:end] + "".join(lines) + text[end:]
        return [f"{Path(name).stem}/{number}" for number in texts]


def items(project: Project) -> list[Item]:
    """What callers own, parents before what belongs to them.

    A POST creates it with 201, and a GET reads one; its parent is owned as well.
    """
    operations = {(operation.method, operation.path): operation for operation in project.proxies}
    owned: list[Item] = []
    for path in sorted({path for _, path in operations}, key=lambda path: path.count("/")):
        create = operations.get(("POST", path.rpartition("/")[0]))
        if not path.endswith("}") or create is None or ("GET", path) not in operations:
            continue
        body = Addition(project, create, create).body
        parent = create.path.rpartition("/")[0]
        is_owned = rule(project, create).name == "creates_own" or parent in [i.path for i in owned]
        if is_owned and isinstance(body, dict) and "201" in create.node.get("responses", {}):
            owned.append(Item(path, body, _parts(operations, create.path, path)))
    return owned


def _parts(
    operations: Mapping[tuple[str, str], Operation], collection: str, item: str
) -> dict[str, Operation]:
    places = {
        "create": ("POST", collection),
        "list": ("GET", collection),
        "get": ("GET", item),
        "update": ("PUT", item),
        "delete": ("DELETE", item),
    }
    parts = {}
    for part, place in places.items():
        operation = operations.get(place)
        if operation and str(SUCCESS[part]) in operation.node.get("responses", {}):
            parts[part] = operation
    return parts


def _part(item: Item, operation: Operation) -> str | None:
    """Which part of the item the operation is."""
    names = [part for part, other in item.parts.items() if other.keys == operation.keys]
    return names[0] if names else None


def _refuses_others(named: Rule) -> bool:
    return named.name != "creates_own" or bool(named.arguments)


def _is_below(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")


def marker(criteria: Iterable[str]) -> str:
    """The line that names the criteria which a test shows; empty without criteria."""
    named = ", ".join(json.dumps(name) for name in criteria)
    return f"@pytest.mark.criterion({named})\n" if named else ""
