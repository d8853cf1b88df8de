"""The SAM application that is checked: its template, APIs, functions and environments."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from samspec.drift import settings
from samspec.drift.apis import Api, Reader
from samspec.sam.documents import Document, nodes, text
from samspec.sam.errors import ProjectError
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.samconfig import overrides
from samspec.sam.template import merged
from samspec.sam.variants import Variant, is_intrinsic, variants

SOURCES = {".py", ".js", ".mjs", ".cjs", ".ts", ".java", ".go", ".rb", ".cs", ".rs", ".sh", ".kt"}
BUILDS = {"Makefile", "build.sh", "Dockerfile"}
SKIPPED = {".venv", "venv", "node_modules", ".aws-sam", "__pycache__", ".git", "tests", "test"}
SERVERLESS, PLAIN = "AWS::Serverless::Function", "AWS::Lambda::Function"
PROXY = "aws_proxy"


@dataclass(frozen=True, eq=False)
class Function:
    """A Lambda function; Globals are merged into `properties`."""

    name: str
    type_name: str
    properties: Mapping[str, Any]
    resource: Mapping[str, Any]

    @property
    def runtime(self) -> str:
        """Such as python3.13; empty for an image."""
        return str(self.properties.get("Runtime") or "")

    @property
    def handler(self) -> str:
        """As the template has it: module.function."""
        return str(self.properties.get("Handler") or "")

    @property
    def folder(self) -> str | None:
        """The local folder of the code; None if it is inline, an image, a file or in a bucket."""
        if "InlineCode" in self.properties or self.properties.get("PackageType") == "Image":
            return None
        code = self.properties.get("CodeUri" if self.type_name == SERVERLESS else "Code", ".")
        if not isinstance(code, str) or "://" in code or code.endswith((".zip", ".jar")):
            return None
        return code.rstrip("/") or "/"

    @property
    def is_python(self) -> bool:
        """Whether it runs on a Python runtime."""
        return self.runtime.startswith("python")

    @property
    def events(self) -> dict[str, Mapping[str, Any]]:
        """The events of the function by name."""
        events = self.properties.get("Events")
        if not isinstance(events, dict):
            return {}
        return {name: event for name, event in events.items() if isinstance(event, dict)}

    @property
    def variables(self) -> Mapping[str, Any]:
        """Its environment variables, unresolved."""
        environment = self.properties.get("Environment")
        variables = environment.get("Variables") if isinstance(environment, dict) else None
        if not isinstance(variables, dict):
            return {}
        return {str(name): value for name, value in variables.items()}


class Application:
    """Everything that the checks read. Raises ProjectError if the folder has no template."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._texts: dict[str, str] = {}
        self._existing: dict[str, bool] = {}
        self.targets: dict[str, Any] = {}  # what `targets.target` has found, by uri
        self.settings = settings.read(self.root)
        self.template = self._template()
        reader = Reader(self.text, self.template)
        self.apis = list(reader.apis(self.resources))
        self.notes = reader.notes
        self.codes: dict[str, Any] = {}  # what `code.code_of` has gathered, by function
        self._sources: dict[str, str] = {}
        self._distinct: dict[str, list[Variant]] = {}

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The template's resources."""
        resources = self.template.data.get("Resources")
        if not isinstance(resources, dict) or not resources:
            raise ProjectError(f"{self.template.name}:1: it has no Resources: add them")
        return {name: item for name, item in resources.items() if isinstance(item, dict)}

    @cached_property
    def functions(self) -> dict[str, Function]:
        """The functions by logical id."""
        shared = self.section("Globals").get("Function") or {}
        functions = {}
        for name, resource in self.resources.items():
            type_name = str(resource.get("Type"))
            properties = resource.get("Properties")
            if not isinstance(properties, dict):
                properties = {}
            if type_name == SERVERLESS:
                functions[name] = Function(name, type_name, merged(shared, properties), resource)
            elif type_name == PLAIN:
                functions[name] = Function(name, type_name, properties, resource)
        return functions

    @property
    def definitions(self) -> list[Api]:
        """The APIs that have an OpenAPI definition."""
        return [api for api in self.apis if api.data]

    @cached_property
    def environments(self) -> list[Variant]:
        """The environments that values are compared in; the first has the parameters' defaults."""
        return variants(self.template.data, self.configured)

    @cached_property
    def watched(self) -> set[str]:
        """What is referred to by anything but dashboards: alarms of canaries, for one."""
        names = references(dict(self.section("Globals")))
        for resource in self.resources.values():
            if resource.get("Type") != "AWS::CloudWatch::Dashboard":
                names |= references(resource)
        return names

    def environments_of(self, api: Api) -> list[Variant]:
        """The environments in which something of the API's definition has another value."""
        if api.name not in self._distinct:
            intrinsics = [node for _, node in nodes(api.data) if is_intrinsic(node)]
            distinct: dict[str, Variant] = {}
            for environment in self.environments:
                values = repr([environment.resolve(node) for node in intrinsics])
                distinct.setdefault(values, environment)
            self._distinct[api.name] = list(distinct.values())
        return self._distinct[api.name]

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
        if not (self.root / "samconfig.toml").is_file():
            return {}
        try:
            return tomllib.loads(self.text("samconfig.toml"))
        except tomllib.TOMLDecodeError as error:
            raise ProjectError(f"samconfig.toml: not valid TOML ({error}): fix it first") from None

    @cached_property
    def is_portable(self) -> bool:
        """Whether the project is written for every partition of AWS: it names AWS::Partition."""
        names = {self.template.name, *(api.document.name for api in self.apis)}
        return any("AWS::Partition" in self.text(name) for name in sorted(names))

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of the template, empty if it has none."""
        section = self.template.data.get(name)
        return section if isinstance(section, dict) else {}

    def calls(self) -> Iterator[tuple[Api, Operation]]:
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
            self._texts[name] = text(self.root / name, name)
        return self._texts[name]

    def source(self, folder: str) -> str:
        """The text of all source files of a folder, those that tools wrote left out."""
        if folder not in self._sources:
            self._sources[folder] = _source(self.root / folder)
        return self._sources[folder]

    @cached_property
    def shared_variables(self) -> Mapping[str, Any]:
        """The environment variables that Globals give to every function."""
        shared = Function("Globals", SERVERLESS, self.section("Globals").get("Function") or {}, {})
        return shared.variables

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
        if name not in self._existing:
            self._existing[name] = (self.root / name).exists()
        return self._existing[name]

    def applies(self, convention: bool | str, place: str) -> bool:
        """Whether a convention is checked: as its setting says, or if its files are there."""
        return self.exists(place) if convention == "auto" else bool(convention)

    def _template(self) -> Document:
        stated = self.settings.template
        candidates = [stated] if stated else settings.TEMPLATES
        for name in candidates:
            if (self.root / name).is_file():
                document = self.document(name)
                if not isinstance(document.data, dict):
                    raise ProjectError(f"{name}:1: it is not a template: restore the file")
                return document
        names = ", ".join(candidates)
        raise ProjectError(
            f"{self.root} has no {names}: give a SAM project's folder with --root, "
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


def references(value: Any) -> set[str]:
    """The logical ids that intrinsic functions in a value name."""
    names: set[str] = set()
    for _, node in nodes(value):
        if not isinstance(node, dict):
            continue
        for key in ("Ref", "Fn::GetAtt", "Fn::Sub"):
            argument = node.get(key)
            if argument is None:
                continue
            if key == "Fn::Sub":
                text = argument[0] if isinstance(argument, list) and argument else argument
                names |= set(re.findall(r"\$\{(\w+)", str(text)))
            else:
                first = argument[0] if isinstance(argument, list) and argument else argument
                names.add(str(first).partition(".")[0])
    return names


def is_proxy(operation: Operation) -> bool:
    """Whether a function responds to the operation with a proxy response."""
    return str(operation.integration.get("type")).lower() == PROXY
