"""APIs and functions as their files have them, and the place of each part.

Intrinsic functions are as they are written, and what is wrong stays visible: these are for tools
that check or change files. `definitions` and `lambdas` have the same for tools that run them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from samspec.sam.documents import Document, Keys, nodes
from samspec.sam.errors import ProjectError
from samspec.sam.finding import Finding
from samspec.sam.operations import ANY, METHODS, Operation
from samspec.sam.references import steps
from samspec.sam.template import FUNCTION_TYPES, merged

REST = {"AWS::Serverless::Api", "AWS::ApiGateway::RestApi"}
HTTP = {"AWS::Serverless::HttpApi", "AWS::ApiGatewayV2::Api"}
BODIES = ("DefinitionBody", "Body")
LOCATIONS = ("DefinitionUri", "BodyS3Location")
TRANSFORM = "Fn::Transform"
SERVERLESS, PLAIN = FUNCTION_TYPES


@dataclass(frozen=True)
class Mount:
    """Where the part of a definition under `keys` is written."""

    keys: Keys
    document: Document
    at: Keys


@dataclass(eq=False)
class WrittenApi:
    """An API with its OpenAPI definition; `data` is empty if the template has none for it."""

    name: str
    protocol: str  # rest or http
    properties: Mapping[str, Any]
    data: dict[str, Any]
    mounts: list[Mount] = field(default_factory=list)
    included: bool = False  # by AWS::Include: CloudFormation reads the file
    _responses: dict[Keys, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def place(self, keys: Keys) -> tuple[Document, Keys]:
        """The file and the keys in it of a part of the definition."""
        best = self.mounts[0]
        for mount in self.mounts:
            if keys[: len(mount.keys)] == mount.keys and len(mount.keys) >= len(best.keys):
                best = mount
        return best.document, (*best.at, *keys[len(best.keys) :])

    def finding(self, rule: str, keys: Keys, message: str, fix: str) -> Finding:
        """A finding at the place of a part of the definition."""
        document, at = self.place(keys)
        return document.finding(rule, at, message, fix)

    @property
    def document(self) -> Document:
        """The file that holds the definition or most of it."""
        return self.mounts[0].document

    @property
    def is_swagger(self) -> bool:
        """Whether the definition is Swagger 2.0."""
        return "swagger" in self.data

    @cached_property
    def nodes(self) -> list[tuple[Keys, Any]]:
        """Every value of the definition, with the keys that lead to it."""
        return list(nodes(self.data))

    @cached_property
    def paths(self) -> dict[str, Any]:
        """The path items by path."""
        paths = self.data.get("paths")
        if not isinstance(paths, dict):
            return {}
        return {path: item for path, item in paths.items() if isinstance(item, dict)}

    @cached_property
    def operations(self) -> list[Operation]:
        """Every method of every path."""
        operations = []
        for path, item in self.paths.items():
            for key, node in item.items():
                if (key == ANY or key in METHODS) and isinstance(node, dict):
                    operations.append(
                        Operation(
                            "ANY" if key == ANY else key.upper(), path, node, ("paths", path, key)
                        )
                    )
        return operations

    def resolve(self, node: Any) -> Any:
        """What a `$ref` of the definition leads to; None if it leads nowhere."""
        for _ in range(20):  # a reference to itself ends, too
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return node
            node = self.target(node["$ref"])
        return None

    def target(self, reference: str) -> Any:
        """The part of the definition that a reference names; None if there is none."""
        node: Any = self.data
        for step in steps(reference):
            if isinstance(node, list) and step.isdecimal() and int(step) < len(node):
                node = node[int(step)]
            elif isinstance(node, dict) and step in node:
                node = node[step]
            else:
                return None
        return node

    def mapping(self, node: Any) -> dict[str, Any]:
        """What a node or its `$ref` holds, as a mapping in any case."""
        resolved = self.resolve(node)
        return resolved if isinstance(resolved, dict) else {}

    def parameters(self, operation: Operation) -> list[dict[str, Any]]:
        """The operation's parameters with the path's own, which those of one name replace."""
        shared = self.paths[operation.path].get("parameters") or []
        own = operation.node.get("parameters") or []
        merged: dict[tuple[Any, Any], dict[str, Any]] = {}
        for node in [*shared, *own]:
            parameter = self.mapping(node)
            if "name" in parameter and "in" in parameter:
                merged[parameter["in"], parameter["name"]] = parameter
        return list(merged.values())

    def responses(self, operation: Operation) -> dict[str, dict[str, Any]]:
        """The documented responses by status."""
        if operation.keys not in self._responses:
            responses = operation.node.get("responses")
            items = responses.items() if isinstance(responses, dict) else ()
            resolved = {str(status): self.mapping(node) for status, node in items}
            self._responses[operation.keys] = resolved
        return self._responses[operation.keys]

    @cached_property
    def documented(self) -> dict[str, list[dict[str, Any]]]:
        """The responses of all operations that are not MOCKs by status, with their headers."""
        documented: dict[str, list[dict[str, Any]]] = {}
        for operation in self.operations:
            if str(operation.integration.get("type")).lower() == "mock":
                continue
            for status, response in self.responses(operation).items():
                headers = response.get("headers")
                names = headers.items() if isinstance(headers, dict) else ()
                resolved = {name: self.mapping(node) for name, node in names}
                documented.setdefault(status, []).append({**response, "headers": resolved})
        return documented

    def contents(self, operation: Operation) -> dict[str, dict[str, Any]]:
        """The request body's media types, each with its schema."""
        content = self.mapping(operation.node.get("requestBody")).get("content")
        return content if isinstance(content, dict) else {}

    def body_schema(self, operation: Operation) -> Any:
        """The schema of a JSON body; None if the operation takes none."""
        for media, content in self.contents(operation).items():
            if is_json(media) and isinstance(content, dict):
                return content.get("schema")
        for parameter in self.parameters(operation) if self.is_swagger else ():
            if parameter["in"] == "body":
                return parameter.get("schema")
        return None


