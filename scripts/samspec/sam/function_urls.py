"""URLs of functions as APIs: one route for everything, with the events of HTTP APIs.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from samspec.sam.account import ACCOUNT
from samspec.sam.definitions import HTTP, Api
from samspec.sam.template import Template

ANY = "x-amazon-apigateway-any-method"


def read(template: Template) -> list[Api]:
    """An API for each function with a URL: by FunctionUrlConfig, or by AWS::Lambda::Url."""
    return [_api(template, name, arn, configured) for name, arn, configured in _urls(template)]


def _urls(template: Template) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The URL's name, the function's ARN and the URL's configuration."""
    for name in template.names("AWS::Serverless::Function"):
        configuration = template.properties(name).get("FunctionUrlConfig")
        if configuration:
            yield f"{name}Url", template.resource(name).arn, template.resolve(configuration)
    for name in template.names("AWS::Lambda::Url"):
        configuration = template.resolve(template.properties(name))
        yield name, _arn(template, str(configuration["TargetFunctionArn"])), configuration


def _arn(template: Template, function: str) -> str:
    """The ARN of a function that may be given by its name."""
    prefix = f"arn:aws:lambda:{template.region}:{ACCOUNT}:function:"
    return function if function.startswith("arn:") else prefix + function


def _api(template: Template, name: str, arn: str, configured: Mapping[str, Any]) -> Api:
    integration = {"type": "aws_proxy", "uri": arn, "payloadFormatVersion": "2.0"}
    operation: dict[str, Any] = {"x-amazon-apigateway-integration": integration}
    if configured.get("AuthType") == "AWS_IAM":
        operation["x-amazon-apigateway-auth"] = {"type": "AWS_IAM"}
    cors = configured.get("Cors") or {}
    document = {
        "openapi": "3.0.1",
        "info": {"title": name, "version": "1"},
        "paths": {"$default": {ANY: operation}},
        "x-amazon-apigateway-cors": {key[0].lower() + key[1:]: cors[key] for key in cors},
    }
    return Api(
        name, name.lower(), HTTP, document, "$default", file=template.path, template=template
    )
