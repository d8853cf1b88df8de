"""What production stands on, each property with the change to the template that would lose it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cfnlint.api
import pytest
from deployment import translation
from gateway import documents

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("dev", "prod")
Resources = dict[str, dict[str, Any]]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_template_that_cloudformation_gets_has_nothing_to_remark(environment: str) -> None:
    template = translation.translated(ROOT / "template.yaml", environment)
    template.pop("Metadata")  # what cfn-lint ignores in the template it does not ignore in this one
    assert cfnlint.api.lint(json.dumps(template)) == []


def statement(resources: Resources, sid: str) -> dict[str, Any]:
    policy = resources["EncryptionKey"]["Properties"]["KeyPolicy"]["Statement"]
    return next(s for s in policy if s["Sid"] == sid)


def of_type(resources: Resources, kind: str) -> list[dict[str, Any]]:
    return [r["Properties"] for r in resources.values() if r["Type"] == kind]


def table(resources: Resources) -> dict[str, Any]:
    return dict(resources["UsersTable"]["Properties"])


def stage(resources: Resources) -> dict[str, Any]:
    return dict(resources["UsersApiProdStage"]["Properties"])


def operations(resources: Resources) -> list[dict[str, Any]]:
    paths = resources["UsersApi"]["Properties"]["Body"]["paths"].values()
    return [o for path in paths for o in path.values() if "operationId" in o]


def alarms_to_topic(r: Resources) -> bool:
    alarms = of_type(r, "AWS::CloudWatch::Alarm")
    return len(alarms) == 6 and all(a["AlarmActions"] == ["AlarmTopic"] for a in alarms)


def metrics(r: Resources) -> set[str]:
    alarms = of_type(r, "AWS::CloudWatch::Alarm")
    inner = [m["MetricStat"]["Metric"] for a in alarms for m in a.get("Metrics", []) if "MetricStat" in m]
    return {m["MetricName"] for m in [*alarms, *inner] if "MetricName" in m}


def all_functions_watched(r: Resources) -> bool:
    functions = {name for name, resource in r.items() if resource["Type"] == "AWS::Lambda::Function"}
    return all(
        functions == {d["Value"] for m in r[alarm]["Properties"]["Metrics"][1:] for d in dimensions(m)}
        for alarm in ("FunctionErrorsAlarm", "FunctionThrottlesAlarm")
    )


def dimensions(metric: dict[str, Any]) -> list[dict[str, str]]:
    return list(metric["MetricStat"]["Metric"]["Dimensions"])


def alarmed(*names: str) -> Callable[[Resources], bool]:
    return lambda r: set(names) <= metrics(r)


def canaries(r: Resources) -> bool:
    groups = of_type(r, "AWS::CodeDeploy::DeploymentGroup")
    return len(groups) == 5 and all(
        "Canary10Percent" in g["DeploymentConfigName"]
        and g["AutoRollbackConfiguration"]["Enabled"]
        and len(g["AlarmConfiguration"]["Alarms"]) == 4
        for g in groups
    )


def narrow_policies(r: Resources) -> bool:
    policies = [p["PolicyDocument"] for role in of_type(r, "AWS::IAM::Role") for p in role.get("Policies", [])]
    statements = [s for policy in policies for s in policy["Statement"]]
    return len(statements) == 5 and not any("*" in json.dumps([s["Action"], s["Resource"]]) for s in statements)


# Sentence, the text of template.yaml or spec that gives it, the text that loses it, and the check.
PROPERTIES: dict[str, tuple[str, str, Callable[[Resources], bool]]] = {
    "requests are signed": (
        "Authorization: AWS_IAM",
        "Authorization: NONE",
        lambda r: all(o["x-amazon-apigateway-auth"]["type"] == "AWS_IAM" for o in operations(r)),
    ),
    "the table cannot be deleted": (
        "DeletionProtection: true",
        "DeletionProtection: false",
        lambda r: table(r)["DeletionProtectionEnabled"] is True,
    ),
    "the table can be restored to any second": (
        "PointInTimeRecovery: true",
        "PointInTimeRecovery: false",
        lambda r: table(r)["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True,
    ),
    "the table has the own key": (
        'CustomerManagedKey: "true"',
        'CustomerManagedKey: "false"',
        lambda r: table(r).get("SSESpecification", {}).get("KMSMasterKeyId", "").endswith("EncryptionKey"),
    ),
    "table, logs and key outlive the stack": (
        "WhenStackIsDeleted: Retain",
        "WhenStackIsDeleted: Delete",
        lambda r: all(
            r[name]["DeletionPolicy"] == r[name]["UpdateReplacePolicy"] == "Retain"
            for name in ("UsersTable", "FunctionsLog", "AccessLog", "EncryptionKey")
        ),
    ),
    "logs have the own key": (
        "KmsKeyId: !If [HasKey, !GetAtt EncryptionKey.Arn, !Ref AWS::NoValue]",
        "LogGroupClass: STANDARD",
        lambda r: all(g.get("KmsKeyId", "").endswith("EncryptionKey") for g in of_type(r, "AWS::Logs::LogGroup")),
    ),
    "logs are kept for a quarter": (
        "LogRetentionDays: 90",
        "LogRetentionDays: 1",
        lambda r: all(g["RetentionInDays"] == 90 for g in of_type(r, "AWS::Logs::LogGroup")),
    ),
    "functions write to the encrypted log": (
        "LogGroup: !Ref FunctionsLog",
        "SystemLogLevel: INFO",
        lambda r: all(
            f["LoggingConfig"].get("LogGroup") == "FunctionsLog" for f in of_type(r, "AWS::Lambda::Function")
        ),
    ),
    "functions log no library's debug lines": (
        "LogFormat: JSON #",
        "ApplicationLogLevel: DEBUG #",
        lambda r: not any("ApplicationLogLevel" in f["LoggingConfig"] for f in of_type(r, "AWS::Lambda::Function")),
    ),
    "functions log at INFO": (
        "LogLevel: INFO",
        "LogLevel: DEBUG",
        lambda r: all(
            f["Environment"]["Variables"]["LOG_LEVEL"] == "INFO" for f in of_type(r, "AWS::Lambda::Function")
        ),
    ),
    "the key rotates": (
        "EnableKeyRotation: true",
        "EnableKeyRotation: false",
        lambda r: r["EncryptionKey"]["Properties"]["EnableKeyRotation"] is True,
    ),
    "the key serves this stack's logs alone": (
        "log-group:${AWS::StackName}-*",
        "log-group:*",
        lambda r: "log-group:local-*" in json.dumps(statement(r, "CloudWatchLogs")["Condition"]),
    ),
    "the key serves callers through this stack's table alone": (
        "kms:EncryptionContext:aws:dynamodb:tableName: !Sub ${AWS::StackName}-*",
        "kms:EncryptionContext:aws:dynamodb:tableName: '*'",
        lambda r: (
            statement(r, "WhoMayUseTheTableUsesTheKeyThroughIt")["Condition"]["StringLike"]
            == {"kms:EncryptionContext:aws:dynamodb:tableName": "local-*"}
        ),
    ),
    "the stage is throttled": (
        "RequestsPerSecond: 1000",
        "RequestsPerSecond: 10001",
        lambda r: stage(r)["MethodSettings"][0]["ThrottlingRateLimit"] <= 1000,
    ),
    "the stage logs no bodies": (
        "DataTraceEnabled: false",
        "DataTraceEnabled: true",
        lambda r: stage(r)["MethodSettings"][0]["DataTraceEnabled"] is False,
    ),
    "the stage has metrics": (
        "MetricsEnabled: true",
        "MetricsEnabled: false",
        lambda r: stage(r)["MethodSettings"][0]["MetricsEnabled"] is True,
    ),
    "requests are traced": (
        "Tracing: Active",
        "Tracing: PassThrough",
        lambda r: (
            stage(r)["TracingEnabled"] is True
            and all(f["TracingConfig"]["Mode"] == "Active" for f in of_type(r, "AWS::Lambda::Function"))
        ),
    ),
    "the access log joins with the functions' log": (
        '"gateway_request_id": "$context.requestId"',
        '"id": "$context.requestId"',
        lambda r: json.loads(stage(r)["AccessLogSetting"]["Format"]).get("gateway_request_id") == "$context.requestId",
    ),
    "the access log says how long the function took": (
        '"integration_ms": "$context.integration.latency",',
        "",
        lambda r: "integration_ms" in json.loads(stage(r)["AccessLogSetting"]["Format"]),
    ),
    "the access log's role is there before the stage": (
        "logs-role: !If [CreatesAccountRole, !Ref ApiGatewayAccount, kept]",
        "logs-role: kept",
        lambda r: {"Key": "logs-role", "Value": "ApiGatewayAccount"} in stage(r)["Tags"],
    ),
    "the account's role outlives the stack": (
        "    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n",
        "",
        lambda r: all(r[n].get("DeletionPolicy") == "Retain" for n in ("ApiGatewayAccount", "ApiGatewayLogsRole")),
    ),
    "new code meets a tenth of the requests first": ("      Canary: true", "      Canary: false", canaries),
    "alarms end a canary": (
        "[!Ref ServerErrorsAlarm, !Ref LatencyAlarm, !Ref FunctionErrorsAlarm, !Ref FunctionThrottlesAlarm]",
        "[!Ref ServerErrorsAlarm]",
        canaries,
    ),
    "alarms are sent": (
        "AlarmActions: !If [SendsAlarms, [!Ref AlarmTopic], !Ref AWS::NoValue]",
        "AlarmActions: []",
        alarms_to_topic,
    ),
    "an alarm watches the rate of 5XX": ("MetricName: 5XXError", "MetricName: 4XXError", alarmed("5XXError")),
    "an alarm watches the slowest": (
        "ExtendedStatistic: p99",
        "Statistic: Average",
        lambda r: "p99" in json.dumps(of_type(r, "AWS::CloudWatch::Alarm")),
    ),
    "an alarm watches errors of functions": ("MetricName: Errors", "MetricName: Invocations", alarmed("Errors")),
    "an alarm watches throttled functions": ("MetricName: Throttles", "MetricName: Duration", alarmed("Throttles")),
    "no function is without alarms": (
        "{ Name: FunctionName, Value: !Ref GetUserFunction }",
        "{ Name: FunctionName, Value: !Ref ListUsersFunction }",
        all_functions_watched,
    ),
    "an alarm watches the throttled table": (
        "MetricName: WriteThrottleEvents",
        "MetricName: ReadThrottleEvents",
        alarmed("ReadThrottleEvents", "WriteThrottleEvents"),
    ),
    "an alarm watches DynamoDB's errors": (
        "MetricName: SystemErrors",
        "MetricName: UserErrors",
        alarmed("SystemErrors"),
    ),
    "alarm mail is encrypted": (
        "KmsMasterKeyId: !If [HasKey, !Ref EncryptionKey, !Ref AWS::NoValue]",
        "DisplayName: Alarms",
        lambda r: r["AlarmTopic"]["Properties"].get("KmsMasterKeyId") == "EncryptionKey",
    ),
    "a dashboard is there": (
        "    Type: AWS::CloudWatch::Dashboard\n    Condition: HasAlarms",
        "    Type: AWS::CloudWatch::Dashboard\n    Condition: LimitsConcurrency",
        lambda r: (
            [len(json.loads(d["DashboardBody"])["widgets"]) for d in of_type(r, "AWS::CloudWatch::Dashboard")] == [6]
        ),
    ),
    "functions may do what they do, to the one table": ("- dynamodb:PutItem", "- dynamodb:*", narrow_policies),
}


@pytest.fixture(scope="module")
def production() -> Resources:
    return translation.resolved(ROOT / "template.yaml", "prod")


@pytest.mark.parametrize("has", [check for _, _, check in PROPERTIES.values()], ids=PROPERTIES)
def test_in_production(has: Callable[[Resources], bool], production: Resources) -> None:
    assert has(production)


@pytest.mark.parametrize(("text", "otherwise", "has"), PROPERTIES.values(), ids=PROPERTIES)
def test_its_loss_shows(text: str, otherwise: str, has: Callable[[Resources], bool], tmp_path: Path) -> None:
    assert not has(translation.resolved(changed(tmp_path, text, otherwise), "prod"))


def changed(folder: Path, text: str, otherwise: str) -> Path:
    """A copy of the template, with another text for one that must be there."""
    template = (ROOT / "template.yaml").read_text()
    assert text in template
    (folder / "template.yaml").write_text(template.replace(text, otherwise))
    (folder / "specs").symlink_to(ROOT / "specs")
    return folder / "template.yaml"


def deployments(file: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that API Gateway's deployment has in two deploys, one second after the other."""
    names = set()
    for now in (1, 2):
        monkeypatch.setattr("samtranslator.model.apigateway.time.time", lambda now=now: now)
        names |= {name for name in translation.translated(file, "prod")["Resources"] if "ApiDeployment" in name}
    return names


