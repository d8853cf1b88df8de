"""What AWS's own translator makes of implicit, event-defined and HTTP APIs.

Its import takes most of a second, so only templates that need it wait for it.
"""

import copy
import logging
from collections.abc import Mapping
from typing import Any

from samspec.sam.account import REGION
from samspec.sam.definitions import included
from samspec.sam.errors import ProjectError
from samspec.sam.template import Template

FUNCTION, MACHINE = "AWS::Serverless::Function", "AWS::Serverless::StateMachine"
REST, HTTP = "AWS::Serverless::Api", "AWS::Serverless::HttpApi"
DEFINITIONS = {"DefinitionBody", "DefinitionUri"}
# What SAM works into an API's definition.
WORKED_IN = {
    REST: {"Auth", "Cors", "GatewayResponses", "Models", "ApiKeySourceType"},
    HTTP: {"Auth", "CorsConfiguration"},
}
API_EVENTS = {"Api": "RestApiId", "HttpApi": "ApiId"}
# Made from code that need not be packaged yet, or of no concern to an API.
LEFT_OUT = {
    "AWS::Serverless::Application",
    "AWS::Serverless::CapacityProvider",
    "AWS::Serverless::Connector",
    "AWS::Serverless::GraphQLApi",
    "AWS::Serverless::LayerVersion",
    "AWS::Serverless::SimpleTable",
}
PACKAGED = "s3://bucket/key"  # what `sam package` writes in place of a local path
ROLE = "arn:aws:iam::123456789012:role/local"


def is_needed(template: Template) -> bool:
    """Whether SAM makes, or adds to, the definition of some API of the template."""
    for resource_type, properties_of_sam in WORKED_IN.items():
        for name in template.names(resource_type):
            properties = template.properties(name)
            if not DEFINITIONS & set(properties) or properties_of_sam & set(properties):
                return True
    for name in template.names(FUNCTION, MACHINE):
        for event in _api_events(template.properties(name)).values():
            if API_EVENTS[event["Type"]] not in (event.get("Properties") or {}):
                return True
    return False


class Untranslated(Exception):
    """SAM refuses a template; `causes` are its reasons."""

    def __init__(self, causes: list[str]) -> None:
        super().__init__("; ".join(causes))
        self.causes = causes


def translate(
    document: Mapping[str, Any],
    parameters: Mapping[str, Any],
    region: str = REGION,
    policies: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """CloudFormation's template of SAM's; conditions and references stay in it.

    `policies` are the ARNs of managed policies by their names. Raises Untranslated.
    """
    from boto3 import Session
    from samtranslator.model.exceptions import ExceptionWithMessage
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # it tells of feature toggles
    session = Session(region_name=region)
    translator = Translator(dict(policies or {}), Parser(), boto_session=session)
    try:
        return dict(translator.translate(copy.deepcopy(dict(document)), dict(parameters)))
    except ExceptionWithMessage as error:
        causes = [cause.message for cause in getattr(error, "causes", None) or [error]]
        raise Untranslated(causes) from None


def translated(template: Template) -> Template:
    """The template with APIs as CloudFormation gets them; a ProjectError where SAM refuses it."""
    try:
        result = translate(_reduced(template), template.parameter_values(), template.region)
    except Untranslated as error:
        raise ProjectError(f"{template.path}: SAM cannot translate it: {error}") from None
    resources = result["Resources"]
    for name, resource in template.raw["Resources"].items():
        resources.setdefault(name, resource)  # those left out: others refer to them
    document = {**result, "Resources": resources, "Globals": template.raw.get("Globals") or {}}
    made = Template(template.path, settings=template.settings, document=document)
    made.files, made.unknown = template.files, template.unknown
    return made


def _reduced(template: Template) -> dict[str, Any]:
    """The template without what does not concern its APIs, so that nothing else can fail."""
    raw = template.raw
    shared = {}
    for key, value in (raw.get("Globals") or {}).items():
        if key in ("Api", "HttpApi"):
            shared[key] = value
    resources = {}
    for name, resource in raw["Resources"].items():
        if resource.get("Type") not in LEFT_OUT:
            resources[name] = _resource(template, name, resource)
    sections = {name: raw[name] for name in ("Parameters", "Mappings", "Conditions") if name in raw}
    document = {**sections, "Globals": shared, "Resources": resources}
    return {key: value for key, value in document.items() if value}


def _resource(template: Template, name: str, resource: Mapping[str, Any]) -> dict[str, Any]:
    resource_type = resource.get("Type")
    own = {key: value for key, value in resource.items() if key in ("Type", "Condition")}
    if resource_type == FUNCTION:
        properties = _function(template.properties(name))
    elif resource_type == MACHINE:
        properties = {
            "DefinitionUri": PACKAGED,
            "Role": ROLE,
            "Events": _api_events(template.properties(name)),
        }
    elif resource_type in WORKED_IN:
        properties = _api(template, resource.get("Properties") or {})
    else:
        return dict(resource)
    return {**own, "Properties": properties}


def _function(properties: Mapping[str, Any]) -> dict[str, Any]:
    alias = {key: properties[key] for key in ("AutoPublishAlias",) if key in properties}
    return {
        **alias,
        "Handler": "index.handler",
        "Runtime": "python3.12",
        "CodeUri": PACKAGED,
        "Role": ROLE,
        "Events": _api_events(properties),
    }


def _api(template: Template, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The API with its definition in place, as CloudFormation includes it before SAM runs."""
    own = dict(properties)
    location = properties.get("DefinitionUri")
    if isinstance(location, str):
        own["DefinitionBody"] = template.read(location)
        del own["DefinitionUri"]
    if "DefinitionBody" in own:
        own["DefinitionBody"] = included(template, own["DefinitionBody"])
    own.pop("Domain", None)  # needs a certificate, and changes no route
    return own


def _api_events(properties: Mapping[str, Any]) -> dict[str, Any]:
    events = properties.get("Events")
    if not isinstance(events, Mapping):
        return {}
    of_apis = {}
    for name, event in events.items():
        if isinstance(event, Mapping) and event.get("Type") in API_EVENTS:
            of_apis[name] = event
    return of_apis
