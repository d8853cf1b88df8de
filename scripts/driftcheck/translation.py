"""The template as CloudFormation deploys it: by AWS's own SAM translator, the spec included before."""

import copy
import logging
from functools import cache
from typing import Any

from driftcheck.document import Document
from driftcheck.finding import CannotRun


@cache
def translated(template: Document, spec: Document, api: str) -> dict[str, Any]:
    from boto3 import Session
    from samtranslator.model.exceptions import ExceptionWithMessage
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    translator = Translator(
        {}, Parser(), boto_session=Session(region_name="us-east-1")
    )  # any region: none is looked at
    try:
        found: dict[str, Any] = translator.translate(_packaged(template.data, spec.data, api), {})
    except ExceptionWithMessage as error:
        causes = "; ".join(cause.message for cause in getattr(error, "causes", None) or [error])
        raise CannotRun(f"{template.name}:1: SAM cannot translate it ({causes}): mend it first") from None
    return found


def _packaged(template: dict[str, Any], spec: dict[str, Any], api: str) -> dict[str, Any]:
    """As `sam package` leaves it, code in a bucket, and as CloudFormation hands it to the translator."""
    packaged: dict[str, Any] = copy.deepcopy(template)
    packaged["Resources"][api]["Properties"]["DefinitionBody"] = copy.deepcopy(spec)
    for resource in packaged["Resources"].values():
        if resource.get("Type") == "AWS::Serverless::Function":
            resource.setdefault("Properties", {})["CodeUri"] = "s3://bucket/key"
    return packaged
