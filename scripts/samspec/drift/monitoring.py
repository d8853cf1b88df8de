"""Alarms, dashboards and outputs: they name what exists, and watch what can happen."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.application import Application
from samspec.sam.documents import Keys
from samspec.sam.finding import Finding
from samspec.sam.variants import UNKNOWN, Variant
from samspec.sam.written import SERVERLESS

# The metrics of each namespace, by AWS's guides.
METRICS = {
    "AWS/ApiGateway": "4XXError 5XXError CacheHitCount CacheMissCount Count IntegrationLatency "
    "Latency 4xx 5xx DataProcessed",
    "AWS/Lambda": "Invocations Errors DeadLetterErrors DestinationDeliveryFailures Throttles "
    "OversizedRecordCount ProvisionedConcurrencyInvocations "
    "ProvisionedConcurrencySpilloverInvocations RecursiveInvocationsDropped Duration "
    "PostRuntimeExtensionsDuration IteratorAge OffsetLag ConcurrentExecutions "
    "ProvisionedConcurrentExecutions ProvisionedConcurrencyUtilization "
    "UnreservedConcurrentExecutions ClaimedAccountConcurrency AsyncEventsReceived "
    "AsyncEventAge AsyncEventsDropped SignatureValidationErrors",
    "AWS/DynamoDB": "AccountMaxReads AccountMaxTableLevelReads AccountMaxTableLevelWrites "
    "AccountMaxWrites AccountProvisionedReadCapacityUtilization "
    "AccountProvisionedWriteCapacityUtilization AgeOfOldestUnreplicatedRecord "
    "ConditionalCheckFailedRequests ConsumedChangeDataCaptureUnits ConsumedReadCapacityUnits "
    "ConsumedWriteCapacityUnits FailedToReplicateRecordCount "
    "MaxProvisionedTableReadCapacityUtilization MaxProvisionedTableWriteCapacityUtilization "
    "OnDemandMaxReadRequestUnits OnDemandMaxWriteRequestUnits OnlineIndexConsumedWriteCapacity "
    "OnlineIndexPercentageProgress OnlineIndexThrottleEvents PendingReplicationCount "
    "ProvisionedReadCapacityUnits ProvisionedWriteCapacityUnits ReadThrottleEvents "
    "ReplicationLatency ReturnedBytes ReturnedItemCount ReturnedRecordsCount "
    "SuccessfulRequestLatency SystemErrors TimeToLiveDeletedItemCount "
    "ThrottledPutRecordCount ThrottledRequests TransactionConflict UserErrors "
    "WriteThrottleEvents ReadAccountLimitThrottleEvents WriteAccountLimitThrottleEvents "
    "ReadKeyRangeThroughputThrottleEvents WriteKeyRangeThroughputThrottleEvents "
    "ReadProvisionedThroughputThrottleEvents WriteProvisionedThroughputThrottleEvents "
    "ReadMaxOnDemandThroughputThrottleEvents WriteMaxOnDemandThroughputThrottleEvents "
    "FaultInjectionServiceInducedErrors",
}
OWNERS = {
    "FunctionName": ("AWS::Serverless::Function", "AWS::Lambda::Function"),
    "TableName": (
        "AWS::DynamoDB::Table",
        "AWS::Serverless::SimpleTable",
        "AWS::DynamoDB::GlobalTable",
    ),
    "QueueName": ("AWS::SQS::Queue",),
    "TopicName": ("AWS::SNS::Topic",),
}
MOST_METRICS = 10  # of one alarm: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
ENDPOINT = re.compile(r"//(?P<api>[\w-]+)\.execute-api\.[^/]+/(?P<stage>[^/\s]+)")
IMPLICIT = "ServerlessRestApi"  # its stage is Prod
Metric = tuple[Keys, Mapping[str, Any]]


def check(application: Application) -> Iterator[Finding]:
    """Every alarm and dashboard, the alarms of canaries, and the outputs."""
    reported: set[tuple[str, int, str]] = set()
    for environment in application.environments:
        for finding in _in(application, environment):
            key = (finding.rule, finding.line, finding.message)
            if key not in reported and not _is_reported(reported, finding):
                reported.add(key)
                yield finding


def _is_reported(reported: set[tuple[str, int, str]], finding: Finding) -> bool:
    return any(rule == finding.rule and line == finding.line for rule, line, _ in reported)


def _in(application: Application, environment: Variant) -> Iterator[Finding]:
    for name, resource in environment.resources.items():
        at = ("Resources", name, "Properties")
        if resource.get("Type") == "AWS::CloudWatch::Alarm":
            properties = environment.resolve(resource.get("Properties") or {})
            yield from _alarm(application, environment, name, at, properties)
        elif resource.get("Type") == "AWS::CloudWatch::Dashboard":
            yield from _dashboard(application, environment, name, at, resource)
    yield from _canaries(application, environment)
    yield from _outputs(application, environment)


# Alarms


def _alarm(
    application: Application,
    environment: Variant,
    name: str,
    at: Keys,
    properties: Mapping[str, Any],
) -> Iterator[Finding]:
    metrics = list(_metrics(at, properties))
    for place, metric in metrics:
        yield from _metric(application, environment, name, place, metric)
    counted = [item for item in properties.get("Metrics") or [] if "MetricStat" in item]
    if len(counted) > MOST_METRICS:
        yield application.template.finding(
            "alarm-metrics",
            (*at, "Metrics"),
            f"{name} watches {len(counted)} metrics, and CloudWatch takes {MOST_METRICS}",
            "watch a sum that does not grow with functions, or split the alarm",
        )
    yield from _left_out(application, environment, name, at, metrics)
    yield from _actions(application, environment, name, at, properties)


def _metrics(at: Keys, properties: Mapping[str, Any]) -> Iterator[Metric]:
    if "MetricName" in properties:
        yield at, properties
    for index, item in enumerate(properties.get("Metrics") or []):
        statistic = item.get("MetricStat") if isinstance(item, dict) else None
        if isinstance(statistic, dict) and isinstance(statistic.get("Metric"), dict):
            yield (*at, "Metrics", str(index)), statistic["Metric"]


def _metric(
    application: Application,
    environment: Variant,
    name: str,
    at: Keys,
    metric: Mapping[str, Any],
) -> Iterator[Finding]:
    namespace, metric_name = str(metric.get("Namespace")), str(metric.get("MetricName"))
    existing = METRICS.get(namespace, "").split()
    if existing and metric_name not in existing:
        near = difflib.get_close_matches(metric_name, existing, 1)
        yield application.template.finding(
            "alarm-metric",
            at,
            f"{name} watches {namespace} {metric_name}, which does not exist",
            f"write {near[0]}" if near else "name a metric of AWS's guide",
        )
    yield from _filtered(application, environment, name, at, metric)
    if namespace.startswith("AWS/") and not existing and not _is_namespace(namespace):
        near = difflib.get_close_matches(namespace, METRICS, 1)
        yield application.template.finding(
            "alarm-metric",
            at,
            f"{name} watches the namespace {namespace}",
            f"write {near[0]}" if near else "name a namespace of AWS's guide",
        )
    dimensions = {}
    for item in metric.get("Dimensions") or []:
        if isinstance(item, dict):
            dimensions[str(item.get("Name"))] = str(item.get("Value"))
    yield from _dimensions(application, environment, name, at, dimensions, namespace)


def _filtered(
    application: Application,
    environment: Variant,
    name: str,
    at: Keys,
    metric: Mapping[str, Any],
) -> Iterator[Finding]:
    """A metric in a namespace that the template's log filters fill is one of theirs."""
    watched = str(metric.get("Namespace")), str(metric.get("MetricName"))
    made = environment.cached("metrics", lambda: set(_metrics_of_filters(environment)))
    namespaces = {namespace for namespace, _ in made}
    is_meant = difflib.get_close_matches(watched[0], namespaces, 1, 0.8)
    if is_meant and watched not in made:
        listed = ", ".join(" ".join(pair) for pair in sorted(made))
        yield application.template.finding(
            "alarm-metric",
            at,
            f"{name} watches {' '.join(watched)}, which no metric filter makes",
            f"write one of: {listed}",
        )


