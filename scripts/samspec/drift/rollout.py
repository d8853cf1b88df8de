"""Which changes need two deploys, because old and new code run side by side for a while.

API Gateway's stage, roles and tables change at once. A function with a gradual deployment serves
some requests with its old version until the new one has all of them, and again after a rollback.
"""

from collections.abc import Iterator
from typing import Any

from samspec.drift.application import Application, is_proxy
from samspec.drift.policies import grants
from samspec.sam.documents import Keys
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.written import WrittenApi

DATA = (
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::Serverless::SimpleTable",
    "AWS::SQS::Queue",
)


def two_steps(
    application: Application,
    before: Application,
    api: WrittenApi,
    earlier: WrittenApi,
    reference: str,
) -> Iterator[Finding]:
    """What the old code cannot serve, or can no longer do, while it still runs."""
    if not is_gradual(application):
        return
    old = {(item.method, item.path): item for item in earlier.operations}
    for operation in api.operations:
        was = old.get((operation.method, operation.path))
        if was is not None and is_proxy(operation):
            yield from _operation(api, earlier, operation, was, reference)
    yield from _permissions(application, before, reference)
    yield from _resources(application, before, reference)


def is_gradual(application: Application) -> bool:
    """Whether some environment shifts traffic gradually."""
    for environment in application.environments:
        for function in application.functions.values():
            preference = environment.resolve(function.properties.get("DeploymentPreference"))
            if not isinstance(preference, dict):
                continue
            is_on = str(preference.get("Enabled", True)).lower() == "true"
            if is_on and "AllAtOnce" not in str(preference.get("Type")):
                return True
    return False


def _operation(
    api: WrittenApi, earlier: WrittenApi, operation: Operation, was: Operation, reference: str
) -> Iterator[Finding]:
    ours, theirs = _members(api, operation), _members(earlier, was)
    for name in sorted(ours["request"].keys() - theirs["request"].keys()):
        yield _finding(
            api,
            (*operation.keys, "requestBody"),
            f"{operation} takes {name} now, which the old code refuses until the new one has all "
            "requests",
            "tell callers after the deploy is over",
            reference,
        )
    required = {name for name, is_required in ours["response"].items() if is_required}
    for name in sorted(required - {key for key, value in theirs["response"].items() if value}):
        yield _finding(
            api,
            (*operation.keys, "responses"),
            f"{operation} promises {name} now, which the old code does not send yet",
            "make it required in a second deploy",
            reference,
        )


def _finding(api: WrittenApi, at: Keys, message: str, fix: str, reference: str) -> Finding:
    return api.finding("two-steps", at, message, f"{fix} (against {reference})")


def _members(api: WrittenApi, operation: Operation) -> dict[str, dict[str, bool]]:
    """The top-level properties of request and success responses, and whether they are required."""
    request = _properties(api, api.body_schema(operation))
    response: dict[str, bool] = {}
    for status, node in api.responses(operation).items():
        content = node.get("content")
        for media in (
            content.values() if status.startswith("2") and isinstance(content, dict) else ()
        ):
            response.update(_properties(api, media.get("schema")))
    return {"request": request, "response": response}


def _properties(api: WrittenApi, schema: Any) -> dict[str, bool]:
    schema = api.mapping(schema)
    required = set(schema.get("required") or [])
    return {name: name in required for name in schema.get("properties") or {}}


def _permissions(
    application: Application, before: Application, reference: str
) -> Iterator[Finding]:
    for function in application.functions.values():
        earlier = before.functions.get(function.name)
        if earlier is None:
            continue
        environment, was = application.environments[0], before.environments[0]
        now = grants(application, function, environment).statements
        kept = {action for statement in now for action in statement.actions}
        for statement in grants(before, earlier, was).statements:
            gone = [item for item in statement.actions if item not in kept and "*" not in item]
            if statement.effect == "Allow" and gone:
                yield application.template.finding(
                    "two-steps",
                    ("Resources", function.name, "Properties", "Policies"),
                    f"{function.name} may not call {', '.join(gone)} any more, which its old code "
                    "may need until the new one has all requests",
                    f"take the permission away in a second deploy (against {reference})",
                )


def _resources(application: Application, before: Application, reference: str) -> Iterator[Finding]:
    for name, resource in before.resources.items():
        if str(resource.get("Type")) in DATA and name not in application.resources:
            yield application.template.finding(
                "two-steps",
                ("Resources",),
                f"{name} is gone, with what is in it, and the old code may need it",
                f"move the code first, the resource in a second deploy (against {reference})",
            )
