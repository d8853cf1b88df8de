"""A SAM project on disk: its files as they are, and what they say for one set of parameters.

There are two views. The files with their places, for tools that check them: `template`, `spec`,
`operations`, `resources` and `functions`, with intrinsic functions as they are written. And what
CloudFormation would make of them, for tools that run them: `resolved`, `apis`, `lambdas`.
Each is read when it is first asked for.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from samspec.sam import definitions, documents
from samspec.sam.definitions import Api
from samspec.sam.documents import Document
from samspec.sam.errors import ProjectError
from samspec.sam.functions import LambdaFunction
from samspec.sam.operations import ANY, METHODS, Operation
from samspec.sam.references import resolve
from samspec.sam.template import Settings, Template, merged

TEMPLATES = ("template.yaml", "template.yml", "template.json")
API_TYPES = tuple(definitions.PROTOCOLS)


class Project:
    """The project in the folder `path`, or with the template at `path`."""

    def __init__(self, path: Path = Path(), settings: Settings | None = None) -> None:
        self.path = template_at(path)
        self.root = self.path.parent
        self.settings = settings or Settings()

    @cached_property
    def template(self) -> Document:
        """The template as its file has it."""
        return self._mapping(self.path.name)

    @cached_property
    def api(self) -> str:
        """The logical id of the API that `spec` defines."""
        return self._specified[0]

    @cached_property
    def spec(self) -> Document:
        """The first API definition that the template has or names, as its file has it.

        A definition inline is a part of the template's document. Raises a ProjectError where
        there is none.
        """
        return self._specified[1]

    @cached_property
    def resolved(self) -> Template:
        """The template for the project's settings: every intrinsic function has its value."""
        return Template(self.path, settings=self.settings)

    @property
    def apis(self) -> list[Api]:
        """Every API in one form, resolved: implicit and HTTP APIs, Swagger 2.0, CloudFormation."""
        return self._served[0]

    @property
    def api_gaps(self) -> list[str]:
        """The APIs that cannot be served locally, and why."""
        return self._served[1]

    @cached_property
    def lambdas(self) -> dict[str, LambdaFunction]:
        """The functions, resolved, by logical id."""
        from samspec.sam.lambdas import functions

        return functions(self.resolved)

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        resources = self.template.data.get("Resources")
        if not isinstance(resources, dict):
            return {}
        return {name: node for name, node in resources.items() if isinstance(node, dict)}

    @cached_property
    def functions(self) -> dict[str, dict[str, Any]]:
        """The functions' properties, those that the template's Globals give them included."""
        shared = (self.template.data.get("Globals") or {}).get("Function") or {}
        return {
            name: merged(shared, resource.get("Properties") or {})
            for name, resource in self.resources.items()
            if resource.get("Type") == "AWS::Serverless::Function"
        }

    @cached_property
    def operations(self) -> list[Operation]:
        return [
            Operation("ANY" if key == ANY else key.upper(), path, node or {}, ("paths", path, key))
            for path, item in self.spec.data["paths"].items()
            for key, node in (item or {}).items()
            if key == ANY or key in METHODS
        ]

    @property
    def proxies(self) -> Iterator[Operation]:
        """The operations that a function responds to."""
        return (operation for operation in self.operations if operation.is_proxy)

    def resolve(self, node: Any) -> Any:
        """What a `$ref` of the spec stands for."""
        return resolve(self.spec.data, node)

    def parameters(self, operation: Operation) -> list[dict[str, Any]]:
        shared = self.spec.data["paths"][operation.path].get("parameters", [])
        return [self.resolve(node) for node in [*shared, *operation.node.get("parameters", [])]]

    def responses(self, operation: Operation) -> dict[str, dict[str, Any]]:
        return {
            str(status): self.resolve(node)
            for status, node in operation.node.get("responses", {}).items()
        }

    def body_schema(self, operation: Operation) -> Any:
        """The schema of a JSON body; None where the operation takes none."""
        content = self.resolve(operation.node.get("requestBody", {})).get("content", {})
        return content.get("application/json", {}).get("schema")

    def text(self, name: str) -> str:
        return documents.text(self.root / name, name)

    def document(self, name: str) -> Document:
        return Document.parse(self.text(name), name)

    def files(self, *patterns: str) -> list[str]:
        return sorted(
            str(path.relative_to(self.root))
            for pattern in patterns
            for path in self.root.glob(pattern)
        )

    def _mapping(self, name: str) -> Document:
        document = self.document(name)
        if not isinstance(document.data, dict):
            raise ProjectError(f"{name}:1: it holds no mapping: restore the file")
        return document

    @cached_property
    def _served(self) -> tuple[list[Api], list[str]]:
        return definitions.read(self.resolved)

    @cached_property
    def _specified(self) -> tuple[str, Document]:
        """The first API with a definition of its own, and that definition."""
        for name, resource in self.resources.items():
            if resource.get("Type") not in API_TYPES:
                continue
            properties = resource.get("Properties") or {}
            for key in ("DefinitionBody", "Body", "DefinitionUri"):
                if properties.get(key):
                    return name, self._definition(("Resources", name, "Properties", key))
        raise ProjectError(
            f"{self.path.name}:1: no API has a definition: "
            "give one a DefinitionBody, inline or by AWS::Include"
        )

    def _definition(self, keys: tuple[str, ...]) -> Document:
        value = self.template.part(*keys)
        location = value.data
        if isinstance(value.data, Mapping) and list(value.data) == ["Fn::Transform"]:
            location = (value.data["Fn::Transform"].get("Parameters") or {}).get("Location")
        if isinstance(location, str):
            return self._mapping(location)
        if not isinstance(value.data, dict) or "paths" not in value.data:
            raise ProjectError(
                f"{self.path.name}:{value.line()}: the definition is neither a document with "
                "paths nor an AWS::Include of one: give the path of an OpenAPI file"
            )
        return value


def template_at(path: Path) -> Path:
    """The template that a path names: a file, or the one in a folder, whatever its suffix."""
    path = path.absolute()
    folder = path if path.is_dir() else path.parent
    if path.is_file() or (not path.is_dir() and path.name != TEMPLATES[0]):
        return path
    for name in TEMPLATES:
        if (folder / name).is_file():
            return folder / name
    return folder / TEMPLATES[0]
