"""A SAM project on disk: its files as they are, and what they say for one set of parameters.

There are two views. The files with their places, for tools that check them: `template`, `spec`,
`operations`, `resources` and `functions`, with intrinsic functions as they are written. And what
CloudFormation would make of them, for tools that run them: `resolved`, `apis`, `lambdas`.
Each is read when it is first asked for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from samspec.sam import definitions, documents, loops, written
from samspec.sam.definitions import Api
from samspec.sam.documents import Document, Keys
from samspec.sam.errors import ProjectError
from samspec.sam.functions import LambdaFunction
from samspec.sam.operations import Operation
from samspec.sam.references import resolve
from samspec.sam.template import Settings, Template
from samspec.sam.variants import variants
from samspec.sam.written import Reader, WrittenApi, WrittenFunction

TEMPLATES = ("template.yaml", "template.yml", "template.json")


class Project:
    """The project in the folder `path`, or with the template at `path`."""

    def __init__(
        self, path: Path = Path(), settings: Settings | None = None, root: Path | None = None
    ) -> None:
        self.path = template_at(path)
        self.root = root or self.path.parent
        self.settings = settings or Settings()
        self.notes: list[str] = []  # what could not be read, and why

    @cached_property
    def template(self) -> Document:
        """The template as its file has it, with loops written out."""
        document = self.document(str(self.path.relative_to(self.root)))
        if not isinstance(document.data, dict):
            raise ProjectError(f"{document.name}:1: it is not a template: restore the file")
        if not loops.are_in(document.data):
            return document
        defaults = variants(document.data, {})[0]
        return replace(document, data=loops.expanded(document.data, defaults.resolve))

    @cached_property
    def api(self) -> str:
        """The logical id of the API that `spec` defines."""
        return self._specified.name

    @cached_property
    def spec(self) -> Document:
        """The first API definition that the template has or names, as its file has it.

        A definition inline is a part of the template's document. Raises a ProjectError where
        there is none.
        """
        mount = self._specified.mounts[0]
        return mount.document.part(*mount.at) if mount.at else mount.document

    @property
    def spec_keys(self) -> Keys:
        """Where `spec` is in its file: no keys, unless it is inline in the template."""
        return self._specified.mounts[0].at

    @cached_property
    def written(self) -> list[WrittenApi]:
        """Every API as its files have it; those that cannot be read are in `notes`."""
        reader = Reader(self.text, self.template)
        apis = list(reader.apis(self.resources))
        self.notes += reader.notes
        return apis

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

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        return written.resources(self.template.data)

    @cached_property
    def functions(self) -> dict[str, WrittenFunction]:
        """The functions as the template has them, with what its Globals give them."""
        return written.functions(self.template.data)

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of the template, empty if it has none."""
        section = self.template.data.get(name)
        return section if isinstance(section, dict) else {}

    @property
    def operations(self) -> list[Operation]:
        return self._specified.operations

    @property
    def proxies(self) -> Iterator[Operation]:
        """The operations that a function responds to."""
        return (operation for operation in self.operations if operation.is_proxy)

    def resolve(self, node: Any) -> Any:
        """What a `$ref` of the spec refers to."""
        return resolve(self.spec.data, node)

    def parameters(self, operation: Operation) -> list[dict[str, Any]]:
        return self._specified.parameters(operation)

    def responses(self, operation: Operation) -> dict[str, dict[str, Any]]:
        return self._specified.responses(operation)

    def body_schema(self, operation: Operation) -> Any:
        """The schema of a JSON body; None where the operation takes none."""
        return self._specified.body_schema(operation)

    def text(self, name: str) -> str:
        """The text of a file of the project."""
        return documents.text(self.root / name, name)

    def document(self, name: str) -> Document:
        """A YAML or JSON file of the project."""
        return Document.parse(self.text(name), name)

    def files(self, *patterns: str) -> list[str]:
        """The files that match any of the patterns, relative to the project's folder."""
        names: set[str] = set()
        for pattern in patterns:
            names.update(
                str(path.relative_to(self.root))
                for path in self.root.glob(pattern)
                if path.is_file()
            )
        return sorted(names)

    def exists(self, name: str) -> bool:
        """Whether the project has that file or folder."""
        return (self.root / name).exists()

    @cached_property
    def _served(self) -> tuple[list[Api], list[str]]:
        return definitions.read(self.resolved)

    @cached_property
    def _specified(self) -> WrittenApi:
        """The first API with a definition of its own."""
        for api in self.written:
            if not api.data:
                continue
            if "paths" not in api.data:
                document, at = api.place(())
                raise ProjectError(
                    f"{document.name}:{document.line(*at)}: the definition is neither a document "
                    "with paths nor an AWS::Include of one: give the path of an OpenAPI file"
                )
            return api
        raise ProjectError(
            f"{self.path.name}:1: no API has a definition: "
            "give one a DefinitionBody, inline or by AWS::Include"
        )


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
