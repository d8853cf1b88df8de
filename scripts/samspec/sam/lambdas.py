"""The Lambda functions of a template, from either of the two types of resources."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samspec.sam.account import ACCOUNT
from samspec.sam.errors import ProjectError
from samspec.sam.functions import (
    HANDLER,
    LambdaFunction,
    code_folder,
    inline_folder,
    text_values,
)
from samspec.sam.template import FUNCTION_TYPES, Template

LAYERS = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")
# What a function is made from. The rest (policies, tags, networks) is of no use locally, so that
# a reference in it that has no value here hurts nobody.
NEEDED = (
    "Architectures", "Code", "CodeUri", "Environment", "FunctionName", "Handler", "ImageUri",
    "InlineCode", "LoggingConfig", "MemorySize", "PackageType", "Runtime", "Timeout",
)  # fmt: skip


def functions(template: Template) -> dict[str, LambdaFunction]:
    """The functions whose condition holds; one that cannot run says why in its `gap`."""
    return {name: _Reader(template, name).function() for name in template.names(*FUNCTION_TYPES)}


NAMED = ("FunctionName", "Handler", "Runtime")  # what is told of a function that cannot run


class _Reader:
    def __init__(self, template: Template, name: str) -> None:
        self._template = template
        self._name = name
        self._raw = template.properties(name)
        self._folder = template.path.parent

    def function(self) -> LambdaFunction:
        """The function; what its template gets wrong becomes its gap."""
        properties: dict[str, Any] = {}
        try:
            properties = self._resolved()
            return self._made(properties, *self._code(properties))
        except ProjectError as error:
            reason = str(error)
        except (ValueError, TypeError, AttributeError) as error:
            reason = f"{error}: correct its properties"
        gap = reason if reason.startswith(self._name) else f"{self._name}: {reason}"
        stated = {key: properties[key] for key in NAMED if key in properties}
        return self._made(stated, self._folder, (), gap)

    def _resolved(self) -> dict[str, Any]:
        return {key: self._template.resolve(self._raw[key]) for key in NEEDED if key in self._raw}

    def _made(
        self, properties: Mapping[str, Any], code: Path, layers: tuple[Path, ...], gap: str
    ) -> LambdaFunction:
        physical_name = str(properties.get("FunctionName", self._name))
        region = self._template.region
        variables = (properties.get("Environment") or {}).get("Variables") or {}
        return LambdaFunction(
            name=self._name,
            physical_name=physical_name,
            arn=f"arn:aws:lambda:{region}:{ACCOUNT}:function:{physical_name}",
            region=region,
            runtime=str(properties.get("Runtime", "")),
            handler=str(properties.get("Handler", "")),
            code=code,
            layers=layers,
            environment=self._replaced(text_values(variables), physical_name),
            timeout=float(properties.get("Timeout", 3)),
            memory=int(properties.get("MemorySize", 128)),
            logging=text_values(properties.get("LoggingConfig") or {}),
            gap=gap,
        )

    def _replaced(self, variables: dict[str, str], physical_name: str) -> dict[str, str]:
        """The variables with the values of --env-vars, which replaces only what is declared."""
        replacements: dict[str, str] = {}
        for key in ("Parameters", physical_name, self._name):
            replacements |= self._template.settings.variables.get(key) or {}
        return {name: replacements.get(name, value) for name, value in variables.items()}

    def _code(self, properties: Mapping[str, Any]) -> tuple[Path, tuple[Path, ...], str]:
        gap = self._gap(properties)
        if gap:
            return self._folder, (), gap
        inline = properties.get("InlineCode") or _in_code(properties, "ZipFile")
        location = properties.get("CodeUri") or properties.get("Code") or "."
        code = inline_folder(str(inline)) if inline else self._local(location, self._name)
        if self._raw.get("FileSystemConfigs"):
            why = f"{self._name}: the file system that it mounts is not there"
            self._template.stand_in(f"{self._name}.FileSystemConfigs", why)
        return code, tuple(self._layers()), ""

    def _gap(self, properties: Mapping[str, Any]) -> str:
        if properties.get("PackageType") == "Image" or properties.get("ImageUri"):
            return (
                f"{self._name} is a container image, and only Python from folders, zip files and "
                "inline code runs here: try it with sam local or in AWS"
            )
        runtime = str(properties.get("Runtime", "none"))
        if not runtime.startswith("python"):
            return f"{self._name} has the runtime {runtime}, and only Python runs here"
        handler = str(properties.get("Handler", ""))
        if not HANDLER.fullmatch(handler):
            return f"{self._name}: its Handler must be module.function, not {handler!r}"
        return ""

    def _local(self, location: Any, owner: str) -> Path:
        if not isinstance(location, str) or location.startswith(("s3:", "http:", "https:")):
            raise ProjectError(
                f"{owner}: its code is not on this machine ({location}): "
                "give a path next to the template"
            )
        return code_folder(self._folder / location, owner)

    def _layers(self) -> list[Path]:
        folders = []
        for layer in self._raw.get("Layers") or []:
            folder = self._layer(layer)
            if folder is not None:
                folders.append(folder)
        return folders

    def _layer(self, layer: Any) -> Path | None:
        """The folder of a layer of the template; another's layer is named as not there."""
        arn = self._template.resolve(layer)
        for name in self._template.names(*LAYERS):
            if self._template.resource(name).ref == arn:
                properties = self._template.properties(name)
                content = properties.get("ContentUri", properties.get("Content"))
                return self._built(self._local(self._template.resolve(content), name), name)
        if isinstance(arn, str):
            why = f"{self._name}: the layer {arn} is not of this template"
            self._template.stand_in(arn, f"{why}: add what it brings to a requirements.txt")
        return None

    def _built(self, folder: Path, name: str) -> Path:
        """The layer's folder, or what `sam build` made of one that has only requirements."""
        if (folder / "python").is_dir() or not (folder / "requirements.txt").is_file():
            return folder
        built = self._folder / ".aws-sam/build" / name
        if not built.is_dir():
            why = f"{name} has no python folder, and its requirements.txt is not installed"
            self._template.stand_in(f"{name}.python", f"{why}: run sam build")
        return built if built.is_dir() else folder


def _in_code(properties: Mapping[str, Any], key: str) -> Any:
    code = properties.get("Code")
    return code.get(key) if isinstance(code, Mapping) else None
