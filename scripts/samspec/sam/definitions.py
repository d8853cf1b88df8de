"""Every API of a template in one form: an OpenAPI 3.0 document and the stage that serves it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from samspec.sam import swagger
from samspec.sam.errors import ProjectError
from samspec.sam.functions import as_text
from samspec.sam.operations import ANY, INTEGRATION, METHODS
from samspec.sam.template import Template

OPERATIONS = {*METHODS, ANY}
REST, HTTP, WEBSOCKET = "REST", "HTTP", "WEBSOCKET"
BINARY = "x-amazon-apigateway-binary-media-types"
# The types of resources that are APIs, in the order in which they are served.
PROTOCOLS = {
    "AWS::Serverless::Api": REST,
    "AWS::ApiGateway::RestApi": REST,
    "AWS::Serverless::HttpApi": HTTP,
    "AWS::ApiGatewayV2::Api": HTTP,
}
STAGES = {
    "AWS::ApiGateway::Stage": "RestApiId",
    "AWS::ApiGatewayV2::Stage": "ApiId",
    "AWS::ApiGateway::Deployment": "RestApiId",
}
NOT_EMULATED = {
    "CacheClusterEnabled": "caching",
    "CanarySetting": "a canary",
    "Domain": "a custom domain",
    "DomainName": "a custom domain",
}


S3_KEYS = {"Bucket", "Key", "Version"}
UNRESOLVED = "unresolved"  # the type of an integration that names what there is not


@dataclass(frozen=True)
class Api:
    """An API of the template, resolved.

    `document` has the shape of OpenAPI 3.0 with the x-amazon-apigateway-* extensions, whatever
    the API was written in. `file` is where its definition is written, and `translated` whether
    SAM made (part of) it; `template` then has the resources that SAM made. `gaps` says what is
    not emulated.
    """

    name: str  # the logical id
    id: str  # what Ref gives
    protocol: str  # REST or HTTP
    document: dict[str, Any]
    stage: str
    variables: Mapping[str, str] = field(default_factory=dict)
    binary_media_types: tuple[str, ...] = ()
    method_settings: tuple[Mapping[str, Any], ...] = ()  # throttles, as MethodSettings has them
    access_log: str | None = None  # the format of its lines
    properties: Mapping[str, Any] = field(default_factory=dict)  # the resource's own
    file: Path = Path()
    translated: bool = False
    gaps: tuple[str, ...] = ()
    template: Template = field(kw_only=True, repr=False, compare=False)

    @cached_property
    def gateway_responses(self) -> dict[str, Any]:
        return self.document.get("x-amazon-apigateway-gateway-responses") or {}

    @cached_property
    def cors(self) -> dict[str, Any]:
        """The CORS settings of an HTTP API; a REST API states them as MOCK integrations."""
        return self.document.get("x-amazon-apigateway-cors") or {}


def read(template: Template) -> tuple[list[Api], list[str]]:
    """The APIs of a template, and why others of it cannot be served.

    Raises a ProjectError where SAM refuses the template.
    """
    from samspec.sam import function_urls, translated

    source = template
    if translated.is_needed(template):
        source = translated.translated(template)
    apis, gaps = [], []
    for name in source.names(*PROTOCOLS):
        reader = _Reader(source, name, is_translated=source is not template)
        try:
            apis.append(reader.api())
        except ProjectError as error:
            gaps.append(str(error))
    return apis + function_urls.read(template), gaps


def included(template: Template, value: Any) -> Any:
    """The value with each AWS::Include in it replaced by its file, intrinsic functions kept."""
    if isinstance(value, list):
        return [included(template, item) for item in value]
    if not isinstance(value, dict):
        return value
    rest = {key: item for key, item in value.items() if key != "Fn::Transform"}
    result = {key: included(template, item) for key, item in rest.items()}
    if "Fn::Transform" in value:
        location = template.resolve(value["Fn::Transform"]["Parameters"]["Location"])
        result |= included(template, template.read(str(location)))
    return result


def shape_faults(document: Mapping[str, Any]) -> Iterator[str]:
    """How the paths of a document are not of OpenAPI's shape."""
    paths = document.get("paths")
    if not isinstance(paths, dict) or not paths:
        yield "no paths in the API definition: is this an OpenAPI document?"
        return
    for path, item in paths.items():
        if not isinstance(item, dict | None):
            yield f"{path} must be a mapping of methods"
            continue
        for method, operation in (item or {}).items():
            if str(method) not in OPERATIONS:
                continue
            if not isinstance(operation, dict | None):
                yield f"{method} {path} must be a mapping"
            elif not isinstance((operation or {}).get(INTEGRATION), dict | None):
                yield f"{method} {path}: its {INTEGRATION} must be a mapping"