def _metrics_of_filters(environment: Variant) -> Iterator[tuple[str, str]]:
    for resource in environment.resources.values():
        if resource.get("Type") != "AWS::Logs::MetricFilter":
            continue
        properties = environment.resolve(resource.get("Properties") or {})
        for item in properties.get("MetricTransformations") or []:
            if isinstance(item, dict):
                yield str(item.get("MetricNamespace")), str(item.get("MetricName"))


def _is_namespace(namespace: str) -> bool:
    return not difflib.get_close_matches(namespace, METRICS, 1, 0.85)


def _dimensions(
    application: Application,
    environment: Variant,
    name: str,
    at: Keys,
    dimensions: Mapping[str, str],
    namespace: str,
) -> Iterator[Finding]:
    for dimension, value in dimensions.items():
        if UNKNOWN in value:
            continue
        expected = _expected(application, environment, dimension, namespace)
        if expected and value not in expected and not _is_elsewhere(value, expected, dimension):
            yield application.template.finding(
                "alarm-dimension",
                at,
                f"{name} watches {dimension} {value}, which this template does not make",
                f"write one of: {', '.join(sorted(expected))}",
            )
    if namespace == "AWS/ApiGateway" and set(dimensions) == {"Stage"}:
        yield application.template.finding(
            "alarm-dimension",
            at,
            f"{name} watches a stage without its ApiName",
            "add the dimension ApiName",
        )


