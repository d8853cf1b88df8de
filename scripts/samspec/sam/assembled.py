"""Definitions of APIs that a template puts together from methods, routes and the like."""

from collections.abc import Iterator, Mapping
from typing import Any

from samspec.sam.template import Template

Properties = Mapping[str, Any]
INTEGRATION = "x-amazon-apigateway-integration"
ANY = "x-amazon-apigateway-any-method"
AUTHORIZER = "x-amazon-apigateway-authorizer"
VALIDATOR = "x-amazon-apigateway-request-validator"
PLACES = {"path": "path", "querystring": "query", "header": "header"}
# How CloudFormation's properties of an integration are called in a definition.
REST_KEYS = {
    "ConnectionType": "connectionType",
    "ContentHandling": "contentHandling",
    "IntegrationHttpMethod": "httpMethod",
    "PassthroughBehavior": "passthroughBehavior",
    "RequestParameters": "requestParameters",
    "RequestTemplates": "requestTemplates",
    "TimeoutInMillis": "timeoutInMillis",
    "Type": "type",
    "Uri": "uri",
}
HTTP_KEYS = {
    "ConnectionType": "connectionType",
    "IntegrationMethod": "httpMethod",
    "IntegrationSubtype": "integrationSubtype",
    "IntegrationType": "type",
    "IntegrationUri": "uri",
    "PayloadFormatVersion": "payloadFormatVersion",
    "RequestParameters": "requestParameters",
    "TimeoutInMillis": "timeoutInMillis",
}
RESPONSE_KEYS = {
    "ContentHandling": "contentHandling",
    "ResponseParameters": "responseParameters",
    "ResponseTemplates": "responseTemplates",
    "StatusCode": "statusCode",
}


def rest_api(template: Template, name: str) -> dict[str, Any] | None:
    """The definition of a RestApi that has methods; None if it has none."""
    return _Parts(template, name, "RestApiId").rest()


def http_api(template: Template, name: str) -> dict[str, Any] | None:
    """The definition of an ApiGatewayV2 API that has routes; None if it has none."""
    return _Parts(template, name, "ApiId").http()


