"""The template as CloudFormation deploys it: by AWS's own SAM translator, the spec included before."""

import copy
import logging
import re
from functools import cache
from typing import Any

from samspec.sam.documents import Document
from samspec.sam.finding import Finding


@cache
def translated(
    template: Document, spec: Document, api: str
) -> tuple[dict[str, Any], list[Finding]]:
    """The translated template, or what keeps SAM from it."""
    from boto3 import Session
    from samtranslator.model.exceptions import ExceptionWithMessage
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    translator = Translator(
        {}, Parser(), boto_session=Session(region_name="us-east-1")
    )  # any region: none is looked at
    try:
        return translator.translate(_packaged(template.data, spec.data, api), {}), []
    except ExceptionWithMessage as error:
        causes = [cause.message for cause in getattr(error, "causes", None) or [error]]
    return {}, [_finding(template, cause) for cause in causes]


def _finding(template: Document, cause: str) -> Finding:
    named = re.search(r"id \[(\w+)\]", cause)
    at = ("Resources", named[1]) if named else ()
    return template.finding(
        at, f"SAM cannot translate it ({cause})", "mend it; permissions wait for that"
    )


def _packaged(template: dict[str, Any], spec: dict[str, Any], api: str) -> dict[str, Any]:
    """As `sam package` leaves it, code in a bucket, and as CloudFormation hands it to the translator."""
    packaged: dict[str, Any] = copy.deepcopy(template)
    packaged["Resources"][api]["Properties"]["DefinitionBody"] = copy.deepcopy(spec)
    for resource in packaged["Resources"].values():
        if resource.get("Type") == "AWS::Serverless::Function":
            resource.setdefault("Properties", {})["CodeUri"] = "s3://bucket/key"
    return packaged
