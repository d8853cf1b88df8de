"""The SAM application that is checked: its template, APIs, functions and environments."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from samspec.drift import settings
from samspec.sam.errors import ProjectError
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.project import TEMPLATES, Project
from samspec.sam.samconfig import overrides, tables
from samspec.sam.variants import Variant, is_chosen, is_intrinsic, references, variants
from samspec.sam.written import SERVERLESS, WrittenApi, WrittenFunction

SOURCES = {".py", ".js", ".mjs", ".cjs", ".ts", ".java", ".go", ".rb", ".cs", ".rs", ".sh", ".kt"}
BUILDS = {"Makefile", "build.sh", "Dockerfile"}
SKIPPED = {".venv", "venv", "node_modules", ".aws-sam", "__pycache__", ".git", "tests", "test"}
PROXY = "aws_proxy"


class Application(Project):
    """Everything that the checks read, and what they keep of it.

    Raises ProjectError if the folder has no template.
    """

    def __init__(self, root: Path, template: str = "") -> None:
        root = root.resolve()
        self.conventions = settings.read(root)
        self._texts: dict[str, str] = {}
        self._existing: dict[str, bool] = {}
        super().__init__(_template(root, template or self.conventions.template), root=root)
        if not self.resources:
            raise ProjectError(f"{self.template.name}:1: it has no Resources: add them")
        self.targets: dict[str, Any] = {}  # what `targets.target` has found, by uri
        self.imports: dict[Any, list[list[str]]] = {}  # what `code` has looked up, by module
        self.codes: dict[str, Any] = {}  # what `code.code_of` has gathered, by function
        self._sources: dict[str, str] = {}
        self._distinct: dict[str, list[Variant]] = {}
        self._of_type: dict[tuple[str, ...], list[tuple[str, dict[str, Any]]]] = {}

    @property
    def definitions(self) -> list[WrittenApi]:
        """The APIs that have an OpenAPI definition."""
        return [api for api in self.written if api.data]

    @cached_property
    def environments(self) -> list[Variant]:
        """The environments that values are compared in; the first has the parameters' defaults."""
        return variants(self.template.data, self.configured)

    def of_type(self, *types: str) -> list[tuple[str, dict[str, Any]]]:
        """The template's resources of these types, with their logical ids."""
        if types not in self._of_type:
            self._of_type[types] = [
                (name, resource)
                for name, resource in self.resources.items()
                if str(resource.get("Type")) in types
            ]
        return self._of_type[types]

    def environments_for(self, *values: Any) -> list[Variant]:
        """The environments in which these values may differ: two if no parameter decides them."""
        if is_chosen(self.template.data, values):
            return self.environments
        return [self.environments[0], self.environments[-1]]

    @cached_property
    def watched(self) -> set[str]:
        """What is referred to by anything but dashboards: alarms of canaries, for one."""
        names = references(dict(self.section("Globals")))
        for resource in self.resources.values():
            if resource.get("Type") != "AWS::CloudWatch::Dashboard":
                names |= references(resource)
        return names

    def environments_of(self, api: WrittenApi) -> list[Variant]:
        """The environments in which something of the API's definition has another value."""
        if api.name not in self._distinct:
            intrinsics = self._chosen_in(api)
            distinct: dict[str, Variant] = {}
            for environment in self.environments[:-1]:
                values = repr([environment.resolve(node) for node in intrinsics])
                distinct.setdefault(values, environment)
            # The last one is elsewhere: any ARN has another value there.
            self._distinct[api.name] = [*distinct.values(), self.environments[-1]]
        return self._distinct[api.name]

    def _chosen_in(self, api: WrittenApi) -> list[Any]:
        """The values of a definition that depend on parameters, each once."""
        intrinsics = {repr(node): node for _, node in api.nodes if is_intrinsic(node)}
        return [node for node in intrinsics.values() if is_chosen(self.template.data, node)]

    @cached_property
    def configured(self) -> dict[str, dict[str, str]]:
        """The parameters of each environment of samconfig.toml."""
        configured = {}
        for name, commands in self.samconfig.items():
            deploy = commands.get("deploy") if isinstance(commands, dict) else None
            parameters = deploy.get("parameters") if isinstance(deploy, dict) else None
            if isinstance(parameters, dict) and "parameter_overrides" in parameters:
                configured[f"samconfig's {name}"] = overrides(
                    parameters["parameter_overrides"], "samconfig.toml"
                )
        return configured

    @cached_property
    def samconfig(self) -> dict[str, Any]:
        """samconfig.toml as it is; empty if there is none."""
        return tables(self.root)

    @cached_property
    def is_portable(self) -> bool:
        """Whether the project is written for every partition of AWS: it names AWS::Partition."""
        names = {self.template.name, *(api.document.name for api in self.written)}
        return any("AWS::Partition" in self.text(name) for name in sorted(names))

    def calls(self) -> Iterator[tuple[WrittenApi, Operation]]:
        """The operations of all definitions that a function responds to."""
        for api in self.definitions:
            for operation in api.operations:
                if is_proxy(operation):
                    yield api, operation

    def finding(self, rule: str, name: str, *keys: str, message: str, fix: str) -> Finding:
        """A finding at a resource of the template."""
        return self.template.finding(rule, ("Resources", name, *keys), message, fix)

    def text(self, name: str) -> str:
        """The text of a file of the project, read once."""
        if name not in self._texts:
            self._texts[name] = super().text(name)
        return self._texts[name]

    def exists(self, name: str) -> bool:
        """Whether the project has that file or folder; looked up once."""
        if name not in self._existing:
            self._existing[name] = super().exists(name)
        return self._existing[name]

    def source(self, folder: str) -> str:
        """The text of all source files of a folder, those that tools wrote left out."""
        if folder not in self._sources:
            self._sources[folder] = _source(self.root / folder)
        return self._sources[folder]

    @cached_property
    def shared_variables(self) -> Mapping[str, Any]:
        """The environment variables that Globals give to every function."""
        shared = self.section("Globals").get("Function") or {}
        return WrittenFunction("Globals", SERVERLESS, shared, {}).variables

    def applies(self, convention: bool | str, place: str) -> bool:
        """Whether a convention is checked: as its setting says, or if its files are there."""
        return self.exists(place) if convention == "auto" else bool(convention)


def _template(root: Path, stated: str) -> Path:
    candidates = [stated] if stated else TEMPLATES
    for name in candidates:
        if (root / name).is_file():
            return root / name
    raise ProjectError(
        f"{root} has no {', '.join(candidates)}: give a SAM project's folder with --root, "
        "or its template in [tool.samspec] of pyproject.toml"
    )


def _source(folder: Path) -> str:
    texts = []
    for path in sorted(folder.rglob("*")):
        inside = set(path.relative_to(folder).parts[:-1])
        is_source = path.suffix in SOURCES or path.name in BUILDS
        if is_source and not inside & SKIPPED and path.is_file():
            texts.append(path.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(texts)


def is_proxy(operation: Operation) -> bool:
    """Whether a function responds to the operation with a proxy response."""
    return str(operation.integration.get("type")).lower() == PROXY
