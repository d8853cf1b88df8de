"""The project that is checked: template, spec, operations and functions, as the files have them."""

from collections.abc import Iterator, Mapping
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

from samspec.sam.documents import Document, text
from samspec.sam.errors import ProjectError
from samspec.sam.operations import ANY, METHODS, Operation
from samspec.sam.template import merged


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.template = self._mapping("template.yaml")
        self.api, location = self._api()
        self.spec = self._mapping(location)

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        found = self.template.data.get("Resources")
        return (
            {name: one for name, one in found.items() if isinstance(one, dict)}
            if isinstance(found, dict)
            else {}
        )

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
        """The operations that a function answers."""
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
        """The schema of a JSON body, None where the operation takes none."""
        content = self.resolve(operation.node.get("requestBody", {})).get("content", {})
        return content.get("application/json", {}).get("schema")

    def text(self, name: str) -> str:
        return text(self.root / name, name)

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

    def _api(self) -> tuple[str, str]:
        """The API that includes the spec, and the spec's path."""
        for name, resource in self.resources.items():
            body = (resource.get("Properties") or {}).get("DefinitionBody")
            include = body.get("Fn::Transform") if isinstance(body, dict) else None
            if isinstance(include, dict) and include.get("Name") == "AWS::Include":
                return name, str((include.get("Parameters") or {}).get("Location"))
        raise ProjectError(
            "template.yaml:1: no API has a DefinitionBody by AWS::Include: give it the spec"
        )


def resolve(spec: Mapping[str, Any], node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        node = reduce(lambda found, step: found[step], steps(node["$ref"]), spec)
    return node


def steps(reference: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in reference.split("/")[1:]]