def _is_elsewhere(value: str, expected: set[str], dimension: str) -> bool:
    """Whether a name may be another stack's: it looks like none of this one's."""
    if dimension in ("ApiName", "Stage", "FunctionName", "TableName"):
        return False
    return not difflib.get_close_matches(value, expected, 1, 0.8)


def _expected(
    application: Application, environment: Variant, dimension: str, namespace: str
) -> set[str]:
    """The values that a dimension may have here; empty if any."""
    names: set[str] = set()
    for name, resource in environment.resources.items():
        type_name, properties = str(resource.get("Type")), resource.get("Properties") or {}
        if type_name in OWNERS.get(dimension, ()):
            names.add(environment.physical_name(name))
        if namespace != "AWS/ApiGateway":
            continue
        if dimension == "ApiName" and type_name in (
            "AWS::Serverless::Api",
            "AWS::ApiGateway::RestApi",
        ):
            stated = properties.get("Name") or _title(application, name) or name
            names.add(str(environment.resolve(stated)))
        if dimension == "ApiId" and "Api" in type_name:
            names.add(environment.resource(name).ref)
        if dimension == "Stage":
            if type_name in ("AWS::Serverless::Api", "AWS::Serverless::HttpApi"):
                stage = properties.get("StageName", "$default")
                names.add(str(environment.resolve(stage)))
            elif type_name in ("AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"):
                names.add(str(environment.resolve(properties.get("StageName"))))
    is_implicit = namespace == "AWS/ApiGateway" and not application.written
    return set() if is_implicit or any(UNKNOWN in name for name in names) else names


def _title(application: Application, name: str) -> str | None:
    for api in application.written:
        if api.name == name:
            title = (api.data.get("info") or {}).get("title")
            return str(title) if title else None
    return None


def _left_out(
    application: Application,
    environment: Variant,
    name: str,
    at: Keys,
    metrics: list[Metric],
) -> Iterator[Finding]:
    """An alarm that adds up most functions adds up all of the API."""
    metric_names = _metrics_by_function(metrics)
    functions = {}
    for function, item in application.functions.items():
        if item.type_name == SERVERLESS and environment.is_made(function):
            functions[environment.physical_name(function)] = function
    if len(metric_names) < 2 or len(metric_names) * 2 < len(functions):
        return
    for physical, function in functions.items():
        if physical not in metric_names:
            yield application.template.finding(
                "alarm-left-out",
                (*at, "Metrics"),
                f"{name} watches the functions, and not {function}",
                "add its metric",
            )
    usual = max(metric_names.values(), key=lambda value: list(metric_names.values()).count(value))
    for physical, names in metric_names.items():
        if names != usual:
            yield application.template.finding(
                "alarm-left-out",
                (*at, "Metrics"),
                f"{name} watches {', '.join(sorted(names))} of "
                f"{functions.get(physical, physical)}, and {', '.join(sorted(usual))} of the "
                "others",
                "watch the same metric of each",
            )


