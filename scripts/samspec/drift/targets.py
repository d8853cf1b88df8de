"""What an integration's uri calls, by its value in every environment and not by its spelling."""

import difflib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from samspec.drift.application import Application
from samspec.sam.variants import UNKNOWN, Variant, is_known

COMMON_SERVICES = ("dynamodb", "events", "kinesis", "s3", "sns", "sqs", "states")
LAMBDA_PATH = "path/2015-03-31/functions/"
URI = re.compile(
    r"arn:(?P<partition>[^:]*):(?P<service>[^:]*):(?P<region>[^:]*):"
    r"(?P<backend>[^:]*):(?P<path>.*)",
    re.DOTALL,
)
FUNCTION = re.compile(
    r"arn:(?P<partition>[^:]*):(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[^:]*):"
    r"(?P<noun>[^:]*):(?P<name>[^:]+)(?::(?P<qualifier>[^:]+))?"
)
FUNCTION_ARN = re.compile(r"arn:[^:]*:lambda:[^:]*:[^:]*:function:")
# What `sam local` reads: https://github.com/aws/aws-sam-cli, integration_uri.py.
READ_BY_SAM_LOCAL = re.compile(r"\$\{\w+\.(Arn|Alias)\}(:[\w-]+)?/invocations$")
MISNAMED = re.compile(r"\$\{(\w+)(?:\.\w+)?\}")  # what `Variant.resolve` leaves of it
INVOCATIONS = ("/invocations", "/response-streaming-invocations")


@dataclass(frozen=True)
class Target:
    """Where a uri leads. `function` is a logical id; None if it is not this template's."""

    is_lambda: bool = True
    function: str | None = None
    qualifier: str = ""
    rule: str = "integration-uri"
    fault: str = ""
    fix: str = ""
    is_unread_by_sam_local: bool = False


def target(application: Application, uri: Any) -> Target:
    """The function that a uri calls, or what is wrong with it."""
    if uri is None:
        return Target(is_lambda=False)
    key = repr(uri)
    if key not in application.targets:
        application.targets[key] = _found(application, uri)
    result: Target = application.targets[key]
    return result


def _found(application: Application, uri: Any) -> Target:
    first = _of(application, application.environments[0], uri)
    if first.fault or first.function is None:
        return first
    text = repr(uri)
    depends = any(f"{name}" in text for name in application.section("Parameters"))
    others = application.environments[1:] if depends else application.environments[-1:]
    for environment in others:
        other = _of(application, environment, uri)
        if other.fault:
            return other
    return Target(
        function=first.function,
        qualifier=first.qualifier,
        is_unread_by_sam_local=not _is_read_by_sam_local(uri),
    )


def _is_read_by_sam_local(uri: Any) -> bool:
    text = uri.get("Fn::Sub") if isinstance(uri, dict) else None
    if isinstance(text, list):
        text = text[0] if text and not _own_values(text) else None
    return isinstance(text, str) and READ_BY_SAM_LOCAL.search(text) is not None


def _own_values(parts: list[Any]) -> bool:
    return len(parts) > 1 and bool(parts[1])


def _of(application: Application, environment: Variant, uri: Any) -> Target:
    value = environment.resolve(uri)
    if not isinstance(value, str):
        return Target(fault="has a uri that is not text", fix="write Fn::Sub: arn:...")
    if not is_known(value) and not _mentions_function(value):
        return _unknown(application, uri, value)
    if FUNCTION_ARN.match(value):
        return _by_arn(application, environment, value)  # as an HTTP API may have it
    match = URI.fullmatch(value)
    if match is None:
        fix = "write Fn::Sub: arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:..."
        return Target(fault=f"has the uri {_shown(value)}, which is not an ARN", fix=fix)
    wrong = _place(application, environment, match, "uri", "apigateway")
    if wrong:
        return wrong
    if match["backend"] != "lambda":
        if match["backend"] in COMMON_SERVICES or match["backend"] in services():
            return Target(is_lambda=False)
        return Target(
            is_lambda=False,
            fault=f"has a uri to the service {match['backend']}, which AWS does not have",
            fix="write lambda",
        )
    return _lambda(application, environment, match["path"])


