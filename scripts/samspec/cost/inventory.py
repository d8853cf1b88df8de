"""What an environment's stack holds that costs money."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samspec.deploy import translation
from samspec.sam.project import template_at

METRICS_OF_A_METHOD = 5  # Count, 4XXError, 5XXError, Latency, IntegrationLatency
METHODS = {
    *("get", "put", "post", "delete", "patch", "head", "options"),
    "x-amazon-apigateway-any-method",
}
# Types that cost by use, which the bill has by request, and types that cost nothing.
BY_USE = {
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::DynamoDB::Table",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
}
FREE = {
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::DomainName",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::SNS::Topic",  # but for a mail now and then
}


@dataclass(frozen=True)
class Inventory:
    """`unknown` are the types of resources that the bill leaves out."""

    memory_mb: int
    keys: int
    alarm_metrics: int
    custom_metrics: int
    dashboards: int
    retention_days: int
    is_traced: bool
    has_recovery: bool  # to any point in time
    unknown: tuple[str, ...]

    @classmethod
    def of(cls, root: Path, parameters: Mapping[str, str]) -> "Inventory":
        resources = translation.resolved(template_at(root), parameters)
        by_type: dict[str, list[dict[str, Any]]] = {}
        for resource in resources.values():
            properties = resource.get("Properties") or {}
            by_type.setdefault(resource["Type"], []).append(properties)
        functions = by_type.get("AWS::Lambda::Function", [])
        sizes = [int(function.get("MemorySize", 128)) for function in functions]
        retentions = []
        for group in by_type.get("AWS::Logs::LogGroup", []):
            retentions.append(int(group.get("RetentionInDays", 365)))
        stages = by_type.get("AWS::ApiGateway::Stage", [])
        return cls(
            memory_mb=max(sizes, default=128),
            keys=len(by_type.get("AWS::KMS::Key", [])),
            alarm_metrics=sum(map(_metrics, by_type.get("AWS::CloudWatch::Alarm", []))),
            custom_metrics=len(by_type.get("AWS::Logs::MetricFilter", [])) + _detailed(by_type),
            dashboards=len(by_type.get("AWS::CloudWatch::Dashboard", [])),
            retention_days=max(retentions, default=0),
            is_traced=any(stage.get("TracingEnabled") is True for stage in stages),
            has_recovery=any(map(_has_recovery, by_type.get("AWS::DynamoDB::Table", []))),
            unknown=tuple(sorted(set(by_type) - BY_USE - FREE - PRICED)),
        )


PRICED = {
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::KMS::Key",
    "AWS::Logs::MetricFilter",
}


def _metrics(alarm: Mapping[str, Any]) -> int:
    """How many metrics an alarm watches; an expression over them does not count."""
    metrics = alarm.get("Metrics")
    return len([metric for metric in metrics if "MetricStat" in metric]) if metrics else 1


def _detailed(by_type: Mapping[str, list[dict[str, Any]]]) -> int:
    """The metrics of each method, if the stage has them made."""
    settings: list[Mapping[str, Any]] = []
    for stage in by_type.get("AWS::ApiGateway::Stage", []):
        settings += stage.get("MethodSettings") or []
    if not any(str(setting.get("MetricsEnabled")).lower() == "true" for setting in settings):
        return 0
    methods = 0
    for api in by_type.get("AWS::ApiGateway::RestApi", []):
        for item in ((api.get("Body") or {}).get("paths") or {}).values():
            methods += len(METHODS & item.keys())
    return methods * METRICS_OF_A_METHOD


def _has_recovery(table: Mapping[str, Any]) -> bool:
    recovery = table.get("PointInTimeRecoverySpecification") or {}
    return str(recovery.get("PointInTimeRecoveryEnabled")).lower() == "true"