def _metrics_by_function(metrics: list[Metric]) -> dict[str, set[str]]:
    """The names of the metrics that an alarm adds up, by the physical names of functions."""
    names: dict[str, set[str]] = {}
    for _, metric in metrics:
        for item in metric.get("Dimensions") or []:
            if isinstance(item, dict) and item.get("Name") == "FunctionName":
                metric_name = str(metric.get("MetricName"))
                names.setdefault(str(item.get("Value")), set()).add(metric_name)
    return names


def _actions(
    application: Application,
    environment: Variant,
    name: str,
    at: Keys,
    properties: Mapping[str, Any],
) -> Iterator[Finding]:
    """An alarm does something if the others of the template do: by actions, or for a canary."""
    if properties.get("AlarmActions") or name in application.watched:
        return
    others = []
    for other, resource in environment.resources.items():
        if resource.get("Type") == "AWS::CloudWatch::Alarm" and other != name:
            others.append(
                environment.resolve((resource.get("Properties") or {}).get("AlarmActions"))
            )
    acting = [actions for actions in others if isinstance(actions, list) and actions]
    if others and len(acting) * 2 > len(others):
        yield application.template.finding(
            "alarm-actions",
            at,
            f"{name} tells nobody, and the other alarms do (with {environment.label})",
            "add AlarmActions",
        )


# Canaries


def _canaries(application: Application, environment: Variant) -> Iterator[Finding]:
    """A gradual deployment is rolled back by alarms, which exist and watch something."""
    seen: set[int] = set()  # what Globals give to all functions is one object
    for function in application.functions.values():
        stated = function.properties.get("DeploymentPreference")
        if id(stated) in seen:
            continue
        seen.add(id(stated))
        preference = environment.resolve(stated)
        if isinstance(preference, dict) and _is_gradual(preference):
            yield from _canary(application, environment, function.name, preference)


def _is_gradual(preference: Mapping[str, Any]) -> bool:
    """Whether new code gets a part of the requests first, as far as the template can tell."""
    enabled = preference.get("Enabled", True)
    if not enabled or str(enabled).lower() == "false":
        return False
    type_name = str(preference.get("Type"))
    return "AllAtOnce" not in type_name and UNKNOWN not in type_name


def _canary(
    application: Application, environment: Variant, name: str, preference: Mapping[str, Any]
) -> Iterator[Finding]:
    at = _preference_place(application, name)
    alarms = preference.get("Alarms")
    if isinstance(alarms, list) and not alarms:
        yield application.template.finding(
            "canary-alarms",
            at,
            f"{name} is deployed by {preference.get('Type')}, and no alarm would stop it "
            f"(with {environment.label})",
            "list the alarms that do",
        )
    elif alarms is None:
        yield application.template.finding(
            "canary-alarms",
            at,
            f"{name} is deployed by {preference.get('Type')} without Alarms",
            "list the alarms that roll it back",
        )
    for alarm in alarms if isinstance(alarms, list) else ():
        if not _alarm_exists(application, environment, str(alarm)):
            yield application.template.finding(
                "canary-alarms",
                at,
                f"{name} is rolled back by {alarm}, "
                f"which does not exist (with {environment.label})",
                "name an alarm that exists in the same environments",
            )


def _preference_place(application: Application, name: str) -> Keys:
    own = ("Resources", name, "Properties", "DeploymentPreference")
    shared = ("Globals", "Function", "DeploymentPreference")
    return own if own in application.template.lines else shared


def _alarm_exists(application: Application, environment: Variant, alarm: str) -> bool:
    """Whether an alarm of the template exists here; any other may."""
    if UNKNOWN in alarm or "${" in alarm:
        return UNKNOWN in alarm
    made = {}
    for name, resource in application.resources.items():
        if str(resource.get("Type")).endswith("Alarm"):
            made[environment.physical_name(name)] = name in environment.resources
    return made.get(alarm, True)


# Dashboards and outputs