class _Parts:
    """The resources that name one API as theirs."""

    def __init__(self, template: Template, name: str, owner: str) -> None:
        self._template = template
        self._api = template.resource(name)
        self._properties = template.properties(name)
        self._owner = owner

    def rest(self) -> dict[str, Any] | None:
        methods = list(self._of_type("AWS::ApiGateway::Method"))
        if not methods:
            return None
        paths: dict[str, Any] = {}
        for _, properties in methods:
            method = str(properties["HttpMethod"])
            path = self._path(properties["ResourceId"])
            key = ANY if method == "ANY" else method.lower()
            paths.setdefault(path, {})[key] = self._method(properties)
        models = {}
        for name, model in self._of_type("AWS::ApiGateway::Model"):
            models[str(model.get("Name", name))] = self._schema(model)
        validators = {}
        for name, validator in self._by_id("AWS::ApiGateway::RequestValidator").items():
            validators[name] = {
                "validateRequestBody": validator.get("ValidateRequestBody") in (True, "true"),
                "validateRequestParameters": validator.get("ValidateRequestParameters")
                in (True, "true"),
            }
        authorizers = {}
        for name, authorizer in self._of_type("AWS::ApiGateway::Authorizer"):
            authorizers[name] = self._rest_authorizer(authorizer)
        return {
            **self._head(paths, models, authorizers),
            f"{VALIDATOR}s": validators,
            "x-amazon-apigateway-gateway-responses": {
                str(node["ResponseType"]): _renamed(node, RESPONSE_KEYS)
                for _, node in self._of_type("AWS::ApiGateway::GatewayResponse")
            },
        }

    def http(self) -> dict[str, Any] | None:
        routes = [properties for _, properties in self._of_type("AWS::ApiGatewayV2::Route")]
        target = self._template.resolve(self._properties.get("Target"))
        if target:  # made in one go, with a route for everything
            routes.append({"RouteKey": self._properties.get("RouteKey", "$default")})
        if not routes:
            return None
        integrations = self._by_id("AWS::ApiGatewayV2::Integration")
        quick = {"IntegrationType": "AWS_PROXY", "IntegrationUri": target}
        quick["PayloadFormatVersion"] = "2.0"
        paths: dict[str, Any] = {}
        for route in routes:
            method, _, path = str(route["RouteKey"]).rpartition(" ")
            named = str(route.get("Target", "")).rpartition("/")[2]
            operation = {INTEGRATION: _renamed(integrations.get(named, quick), HTTP_KEYS)}
            operation |= self._security(route, "AWS::ApiGatewayV2::Authorizer")
            key = ANY if method in ("ANY", "") else method.lower()
            paths.setdefault(path, {})[key] = operation
        authorizers = {}
        for name, authorizer in self._of_type("AWS::ApiGatewayV2::Authorizer"):
            authorizers[name] = _http_authorizer(authorizer)
        cors = self._template.resolve(self._properties.get("CorsConfiguration")) or {}
        settings = {key[0].lower() + key[1:]: value for key, value in cors.items()}
        return {**self._head(paths, {}, authorizers), "x-amazon-apigateway-cors": settings}

    def _head(
        self, paths: dict[str, Any], models: dict[str, Any], authorizers: dict[str, Any]
    ) -> dict[str, Any]:
        schemes = dict(authorizers)
        if "api_key" not in schemes:
            schemes["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        return {
            "openapi": "3.0.1",
            "info": {"title": self._api.logical_id, "version": "1"},
            "paths": paths,
            "components": {"schemas": models, "securitySchemes": schemes},
        }

    def _of_type(self, resource_type: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The API's own resources of a type: logical id and resolved properties."""
        for name in self._template.names(resource_type):
            properties = self._template.properties(name)
            owner = self._template.resolve(properties.get(self._owner))
            if owner == self._api.ref:
                yield name, self._template.resolve(properties)

    def _by_id(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """The same by what Ref gives."""
        by_id = {}
        for name, node in self._of_type(resource_type):
            by_id[self._template.resource(name).ref] = node
        return by_id

    def _path(self, resource_id: str) -> str:
        if resource_id == self._api.attribute("RootResourceId"):
            return "/"
        resource = self._by_id("AWS::ApiGateway::Resource")[resource_id]
        return f"{self._path(resource['ParentId']).rstrip('/')}/{resource['PathPart']}"

    def _method(self, properties: Properties) -> dict[str, Any]:
        integration = properties.get("Integration") or {}
        made = _renamed(integration, REST_KEYS)
        made["responses"] = {
            str(node.get("SelectionPattern", "default")): _renamed(node, RESPONSE_KEYS)
            for node in integration.get("IntegrationResponses") or []
        }
        operation: dict[str, Any] = {
            INTEGRATION: made,
            "parameters": _parameters(properties.get("RequestParameters") or {}),
            "responses": {
                str(node["StatusCode"]): {"description": ""}
                for node in properties.get("MethodResponses") or []
            },
        }
        content = {}
        for media_type, model in (properties.get("RequestModels") or {}).items():
            content[media_type] = {"schema": {"$ref": f"#/components/schemas/{self._model(model)}"}}
        if content:
            operation["requestBody"] = {"content": content}
        if "RequestValidatorId" in properties:
            operation[VALIDATOR] = properties["RequestValidatorId"]
        return operation | self._security(properties, "AWS::ApiGateway::Authorizer")

    def _model(self, reference: str) -> str:
        for name, model in self._of_type("AWS::ApiGateway::Model"):
            if reference in (name, model.get("Name"), self._template.resource(name).ref):
                return str(model.get("Name", name))
        return reference

    def _schema(self, model: Properties) -> Any:
        return model.get("Schema") or {}

    def _security(self, properties: Properties, resource_type: str) -> dict[str, Any]:
        """What a method or a route asks of its callers, as operations say it."""
        security: dict[str, list[Any]] = {}
        for name, _ in self._of_type(resource_type):
            if self._template.resource(name).ref == properties.get("AuthorizerId"):
                security[name] = properties.get("AuthorizationScopes") or []
        if properties.get("ApiKeyRequired") in (True, "true"):
            security["api_key"] = []
        result: dict[str, Any] = {"security": [security]} if security else {}
        if properties.get("AuthorizationType") == "AWS_IAM":
            result["x-amazon-apigateway-auth"] = {"type": "AWS_IAM"}
        return result

    def _rest_authorizer(self, properties: Properties) -> dict[str, Any]:
        source = str(properties.get("IdentitySource", "method.request.header.Authorization"))
        settings = {
            "type": str(properties.get("Type", "")).lower(),
            "authorizerUri": properties.get("AuthorizerUri"),
            "providerARNs": properties.get("ProviderARNs"),
            "authorizerResultTtlInSeconds": properties.get("AuthorizerResultTtlInSeconds", 300),
            "identitySource": source,
            "identityValidationExpression": properties.get("IdentityValidationExpression"),
        }
        return {
            "type": "apiKey",
            "name": source.rpartition(".")[2],
            "in": "header",
            "x-amazon-apigateway-authtype": "custom",
            AUTHORIZER: {key: value for key, value in settings.items() if value is not None},
        }


def _http_authorizer(properties: Properties) -> dict[str, Any]:
    jwt = properties.get("JwtConfiguration") or {}
    sources = properties.get("IdentitySource") or ["$request.header.Authorization"]
    settings = {
        "type": str(properties.get("AuthorizerType", "")).lower(),
        "jwtConfiguration": {"issuer": jwt.get("Issuer"), "audience": jwt.get("Audience")},
        "identitySource": ",".join(map(str, sources)),
        "authorizerUri": properties.get("AuthorizerUri"),
        "authorizerPayloadFormatVersion": properties.get("AuthorizerPayloadFormatVersion"),
        "authorizerResultTtlInSeconds": properties.get("AuthorizerResultTtlInSeconds"),
        "enableSimpleResponses": properties.get("EnableSimpleResponses"),
    }
    if not jwt:
        del settings["jwtConfiguration"]
    resource_type = "oauth2" if jwt else "apiKey"
    stated = {key: value for key, value in settings.items() if value is not None}
    return {"type": resource_type, "name": "Authorization", "in": "header", AUTHORIZER: stated}


def _parameters(stated: Properties) -> list[dict[str, Any]]:
    parameters = []
    for expression, required in stated.items():
        place, _, name = expression.removeprefix("method.request.").partition(".")
        if place in PLACES:
            is_required = required in (True, "true") or place == "path"
            parameters.append({"name": name, "in": PLACES[place], "required": is_required})
    return parameters


def _renamed(node: Properties, keys: Mapping[str, str]) -> dict[str, Any]:
    return {keys[key]: value for key, value in node.items() if key in keys}
