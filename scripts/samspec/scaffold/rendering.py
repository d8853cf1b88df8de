"""A resource's files and pieces of files, by the templates in templates/."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from samspec.sam.operations import Operation
from samspec.sam.project import Project
from samspec.scaffold.add_auth_handlers import PROVABLE, asks_a_function, has_rules
from samspec.scaffold.criteria import Feature, features, spoken
from samspec.scaffold.names import article, snake
from samspec.scaffold.resource import EXAMPLE_ID, Attribute, Resource

WIDTH = 10**9  # a flow mapping in one line
GUARDS = ("401", "403")  # of an API with callers; new operations have what the others have
PROBLEMS = {"NotFound": ("Not Found", 404), "Conflict": ("Conflict", 409)}
METHODS = {"create": "POST", "list": "GET", "get": "GET", "update": "PUT", "delete": "DELETE"}
COMPONENTS = ("parameters", "requestBodies", "links", "examples", "responses", "schemas")


@cache
def environment() -> Environment:
    """Where templates come from; they make code and YAML, so nothing is escaped for HTML."""
    return Environment(  # noqa: S701
        loader=PackageLoader("samspec.scaffold"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


class Renderer:
    """Everything that the templates ask of a resource."""

    def __init__(self, project: Project, resource: Resource) -> None:
        self.project, self.resource = project, resource
        self.features = features(resource)

    def render(self, template: str, **facts: Any) -> str:
        return environment().get_template(f"{template}.jinja").render(**self._facts, **facts)

    def files(self) -> Iterator[tuple[str, str]]:
        """Names and contents of the new files."""
        n = self.resource.names
        package = f"handlers/{n.package}"
        yield f"{package}/__init__.py", self.render("handlers/init.py")
        yield f"{package}/errors.py", self.render("handlers/errors.py")
        yield f"{package}/{n.variable}.py", self.render("handlers/domain.py")
        yield f"{package}/repository.py", self.render("handlers/repository.py")
        for verb, feature in self.features.items():
            stem = self.file(verb)
            yield f"handlers/{stem}.py", self.render(f"handlers/{verb}.py")
            yield f"tests/unit/test_{stem}.py", self.render(f"tests/{verb}.py")
            yield f"specs/features/{self.page(verb)}.md", self._feature(verb, feature)

    def components(self, section: str) -> str:
        """What goes under components/KIND of the spec."""
        return self.render(f"spec/{section}.yaml")

    def paths(self) -> str:
        return self.render("spec/paths.yaml")

    def id(self, verb: str) -> str:
        n = self.resource.names
        return f"{verb}{n.plural if verb == 'list' else n.singular}"

    def file(self, verb: str) -> str:
        return self._operation(verb).named("_")

    def path(self, verb: str) -> str:
        return self._operation(verb).path

    def page(self, verb: str) -> str:
        return self._operation(verb).named("-")

    def function(self, verb: str) -> str:
        return f"{self.id(verb)[0].upper()}{self.id(verb)[1:]}Function"

    def _operation(self, verb: str) -> Operation:
        r = self.resource
        path = r.path if verb in ("create", "list") else r.item_path
        return Operation(METHODS[verb], path, {"operationId": self.id(verb)}, ())

    def _feature(self, verb: str, feature: Feature) -> str:
        operation, spec = self._operation(verb), self.project.spec.name
        return self.render(
            "features/feature.md",
            id=operation.id,
            method=operation.method,
            path=operation.path,
            function=self.function(verb),
            title=_sentence(operation.named(" ")),
            purpose=feature.purpose,
            spec_name=spec.rpartition("/")[2],
            spec_path=spec.removeprefix("specs/"),
            criteria=list(feature.criteria.values()),
            edges=feature.edges,
            file=operation.named("_"),
        )

    @property
    def _facts(self) -> dict[str, Any]:
        r = self.resource
        n, parent = r.names, r.parent
        id_first = f'arguments.path["{r.parameter}"]'
        id_second = f', arguments.path["{parent.parameter}"]' if parent else ""
        numbers = {}
        for verb, feature in self.features.items():
            numbers[verb] = {key: feature.number(key) for key in feature.criteria}
        annotations = " ".join(attribute.annotation for attribute in r.attributes)
        return {
            "r": r,
            "n": n,
            "c": numbers,
            "page": {verb: self.page(verb) for verb in METHODS},
            "spoken": spoken,
            "flow": flow,
            "json": flow,
            "error_of": self._error,
            "detail_of": detail,
            "parameter_of": lambda a: f"{n.singular}{_pascal(a)}",
            "pascal": _pascal,
            "list_key": snake(n.plural),
            "example_key": n.singular[0].lower() + n.singular[1:],
            "example_id": EXAMPLE_ID,
            "lookups": [*([] if parent else r.unique), *r.filters],
            "nullable": sorted(a.name for a in r.attributes if a.nullable),
            "uses_decimal": "Decimal" in annotations,
            "uses_any": "Any" in annotations,
            "id_first": id_first,
            "id_second": id_second,
            "id_arguments": id_first + id_second,
            "parent_argument": f", {parent.attribute}=arguments.path['{parent.parameter}']"
            if parent
            else "",
            "parent_package": parent.names.package if parent else "",
            "test_word": f"{article(n.word)}_{n.variable}",
            "create_call": "TransactWriteItems" if r.unique or parent else "PutItem",
            "list_call": "Query" if parent else "Scan",
            **self._spec_facts,
        }

    @property
    def _spec_facts(self) -> dict[str, Any]:
        r = self.resource
        schemas = (self.project.spec.data.get("components") or {}).get("schemas") or {}
        writes = f"{r.names.singular}Input" not in schemas
        return {
            "writes_input": writes,
            "properties": "\n".join(self._properties(writes)),
            "always_there": [a.field.name for a in r.attributes if a.field.required or a.nullable],
            "item_parameters": "\n".join(self._item_parameters()),
            "guards": {verb: "".join(self._guards(verb)) for verb in METHODS},
            "parent_missing": flow(self._parent_missing()),
            "parent_id_schema": {"type": "string", "format": "uuid"},
            "problems": list(self._problems()),
        }

    def _properties(self, writes: bool) -> Iterator[str]:
        n = self.resource.names
        for a in self.resource.attributes:
            reference = {"$ref": f"#/components/schemas/{n.singular}{_pascal(a)}"}
            yield f"        {a.field.name}: {flow(reference if writes else a.field.schema)}"

    def _item_parameters(self) -> Iterator[str]:
        r = self.resource
        if r.parent:
            yield f"        - {flow(r.parent.node)}"
        yield f"        - {flow({'$ref': f'#/components/parameters/{r.names.singular}Id'})}"

    def _guards(self, verb: str) -> Iterator[str]:
        """What an operation with callers responds with; copied from the API's others."""
        for status in GUARDS:
            if status == "403" and verb == "create" and self._creates_freely():
                continue
            for operation in self.project.proxies:
                if status in operation.node.get("responses", {}):
                    yield f'        "{status}": {flow(operation.node["responses"][status])}\n'
                    break

    def _creates_freely(self) -> bool:
        """Whether every caller with the scope may create one: a lack of it is a 401 of API
        Gateway's, and the body has nothing that a token must prove."""
        names = {attribute.field.name for attribute in self.resource.attributes}
        is_checked = self.resource.parent or names & set(PROVABLE)
        return has_rules(self.project) and not asks_a_function(self.project) and not is_checked

    def _parent_missing(self) -> Any:
        """The 404 of the parent's own operations."""
        if not self.resource.parent:
            return {}
        for operation in self.project.proxies:
            if operation.path == self.resource.parent.path_of_item:
                response = operation.node.get("responses", {}).get("404")
                if response:
                    return response
        return {"description": f"There is no such {self.resource.parent.names.word}."}

    def _problems(self) -> Iterator[tuple[str, str, int, str, str]]:
        """Name, title, status, description, detail."""
        r = self.resource
        n = r.names
        yield "NotFound", "Not Found", 404, f"There is no such {n.word}.", f"{n.title} not found"
        if r.unique:
            description = f"Another {n.word} has this {spoken(r.unique)}."
            yield "Conflict", "Conflict", 409, description, detail(r.unique[0])
        if r.tagged:
            description = f"The {n.word} is not as `If-Match` says."
            changed = f"{n.title} has changed"
            yield "Changed", "Precondition Failed", 412, description, changed

    def _error(self, attribute: Attribute) -> str:
        return f"{self.resource.names.singular}{_pascal(attribute)}InUse"


def detail(attribute: Attribute) -> str:
    """What a caller is told of a value that is taken."""
    return f"{_sentence(spoken([attribute]))} already in use"


def flow(node: Any) -> str:
    """YAML in one line."""
    if not isinstance(node, Mapping | list):
        return json.dumps(node, ensure_ascii=False)
    if isinstance(node, Mapping) and list(node) == ["$ref"]:
        return f'{{ $ref: "{node["$ref"]}" }}'
    text = yaml.safe_dump(
        node, default_flow_style=True, sort_keys=False, width=WIDTH, allow_unicode=True
    ).strip()
    return f"{{ {text[1:-1]} }}" if text.startswith("{") else text


def _pascal(attribute: Attribute) -> str:
    return "".join(part.capitalize() for part in attribute.name.split("_"))


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