@dataclass(frozen=True, eq=False)
class WrittenFunction:
    """A Lambda function of the template; Globals are merged into `properties`."""

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
        if code.endswith(".py"):  # `sam package` packs the one file
            return Path(code).parent.as_posix()
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


def functions(template: Mapping[str, Any]) -> dict[str, WrittenFunction]:
    """The functions of a template by logical id."""
    shared = (template.get("Globals") or {}).get("Function") or {}
    written = {}
    for name, resource in resources(template).items():
        type_name = str(resource.get("Type"))
        if type_name not in FUNCTION_TYPES:
            continue
        properties = resource.get("Properties")
        properties = properties if isinstance(properties, dict) else {}
        if type_name == SERVERLESS:
            properties = merged(shared, properties)
        written[name] = WrittenFunction(name, type_name, properties, resource)
    return written


def resources(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The resources of a template that are mappings."""
    listed = template.get("Resources")
    listed = listed if isinstance(listed, dict) else {}
    return {name: item for name, item in listed.items() if isinstance(item, dict)}


def is_json(media: str) -> bool:
    """Whether a media type is JSON, parameters aside."""
    name = media.partition(";")[0].strip().lower()
    return name == "application/json" or name.endswith("+json")


class Reader:
    """Reads the definitions of a template's APIs."""

    def __init__(self, read: Callable[[str], str], template: Document) -> None:
        self.read, self.template = read, template
        self.notes: list[str] = []  # what could not be read, and why

    def apis(self, resources: Mapping[str, Mapping[str, Any]]) -> Iterator[WrittenApi]:
        """Every API of the template, those without a definition included."""
        for name, resource in resources.items():
            type_name = resource.get("Type")
            properties = resource.get("Properties") or {}
            if (
                type_name == "AWS::ApiGatewayV2::Api"
                and properties.get("ProtocolType") == "WEBSOCKET"
            ):
                self.notes.append(f"{name} is a WebSocket API: its routes are not checked")
            elif type_name in REST | HTTP:
                yield self._api(name, "rest" if type_name in REST else "http", properties)

    def _api(self, name: str, protocol: str, properties: Mapping[str, Any]) -> WrittenApi:
        at = ("Resources", name, "Properties")
        for key in BODIES:
            if isinstance(properties.get(key), dict):
                return self._inline(name, protocol, properties, (*at, key))
        for key in LOCATIONS:
            if key in properties:
                return self._located(name, protocol, properties, properties[key])
        return WrittenApi(name, protocol, properties, {}, [Mount((), self.template, at)])

    def _inline(
        self, name: str, protocol: str, properties: Mapping[str, Any], at: Keys
    ) -> WrittenApi:
        body = properties[at[-1]]
        mounts = [Mount((), self.template, at)]
        data = self._expanded(body, (), mounts)
        included = len(mounts) > 1
        if TRANSFORM in body and len(mounts) > 1:
            mounts = mounts[1:]  # the file is all or most of it
        return WrittenApi(name, protocol, properties, text_keys(data), mounts, included)

    def _expanded(self, node: Any, keys: Keys, mounts: list[Mount]) -> Any:
        """The definition with every AWS::Include replaced by its file."""
        if isinstance(node, list):
            items = enumerate(node)
            return [self._expanded(item, (*keys, str(index)), mounts) for index, item in items]
        if not isinstance(node, dict):
            return node
        result = {}
        for key, item in node.items():
            if key == TRANSFORM:
                result.update(self._include(item, keys, mounts))
            else:
                result[key] = self._expanded(item, (*keys, str(key)), mounts)
        return result

    def _include(self, transform: Any, keys: Keys, mounts: list[Mount]) -> dict[str, Any]:
        name = transform.get("Name") if isinstance(transform, dict) else None
        if name != "AWS::Include":
            self.notes.append(f"the transform {name} runs on AWS only: its result is not checked")
            return {}
        location = (transform.get("Parameters") or {}).get("Location")
        document = self._file(location)
        if document is None:
            return {}
        mounts.append(Mount(keys, document, ()))
        data: dict[str, Any] = document.data
        return data

    def _located(
        self, name: str, protocol: str, properties: Mapping[str, Any], location: Any
    ) -> WrittenApi:
        document = self._file(location)
        if document is None:
            at = ("Resources", name, "Properties")
            return WrittenApi(name, protocol, properties, {}, [Mount((), self.template, at)])
        return WrittenApi(
            name, protocol, properties, text_keys(document.data), [Mount((), document, ())]
        )

    def _file(self, location: Any) -> Document | None:
        if not isinstance(location, str) or "://" in location:
            self.notes.append(f"the definition at {location} is not a local file: not checked")
            return None
        folder = Path(self.template.name).parent
        name = (folder / location).as_posix().removeprefix("./")
        document = Document.parse(self.read(name), name)
        if not isinstance(document.data, dict):
            raise ProjectError(f"{name}:1: it is not an OpenAPI document: restore the file")
        return document


def text_keys(value: Any) -> Any:
    """The same data with text for each key: CloudFormation makes JSON of it, whose keys are
    text."""
    if isinstance(value, dict):
        return {_key(key): text_keys(item) for key, item in value.items()}
    return [text_keys(item) for item in value] if isinstance(value, list) else value


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)