class _Reader:
    """Reads one API's resource and its stage."""

    def __init__(self, template: Template, name: str, *, is_translated: bool) -> None:
        self._template = template
        self._name = name
        self._is_translated = is_translated
        self._raw = template.properties(name)
        self._kind = template.type_of(name)

    def api(self) -> Api:
        """The API; a ProjectError says why it cannot be served."""
        if str(self._raw.get("ProtocolType", "HTTP")).upper() == WEBSOCKET:
            raise ProjectError(f"{self._name}: WebSocket APIs are not emulated: try it in AWS")
        document, file = self._document()
        stage = self._stage()
        properties = {}
        for key, value in self._raw.items():
            if key not in ("DefinitionBody", "DefinitionUri", "Body", "BodyS3Location", "Tags"):
                properties[key] = self._template.resolve(value)
        binary = [*(document.get(BINARY) or []), *(properties.get("BinaryMediaTypes") or [])]
        log = stage.get("AccessLogSetting") or stage.get("AccessLogSettings") or {}
        variables = stage.get("Variables") or stage.get("StageVariables") or {}
        return Api(
            name=self._name,
            id=self._template.resource(self._name).ref,
            protocol=PROTOCOLS[self._kind],
            document=document,
            stage=as_text(stage["StageName"]),
            variables={key: as_text(value) for key, value in variables.items()},
            binary_media_types=tuple(str(media_type).replace("~1", "/") for media_type in binary),
            method_settings=tuple(stage.get("MethodSettings") or ()),
            access_log=log.get("Format"),
            properties=properties,
            file=file,
            translated=self._is_translated,
            gaps=tuple(self._gaps({**properties, **stage})),
            template=self._template,
        )

    def _gaps(self, stated: Mapping[str, Any]) -> list[str]:
        gaps = []
        for key, what in NOT_EMULATED.items():
            if stated.get(key) not in (None, False, "false"):
                gaps.append(f"{self._name}.{key}: {what} is not emulated")
        return gaps

    @cached_property
    def _definition(self) -> Any:
        """The resource's definition: a document, or the path of one."""
        for key in ("DefinitionBody", "Body", "DefinitionUri", "BodyS3Location"):
            if self._raw.get(key):
                return self._raw[key]
        assembled = self._assembled()
        if assembled:
            return assembled
        raise ProjectError(
            f"{self._name}: it has no definition here: give it a Body, a DefinitionBody or a "
            "DefinitionUri, or a function with an Api event"
        )

    def _assembled(self) -> dict[str, Any] | None:
        """The definition of an API that resources of CloudFormation make up."""
        from samspec.sam import assembled

        makers = {
            "AWS::ApiGateway::RestApi": assembled.rest_api,
            "AWS::ApiGatewayV2::Api": assembled.http_api,
        }
        maker = makers.get(self._kind)
        return maker(self._template, self._name) if maker else None

    def _document(self) -> tuple[dict[str, Any], Path]:
        before = set(self._template.files)
        body = self._definition
        if isinstance(body, str):
            body = self._template.read(body)
        document = self._resolved(body)
        included = sorted(self._template.files - before)
        file = included[0] if included else self._own_file()
        if not isinstance(document, dict):
            raise ProjectError(f"{file}: {self._name}'s definition is not a mapping")
        if set(document) <= S3_KEYS:
            raise ProjectError(
                f"{self._name}: its definition is in S3 ({document}): give a path on this machine"
            )
        document = self._normal(document, file)
        for fault in shape_faults(document):
            raise ProjectError(f"{file}: {self._name}: {fault}")
        return document, file

    def _resolved(self, body: Any) -> Any:
        """The definition with its intrinsic functions resolved.

        An operation that has one that cannot be resolved keeps the reason in its integration, so
        that the rest of the API works.
        """
        try:
            return self._template.resolve(body)
        except ProjectError:
            document = included(self._template, body)
        if not isinstance(document.get("paths"), dict):
            return self._template.resolve(document)
        paths = document.pop("paths")
        resolved = self._template.resolve(document)
        resolved["paths"] = {}
        for path, item in paths.items():
            if isinstance(item, dict):
                operations = {key: self._operation(node) for key, node in item.items()}
                resolved["paths"][path] = operations
        return resolved

    def _operation(self, node: Any) -> Any:
        try:
            return self._template.resolve(node)
        except ProjectError as error:
            return {INTEGRATION: {"type": UNRESOLVED, "reason": str(error)}}

    def _own_file(self) -> Path:
        """The file of a definition that was read before, when SAM translated it."""
        others = sorted(self._template.files - {self._template.path})
        original = (self._template.raw["Resources"].get(self._name) or {}).get("Properties") or {}
        is_included = "DefinitionUri" in original or "Fn::Transform" in str(original)
        return others[0] if others and is_included else self._template.path

    def _normal(self, document: dict[str, Any], file: Path) -> dict[str, Any]:
        version = str(document.get("openapi") or document.get("swagger"))
        if version.startswith("3.0"):
            return document
        if version.startswith("2"):
            return swagger.converted(document)
        raise ProjectError(
            f"{file}: {self._name}'s definition must be OpenAPI 3.0.x or Swagger 2.0, "
            f"not {version}: API Gateway imports no other"
        )

    def _stage(self) -> dict[str, Any]:
        """The stage's properties, among them a StageName."""
        default = "$default" if PROTOCOLS[self._kind] == HTTP else "Prod"
        if self._kind.startswith("AWS::Serverless::"):
            keys = (
                "StageName", "Variables", "StageVariables", "MethodSettings", "AccessLogSetting",
                "AccessLogSettings", "CacheClusterEnabled", "CanarySetting", "DefaultRouteSettings",
                "RouteSettings",
            )  # fmt: skip
            own = {key: self._template.resolve(self._raw[key]) for key in keys if key in self._raw}
            return _with_method_settings({"StageName": default, **own})
        for stage_type, reference in STAGES.items():
            for name in self._template.names(stage_type):
                properties = self._template.properties(name)
                if properties.get(reference) == {"Ref": self._name}:
                    stage = {"StageName": default, **self._template.resolve(properties)}
                    return _with_method_settings(stage)
        return {"StageName": default}


def _with_method_settings(stage: dict[str, Any]) -> dict[str, Any]:
    """The stage with an HTTP API's throttles in the form of MethodSettings."""
    settings = []
    if stage.get("DefaultRouteSettings"):
        settings.append({"ResourcePath": "/*", "HttpMethod": "*", **stage["DefaultRouteSettings"]})
    for key, values in (stage.get("RouteSettings") or {}).items():
        method, _, path = key.rpartition(" ")
        settings.append({"ResourcePath": path, "HttpMethod": method or "*", **values})
    return {**stage, "MethodSettings": settings} if settings else stage