def _dashboard(
    application: Application,
    environment: Variant,
    name: str,
    at: Keys,
    resource: Mapping[str, Any],
) -> Iterator[Finding]:
    body = environment.resolve((resource.get("Properties") or {}).get("DashboardBody"))
    place = (*at, "DashboardBody")
    if not isinstance(body, str) or UNKNOWN in body:
        return
    try:
        content = json.loads(body)
    except ValueError as error:
        yield application.template.finding(
            "dashboard", place, f"{name} is not JSON ({error})", "correct DashboardBody"
        )
        return
    for missing in re.findall(r"\$\{[\w.]+\}", body):
        yield application.template.finding(
            "dashboard", place, f"{name} names {missing}, which does not exist", "correct the name"
        )
    for widget in content.get("widgets", []) if isinstance(content, dict) else ():
        properties = widget.get("properties") or {} if isinstance(widget, dict) else {}
        namespace = ""
        for metric in properties.get("metrics") or []:
            if isinstance(metric, list) and metric and metric[0] == ".":
                metric = [namespace, *metric[1:]]  # the namespace of the row before
            elif isinstance(metric, list) and metric and isinstance(metric[0], str):
                namespace = metric[0]
            yield from _graph(application, environment, name, place, metric)


def _graph(
    application: Application, environment: Variant, name: str, at: Keys, metric: Any
) -> Iterator[Finding]:
    texts = [item for item in metric if isinstance(item, str)] if isinstance(metric, list) else []
    options = (
        [item for item in metric if isinstance(item, dict)] if isinstance(metric, list) else []
    )
    for option in options:
        expression = str(option.get("expression", ""))
        if "SEARCH" in expression and re.search(r'"local-[^"]*-?"', expression):
            yield application.template.finding(
                "dashboard-search",
                at,
                f"{name} searches for the stack's name in quotes, which is an exact match of a "
                "word",
                "leave the quotes out: a part of a name is matched without them",
            )
    if len(texts) < 2 or texts[0] not in METRICS:
        return
    if texts[1] not in METRICS[texts[0]].split():
        yield application.template.finding(
            "dashboard",
            at,
            f"{name} shows {texts[0]} {texts[1]}, which does not exist",
            "name a metric of AWS's guide",
        )
    for dimension, value in zip(texts[2::2], texts[3::2], strict=False):
        expected = _expected(application, environment, dimension, texts[0])
        if expected and value not in (*expected, "."):
            yield application.template.finding(
                "dashboard",
                at,
                f"{name} shows {dimension} {value}, which this template does not make",
                "name a resource of the template",
            )


def _stages(application: Application, environment: Variant) -> dict[str, set[str]]:
    """The stages of each REST API, by its id here; none if another resource may make some."""
    stages = {str(environment.resolve({"Ref": IMPLICIT})): {"Prod"}}
    for name, resource in application.of_type("AWS::Serverless::Api"):
        stage = (resource.get("Properties") or {}).get("StageName")
        stages[environment.resource(name).ref] = {str(environment.resolve(stage))}
    for _, resource in application.of_type("AWS::ApiGateway::Stage"):
        properties = resource.get("Properties") or {}
        api = str(environment.resolve(properties.get("RestApiId")))
        stage = str(environment.resolve(properties.get("StageName")))
        stages[api] = stages.get(api, set()) | {stage}
    return stages


def _outputs(application: Application, environment: Variant) -> Iterator[Finding]:
    """An output's URL has a stage of its API."""
    by_api = _stages(application, environment)
    for name, output in application.section("Outputs").items():
        value = environment.resolve(output.get("Value")) if isinstance(output, dict) else ""
        match = ENDPOINT.search(str(value))
        stages = by_api.get(match["api"], set()) if match else set()
        is_known = UNKNOWN not in str(value) and not any("/" in stage for stage in stages)
        if match and stages and is_known and match["stage"] not in stages:
            yield application.template.finding(
                "output-stage",
                ("Outputs", name, "Value"),
                f"the output {name} names the stage {match['stage']}, "
                f"and the API has {', '.join(sorted(stages))}",
                "write the stage's name",
            )
        for missing in re.findall(r"\$\{[\w.]+\}", str(value)):
            yield application.template.finding(
                "reference-missing",
                ("Outputs", name, "Value"),
                f"the output {name} names {missing}, which does not exist",
                "name a resource of the template",
            )