def _unknown(application: Application, uri: Any, value: str) -> Target:
    """A uri with a value that only AWS knows, such as an import: nothing to say about it."""
    return Target(function=None)


def _mentions_function(value: str) -> bool:
    return "function:" in value and value.index(UNKNOWN) > value.index("function:")


def _lambda(application: Application, environment: Variant, path: str) -> Target:
    ending = next((ending for ending in INVOCATIONS if path.endswith(ending)), None)
    dated = re.match(r"path/20\d\d-\d\d-\d\d/functions/", path)
    if ending is None or dated is None:
        return Target(
            fault=f"has the uri path {_shown(path)}",
            fix=f"write {LAMBDA_PATH}...{INVOCATIONS[0]}",
        )
    if not path.startswith((LAMBDA_PATH, "path/2021-11-15/functions/")):
        return Target(
            fault=f"calls Lambda's interface {dated[0].split('/')[1]}, which it does not have",
            fix=f"write {LAMBDA_PATH}",
        )
    arn = path[len(dated[0]) : -len(ending)]
    if UNKNOWN in arn:
        return Target(function=None)
    return _by_arn(application, environment, arn)


def _by_arn(application: Application, environment: Variant, arn: str) -> Target:
    match = FUNCTION.fullmatch(arn)
    if match is None:
        fix = "write ...functions/${Function.Arn}:alias/invocations"
        unnamed = Target(fault=f"has a uri that names no function: {_shown(arn)}", fix=fix)
        return _by_name(application, arn) or unnamed
    wrong = _place(application, environment, match, "function", "lambda", match["account"])
    if wrong:
        return wrong
    qualifier = match["qualifier"] or ""
    if "${" in qualifier:
        return Target(function=None)  # a stage variable
    logical = environment.function_ids.get(match["name"])
    if logical in application.functions:
        return Target(function=logical, qualifier=qualifier)
    named = _by_name(application, match["name"])
    if named:
        return named
    names = [environment.physical_name(name) for name in application.functions]
    if difflib.get_close_matches(match["name"], names, 1, 0.8):
        return _missing(application, match["name"])
    return Target(function=None)  # another stack's function, by its name


def _by_name(application: Application, arn: str) -> Target | None:
    """A uri whose function is a stage variable, or a resource that the template lacks."""
    if "${stageVariables" in arn:
        return Target(function=None)
    match = MISNAMED.match(arn)
    return _missing(application, match[1]) if match else None


def _missing(application: Application, name: str) -> Target:
    near = difflib.get_close_matches(name, application.functions, 1)
    return Target(
        rule="integration-function",
        fault=f"calls {name}, which is not a function of {application.template.name}",
        fix=f"write {near[0]}" if near else "name a function of the template",
    )


def _place(
    application: Application,
    environment: Variant,
    match: re.Match[str],
    noun: str,
    service: str,
    account: str | None = None,
) -> Target | None:
    """What of the ARN's first parts is misspelled, or fixed to one place."""
    if match["service"] != service:
        return Target(
            fault=f"has the service {match['service'] or '(none)'} in its {noun}'s ARN",
            fix=f"write {service}",
        )
    expected = {"partition": environment.partition, "region": environment.region}
    actual = {"partition": match["partition"], "region": match["region"]}
    if account is not None:
        expected["account"], actual["account"] = environment.account, account
    names = {"partition": "AWS::Partition", "region": "AWS::Region", "account": "AWS::AccountId"}
    for part, value in expected.items():
        if actual[part] == value or UNKNOWN in actual[part]:
            continue
        if part == "partition" and actual[part] == "aws" and not application.is_portable:
            continue
        return Target(
            rule="integration-place" if "${" not in actual[part] else "integration-uri",
            fault=f"has the {part} {actual[part] or '(none)'} in its {noun}'s ARN",
            fix=f"write ${{{names[part]}}}",
        )
    return None


def _shown(text: str) -> str:
    shortened = text.replace(UNKNOWN, "?")
    return shortened if len(shortened) <= 60 else f"{shortened[:57]}..."


@cache
def services() -> set[str]:
    """The services that AWS has, by botocore's names."""
    import botocore

    folder = Path(botocore.__file__).parent / "data"
    return {path.name for path in folder.iterdir() if path.is_dir()}
