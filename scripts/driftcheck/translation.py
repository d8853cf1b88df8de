"""The template as CloudFormation deploys it: by AWS's own SAM translator, the spec included before."""

import copy
import logging
from typing import Any

from driftcheck.finding import CannotRun
from driftcheck.project import Project


def translated(project: Project) -> dict[str, Any]:
    from boto3 import Session
    from samtranslator.model.exceptions import ExceptionWithMessage
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    translator = Translator(
        {}, Parser(), boto_session=Session(region_name="us-east-1")
    )  # any region: none is looked at
    try:
        found: dict[str, Any] = translator.translate(_packaged(project), {})
    except ExceptionWithMessage as error:
        causes = "; ".join(cause.message for cause in getattr(error, "causes", None) or [error])
        raise CannotRun(f"{project.template.name}:1: SAM cannot translate it ({causes}): mend it first") from None
    return found


def _packaged(project: Project) -> dict[str, Any]:
    """As `sam package` leaves it, code in a bucket, and as CloudFormation hands it to the translator."""
    template: dict[str, Any] = copy.deepcopy(project.template.data)
    template["Resources"][project.api]["Properties"]["DefinitionBody"] = copy.deepcopy(project.spec.data)
    for name in project.functions:
        template["Resources"][name].setdefault("Properties", {})["CodeUri"] = "s3://bucket/key"
    return template