def test_every_deploy_reaches_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(deployments(ROOT / "template.yaml", monkeypatch)) == 2


def test_without_always_deploy_a_changed_parameter_would_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(deployments(changed(tmp_path, "AlwaysDeploy: true", "AlwaysDeploy: false"), monkeypatch)) == 1


def test_development_costs_nothing_that_stands_still_and_leaves_nothing() -> None:
    development = translation.resolved(ROOT / "template.yaml", "dev")
    kinds = {r["Type"] for r in development.values()}
    assert not kinds & {"AWS::KMS::Key", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::SNS::Topic"}
    kept = {n for n, r in development.items() if r.get("DeletionPolicy") == "Retain" and "Version" not in n}
    assert kept == {"ApiGatewayAccount", "ApiGatewayLogsRole"}


def test_the_account_keeps_the_role_that_it_has_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(translation.PARAMETERS["dev"], "ApiGatewayAccountRole", "keep")
    resources = translation.resolved(ROOT / "template.yaml", "dev")
    assert not {"ApiGatewayAccount", "ApiGatewayLogsRole"} & set(resources)
    assert {"Key": "logs-role", "Value": "kept"} in stage(resources)["Tags"]


def test_the_environments_table_says_what_the_template_does() -> None:
    environments = documents.read(ROOT / "template.yaml")["Mappings"]["Environments"]
    table = (ROOT / "specs/production.md").read_text().split("A third environment")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")]
    told = {re.split("[:,]", name)[0]: values for name, *values in rows[2:]}
    assert told == {key: [_plain(environments[e][key]) for e in ENVIRONMENTS] for key in environments["dev"]}


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
