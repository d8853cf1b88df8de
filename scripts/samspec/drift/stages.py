"""What a stage needs at a deploy: a log format that is taken, a role for logs, a new deployment."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.application import Application
from samspec.sam.finding import Finding
from samspec.sam.variants import is_known, references
from samspec.sam.written import WrittenApi

LOGGED = ("AccessLogSetting", "AccessLogSettings")
ACCOUNT = "AWS::ApiGateway::Account"
API_TYPES = ("AWS::Serverless::Api", "AWS::ApiGateway::RestApi")
STAGE_TYPES = ("AWS::Serverless::Api", "AWS::ApiGateway::Stage")
NEEDED = ("$context.requestId", "$context.extendedRequestId")
VARIABLE = re.compile(r"\$context\.([A-Za-z][\w.]*\w)")
OPEN = ("authorizer.", "identity.clientCert.", "requestOverride.", "responseOverride.")
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
NAMES = """
    accountId apiId authenticate.error authenticate.latency authenticate.status authorize.error
    authorize.latency authorize.status awsEndpointRequestId awsEndpointRequestId2
    customDomain.basePathMatched dataProcessed domainName domainPrefix endpointType error.message
    error.messageString error.responseType error.validationErrorString extendedRequestId httpMethod
    identity.accountId identity.apiKey identity.apiKeyId identity.caller
    identity.cognitoAuthenticationProvider identity.cognitoAuthenticationType
    identity.cognitoIdentityId identity.cognitoIdentityPoolId identity.principalOrgId
    identity.sourceIp identity.user identity.userAgent identity.userArn identity.vpcId
    identity.vpceId integration.error integration.integrationStatus integration.latency
    integration.requestId integration.status integrationErrorMessage integrationLatency
    integrationStatus isCanaryRequest path protocol requestId requestTime requestTimeEpoch
    resourceId resourcePath responseLatency responseLength responseType routeKey stage status
    waf.error waf.latency waf.status wafLatency wafResponseCode webaclArn xrayTraceId
"""
VARIABLES = frozenset(NAMES.split())


def check(application: Application) -> Iterator[Finding]:
    """The access logs of all stages, the account's role for them, and stages that stay behind."""
    for name, resource in application.resources.items():
        properties = resource.get("Properties")
        if not isinstance(properties, dict):
            continue
        for key in LOGGED:
            if isinstance(properties.get(key), dict):
                yield from _format(application, name, key, properties[key])
        if resource.get("Type") == ACCOUNT:
            yield from _account(application, name, resource)
    for api in application.definitions:
        yield from _stays_behind(application, api)


def _format(
    application: Application, name: str, key: str, setting: Mapping[str, Any]
) -> Iterator[Finding]:
    text = application.environments[0].resolve(setting.get("Format"))
    if not isinstance(text, str) or not is_known(text):
        return
    for message, fix in _faults(text):
        yield application.finding(
            "access-log-format",
            name,
            "Properties",
            key,
            "Format",
            message=f"the access log of {name} {message}",
            fix=fix,
        )


def _faults(text: str) -> Iterator[tuple[str, str]]:
    if not any(variable in text for variable in NEEDED):
        yield "has no request id, and API Gateway refuses it", f"add {NEEDED[0]}"
    if "\n" in text.rstrip("\n"):
        yield "has more than one line, and API Gateway refuses it", "write it on one line: >-"
    for variable in VARIABLE.findall(text):
        if variable in VARIABLES or variable.startswith(OPEN):
            continue
        near = difflib.get_close_matches(variable, VARIABLES, 1, 0.8)
        if near:
            yield f"has $context.{variable}, which stays empty", f"write $context.{near[0]}"


def _account(application: Application, name: str, account: Mapping[str, Any]) -> Iterator[Finding]:
    """The account's role comes after some API and before the stages that log."""
    resources = application.resources
    apis = {other for other, item in resources.items() if item.get("Type") in API_TYPES}
    if apis and not apis & _needs(account):
        yield application.finding(
            "account-role-order",
            name,
            message=f"{name} waits for no API, and a new account refuses it before there is one",
            fix=f"DependsOn: {min(apis)}",
        )
    for other, stage in resources.items():
        properties = stage.get("Properties")
        if stage.get("Type") not in STAGE_TYPES or not isinstance(properties, dict):
            continue
        if set(LOGGED) & set(properties) and name not in _needs(stage):
            yield application.finding(
                "account-role-order",
                other,
                "Properties",
                "AccessLogSetting",
                message=f"the stage of {other} logs, and does not wait for {name}, "
                "without which a new account refuses it",
                fix=f"refer to {name} in its access log's settings",
            )


def _needs(resource: Mapping[str, Any]) -> set[str]:
    stated = resource.get("DependsOn") or []
    listed = stated if isinstance(stated, list) else [stated]
    return references(resource) | set(map(str, listed))


def _stays_behind(application: Application, api: WrittenApi) -> Iterator[Finding]:
    """SAM makes a deployment for another text of the definition, not for other values in it."""
    is_always = application.environments[0].resolve(api.properties.get("AlwaysDeploy"))
    is_sams = application.resources[api.name].get("Type") == "AWS::Serverless::Api"
    if not is_sams or str(is_always).lower() == "true":
        return
    declared = {*application.section("Parameters"), *application.section("Conditions")}
    chosen = {str(node["Fn::If"][0]) for _, node in api.nodes if _is_choice(node)}
    used = sorted((references(api.data) | chosen) & declared)
    if used:
        yield application.finding(
            "deploy-always",
            api.name,
            "Properties",
            message=f"a change of only {used[0]} does not reach the stage of {api.name}",
            fix="add AlwaysDeploy: true",
        )


def _is_choice(node: Any) -> bool:
    return isinstance(node, dict) and isinstance(node.get("Fn::If"), list) and bool(node["Fn::If"])
