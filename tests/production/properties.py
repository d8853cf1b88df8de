"""What production stands on: each property with the change to template or spec that would lose
it.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from samspec.sam.account import Place
from samspec.sam.resources import Resource

KEY = Resource("EncryptionKey", "AWS::KMS::Key", {}, Place())
TOPIC = Resource("AlarmTopic", "AWS::SNS::Topic", {}, Place())
Resources = dict[str, dict[str, Any]]
Check = Callable[[Resources], bool]
SPEC_TEXT = (Path(__file__).parents[2] / "specs/api/users-api.yaml").read_text()


def of_type(r: Resources, type_name: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in r.values() if resource["Type"] == type_name]


def functions(r: Resources) -> list[dict[str, Any]]:
    return of_type(r, "AWS::Lambda::Function")


def table(r: Resources) -> dict[str, Any]:
    return dict(r["UsersTable"]["Properties"])


def log_groups(r: Resources) -> list[dict[str, Any]]:
    return of_type(r, "AWS::Logs::LogGroup")


def stage(r: Resources) -> dict[str, Any]:
    return dict(r["UsersApiProdStage"]["Properties"])


def settings(r: Resources) -> dict[str, Any]:
    """Of the stage, for every method."""
    [every_method] = stage(r)["MethodSettings"]
    return dict(every_method)


def access_log(r: Resources) -> dict[str, str]:
    return dict(json.loads(stage(r)["AccessLogSetting"]["Format"]))


def operations(r: Resources, method: str = "") -> list[dict[str, Any]]:
    """Those of one method; without it, those of functions."""
    paths = r["UsersApi"]["Properties"]["Body"]["paths"].values()
    selected = []
    for path in paths:
        for key, operation in path.items():
            if key == method or (not method and "operationId" in operation):
                selected.append(operation)
    return selected


def statement(r: Resources, sid: str) -> dict[str, Any]:
    policy = r["EncryptionKey"]["Properties"]["KeyPolicy"]["Statement"]
    return next(s for s in policy if s["Sid"] == sid)


def condition(r: Resources, sid: str, operator: str) -> dict[str, Any]:
    return dict(statement(r, sid)["Condition"][operator])


def canaries(r: Resources) -> bool:
    groups = of_type(r, "AWS::CodeDeploy::DeploymentGroup")
    return len(groups) == len(functions(r)) and all(
        "Canary10Percent" in g["DeploymentConfigName"]
        and g["AutoRollbackConfiguration"]["Enabled"]
        and len(g["AlarmConfiguration"]["Alarms"]) == 3
        for g in groups
    )


def asks_who_calls(operation: dict[str, Any]) -> bool:
    """Whether it asks for a signature, a token or a key."""
    auth = operation.get("x-amazon-apigateway-auth") or {}
    return bool(operation.get("security")) or auth.get("type") == "AWS_IAM"


def callers_are_known() -> dict[str, tuple[str, str, Check]]:
    """That every operation asks who calls: by signatures, or as scripts/add-auth made it."""
    stated = re.search(r"^ +security: \[\{.*\n", SPEC_TEXT, re.MULTILINE)
    if stated:
        lost = (stated[0], "", lambda r: all(map(asks_who_calls, operations(r))))
        return {"no operation is left out": lost}
    choice = "x-amazon-apigateway-auth: { type: { Fn::If: [RequiresSignature, AWS_IAM, NONE] } }"
    return {
        "requests are signed": (
            "Authorization: AWS_IAM",
            "Authorization: NONE",
            lambda r: all(map(asks_who_calls, operations(r))),
        ),
        "no operation is left out": (
            f"      {choice}\n",
            "",
            lambda r: all("x-amazon-apigateway-auth" in o for o in operations(r)),
        ),
    }


def alarms(r: Resources) -> list[dict[str, Any]]:
    return of_type(r, "AWS::CloudWatch::Alarm")


def watches(r: Resources, alarm: str, metric: str) -> bool:
    """Whether an alarm watches the metric that this stack's filter of the same name makes."""
    [transformation] = r[metric]["Properties"]["MetricTransformations"]
    made = (transformation["MetricNamespace"], transformation["MetricName"])
    watched = r[alarm]["Properties"]
    return made == (watched["Namespace"], watched["MetricName"]) == ("local", metric)


def pattern(r: Resources, metric: str) -> tuple[str, str]:
    """The log that a metric is made from, and the lines of it that count."""
    properties = r[metric]["Properties"]
    return properties["LogGroupName"], properties["FilterPattern"]


def burn(r: Resources, alarm: str) -> float:
    """The share of a month's budget (0.1 % of the requests) that is spent when an alarm goes on."""
    properties = r[alarm]["Properties"]
    hours = properties["Period"] * properties["EvaluationPeriods"] / 3600
    rate = float(properties["Threshold"])
    share: float = round(rate / 0.001 * hours / (30 * 24), 3)
    return share


def widgets(r: Resources) -> list[dict[str, Any]]:
    dashboards = of_type(r, "AWS::CloudWatch::Dashboard")
    return [w for d in dashboards for w in json.loads(d["DashboardBody"])["widgets"]]


def shown_alarms(r: Resources) -> set[str]:
    [widget] = [w for w in widgets(r) if w["type"] == "alarm"]
    return {arn.split(":")[-1] for arn in widget["properties"]["alarms"]}


# Sentence, the text of template or spec that gives it, the text that loses it, and the check.
PROPERTIES: dict[str, tuple[str, str, Check]] = {
    # Callers
    **callers_are_known(),
    # The stage
    "requests are limited": (
        "RequestsPerSecond: 1000",
        "RequestsPerSecond: 10001",
        lambda r: settings(r)["ThrottlingRateLimit"] <= 1000,
    ),
    "requests at once are limited": (
        "RequestsAtOnce: 2000",
        "RequestsAtOnce: 5001",
        lambda r: settings(r)["ThrottlingBurstLimit"] <= 2000,
    ),
    "no method is without limits": (
        'HttpMethod: "*"',
        "HttpMethod: GET",
        lambda r: (settings(r)["ResourcePath"], settings(r)["HttpMethod"]) == ("/*", "*"),
    ),
    "the stage logs no bodies": (
        "DataTraceEnabled: false",
        "DataTraceEnabled: true",
        lambda r: settings(r)["DataTraceEnabled"] is False,
    ),
    "the stage writes no log that has neither key nor retention": (
        'LoggingLevel: "OFF"',
        "LoggingLevel: INFO",
        lambda r: settings(r)["LoggingLevel"] == "OFF",
    ),
    "no method has metrics of its own, which cost more than all else": (
        "MetricsEnabled: false",
        "MetricsEnabled: true",
        lambda r: settings(r)["MetricsEnabled"] is False,
    ),
    "requests are traced": (
        "Tracing: Active",
        "Tracing: PassThrough",
        lambda r: (
            stage(r)["TracingEnabled"] is True
            and {f["TracingConfig"]["Mode"] for f in functions(r)} == {"Active"}
        ),
    ),
    "a warning does not end the first deploy": (
        "      OpenApiVersion: 3.0.3",
        "      FailOnWarnings: true\n      OpenApiVersion: 3.0.3",
        lambda r: not r["UsersApi"]["Properties"].get("FailOnWarnings"),
    ),
    # Logs
    "the access log goes to the encrypted group": (
        "[!GetAtt AccessLog.Arn,",
        "[!GetAtt FunctionsLog.Arn,",
        lambda r: stage(r)["AccessLogSetting"]["DestinationArn"].endswith(":AccessLog:*"),
    ),
    "the access log joins with the functions' log": (
        '"gateway_request_id": "$context.requestId"',
        '"id": "$context.requestId"',
        lambda r: access_log(r).get("gateway_request_id") == "$context.requestId",
    ),
    "the access log says how a request ended": (
        '"status": "$context.status", ',
        "",
        lambda r: access_log(r).get("status") == "$context.status",
    ),
    "the access log says how long the function took": (
        '"integration_ms": "$context.integration.latency",',
        "",
        lambda r: "integration_ms" in access_log(r),
    ),
    "the access log has the route, not what was asked for": (
        '"route": "$context.resourcePath"',
        '"route": "$context.path"',
        lambda r: (
            access_log(r)["route"] == "$context.resourcePath"
            and "$context.path" not in access_log(r).values()
        ),
    ),
    "the account's role outlives the stack": (
        "    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n",
        "",
        lambda r: all(
            r[n].get("DeletionPolicy") == "Retain"
            for n in ("ApiGatewayAccount", "ApiGatewayLogsRole")
        ),
    ),
    "logs are kept for a quarter": (
        "LogRetentionDays: 90",
        "LogRetentionDays: 1",
        lambda r: {g["RetentionInDays"] for g in log_groups(r)} == {90},
    ),
    "logs have the own key": (
        "KmsKeyId: !If [HasKey, !GetAtt EncryptionKey.Arn, !Ref AWS::NoValue]",
        "LogGroupClass: STANDARD",
        lambda r: (
            len(log_groups(r)) == 2 and all(g.get("KmsKeyId") == KEY.arn for g in log_groups(r))
        ),
    ),
    "functions write to the encrypted log": (
        "LogGroup: !Ref FunctionsLog",
        "SystemLogLevel: INFO",
        lambda r: all(f["LoggingConfig"].get("LogGroup") == "FunctionsLog" for f in functions(r)),
    ),
    "functions log no library's debug lines": (
        "      LogFormat: JSON\n",
        "      ApplicationLogLevel: DEBUG\n",
        lambda r: not any("ApplicationLogLevel" in f["LoggingConfig"] for f in functions(r)),
    ),
    # The table
    "the table cannot be deleted": (
        "DeletionProtection: true",
        "DeletionProtection: false",
        lambda r: table(r)["DeletionProtectionEnabled"] is True,
    ),
    "the table can be restored to any second": (
        "PointInTimeRecovery: true",
        "PointInTimeRecovery: false",
        lambda r: (
            table(r)["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        ),
    ),
    "table, logs and key outlive the stack": (
        "WhenStackIsDeleted: Retain",
        "WhenStackIsDeleted: Delete",
        lambda r: all(
            r[name]["DeletionPolicy"].startswith("Retain")
            and r[name]["UpdateReplacePolicy"] == "Retain"
            for name in ("UsersTable", "FunctionsLog", "AccessLog", "EncryptionKey")
        ),
    ),
    "a first deploy that fails leaves no logs": (
        "[Retains, RetainExceptOnCreate, Delete]",
        "[Retains, Retain, Delete]",
        lambda r: (
            {
                resource["DeletionPolicy"]
                for resource in r.values()
                if resource["Type"] == "AWS::Logs::LogGroup"
            }
            == {"RetainExceptOnCreate"}
        ),
    ),
    "the table has the own key": (
        'CustomerManagedKey: "true"',
        'CustomerManagedKey: "false"',
        lambda r: table(r).get("SSESpecification", {}).get("KMSMasterKeyId") == KEY.arn,
    ),
    # The key
    "the key rotates": (
        "EnableKeyRotation: true",
        "EnableKeyRotation: false",
        lambda r: r["EncryptionKey"]["Properties"]["EnableKeyRotation"] is True,
    ),
    "a deleted key can be restored for a month": (
        "PendingWindowInDays: 30",
        "PendingWindowInDays: 7",
        lambda r: r["EncryptionKey"]["Properties"]["PendingWindowInDays"] == 30,
    ),
    "the key stays the account's": (
        ":root",
        ":role/admin",
        lambda r: statement(r, "AccountAdministers")["Principal"]["AWS"].endswith(":root"),
    ),
    "the key serves the logs": (
        'Service: !Sub "logs.${AWS::Region}.${AWS::URLSuffix}"',
        "Service: lambda.amazonaws.com",
        lambda r: (
            statement(r, "CloudWatchLogs")["Principal"]
            == {"Service": "logs.us-east-1.amazonaws.com"}
        ),
    ),
    "the key serves only this stack's logs": (
        "log-group:${AWS::StackName}-*",
        "log-group:*",
        lambda r: "log-group:local-*" in json.dumps(condition(r, "CloudWatchLogs", "ArnLike")),
    ),
    "the key serves only callers of this account": (
        "kms:CallerAccount: !Ref AWS::AccountId",
        "kms:CallerAccount: '210987654321'",
        lambda r: _of_callers(r, "StringEquals")["kms:CallerAccount"] == "123456789012",
    ),
    "the key serves only callers through DynamoDB": (
        "                kms:ViaService: !Sub dynamodb.${AWS::Region}.${AWS::URLSuffix}\n",
        "",
        lambda r: (
            _of_callers(r, "StringEquals").get("kms:ViaService")
            == "dynamodb.us-east-1.amazonaws.com"
        ),
    ),
    "the key serves only callers through this stack's table": (
        "kms:EncryptionContext:aws:dynamodb:tableName: !Sub ${AWS::StackName}-*",
        "kms:EncryptionContext:aws:dynamodb:tableName: '*'",
        lambda r: (
            _of_callers(r, "StringLike")
            == {"kms:EncryptionContext:aws:dynamodb:tableName": "local-*"}
        ),
    ),
    "the key serves alarms": (
        "Service: cloudwatch.amazonaws.com",
        "Service: lambda.amazonaws.com",
        lambda r: (
            statement(r, "AlarmsToTheEncryptedTopic")["Principal"]
            == {"Service": "cloudwatch.amazonaws.com"}
        ),
    ),
    "the key serves only this stack's alarms": (
        "alarm:${AWS::StackName}-*",
        "alarm:*",
        lambda r: (
            "alarm:local-*" in json.dumps(condition(r, "AlarmsToTheEncryptedTopic", "ArnLike"))
        ),
    ),
    # Deployment
    "new code meets a tenth of the requests first": (
        "      Canary: true",
        "      Canary: false",
        canaries,
    ),
    "alarms end a canary": (
        "[!Ref ServerErrorsAlarm, !Ref LatencyAlarm, !Ref FunctionErrorsAlarm]",
        "[!Ref ServerErrorsAlarm]",
        canaries,
    ),
    # Alarms
    "an alarm watches the rate of 5XX": (
        "MetricName: 5XXError",
        "MetricName: 4XXError",
        lambda r: r["ServerErrorsAlarm"]["Properties"]["MetricName"] == "5XXError",
    ),
    "one 5XX in a hundred is too many": (
        "Threshold: 0.01",
        "Threshold: 0.1",
        lambda r: r["ServerErrorsAlarm"]["Properties"]["Threshold"] == 0.01,
    ),
    "an alarm watches the slowest": (
        "ExtendedStatistic: p99",
        "Statistic: Average",
        lambda r: r["LatencyAlarm"]["Properties"].get("ExtendedStatistic") == "p99",
    ),
    "three seconds are too long": (
        "Threshold: 3000",
        "Threshold: 30000",
        lambda r: r["LatencyAlarm"]["Properties"]["Threshold"] == 3000,
    ),
    "two bad minutes of three raise an alarm": (
        "DatapointsToAlarm: 2",
        "DatapointsToAlarm: 3",
        lambda r: (
            {
                (a["DatapointsToAlarm"], a["EvaluationPeriods"])
                for a in alarms(r)
                if a["Period"] == 60
            }
            == {(2, 3)}
        ),
    ),
    "an hour that spends 2 % of the month's errors raises an alarm": (
        "Threshold: 0.0144",
        "Threshold: 0.144",
        lambda r: burn(r, "FastBurnAlarm") == 0.02,
    ),
    "six hours that spend 5 % of the month's errors raise an alarm": (
        "Period: 21600",
        "Period: 3600",
        lambda r: burn(r, "SlowBurnAlarm") == 0.05,
    ),
    "an alarm watches crashes and time-outs of every function": (
        '$.record.status != "success"',
        '$.record.status = "timeout"',
        lambda r: (
            watches(r, "FunctionErrorsAlarm", "FunctionErrors")
            and pattern(r, "FunctionErrors")
            == ("FunctionsLog", '{ $.type = "platform.report" && $.record.status != "success" }')
        ),
    ),
    "an alarm watches what the callers of every table were refused": (
        "{ $.status = 503 }",
        "{ $.status = 500 }",
        lambda r: (
            watches(r, "DatabaseAlarm", "DatabaseFailures")
            and pattern(r, "DatabaseFailures") == ("FunctionsLog", "{ $.status = 503 }")
        ),
    ),
    "an alarm watches the account's concurrency": (
        "MetricName: Throttles",
        "MetricName: Errors",
        lambda r: (
            r["AccountThrottlesAlarm"]["Properties"]["MetricName"] == "Throttles"
            and "Dimensions" not in r["AccountThrottlesAlarm"]["Properties"]
        ),
    ),
    "a minute without requests raises no alarm": (
        "TreatMissingData: notBreaching",
        "TreatMissingData: breaching",
        lambda r: {a["TreatMissingData"] for a in alarms(r)} == {"notBreaching"},
    ),
    "alarms are sent": (
        "AlarmActions: !If [SendsAlarms, [!Ref AlarmTopic], !Ref AWS::NoValue]",
        "AlarmActions: []",
        lambda r: all(
            alarm["AlarmActions"] == [TOPIC.arn]
            for alarm in alarms(r)
            if alarm is not r["ServerErrorsAlarm"]["Properties"]
        ),
    ),
    "what only ends a canary sends no mail": (
        "It ends a canary; no mail.\n",
        "No mail.\n      AlarmActions: [!Ref AlarmTopic]\n",
        lambda r: "AlarmActions" not in r["ServerErrorsAlarm"]["Properties"],
    ),
    "alarms are mailed": (
        "{ Protocol: email, Endpoint: !Ref AlarmEmail }",
        "{ Protocol: email, Endpoint: someone@example.com }",
        lambda r: (
            r["AlarmTopic"]["Properties"]["Subscription"]
            == [{"Protocol": "email", "Endpoint": "ops@example.com"}]
        ),
    ),
    "alarm mail is encrypted": (
        "KmsMasterKeyId: !If [HasKey, !Ref EncryptionKey, !Ref AWS::NoValue]",
        "DisplayName: Alarms",
        lambda r: r["AlarmTopic"]["Properties"].get("KmsMasterKeyId") == KEY.ref,
    ),
    "a dashboard is there": (
        "    Type: AWS::CloudWatch::Dashboard\n    Condition: HasAlarms",
        "    Type: AWS::CloudWatch::Dashboard\n    Condition: LimitsConcurrency",
        lambda r: len(widgets(r)) == 6,
    ),
    "the dashboard shows every alarm": (
        '"${LatencyAlarm.Arn}", ',
        "",
        lambda r: shown_alarms(r) == {n for n, x in r.items() if x["Type"].endswith("Alarm")},
    ),
    "no graph of the dashboard searches by a part of a name": (
        "SELECT SUM(ConsumedReadCapacityUnits) ${Tables}",
        "SEARCH('{AWS/DynamoDB,TableName} ${AWS::StackName}-', 'Sum')",
        lambda r: "SEARCH(" not in json.dumps(widgets(r)),
    ),
    "every graph of the dashboard is of this stack's log, API, or all tables": (
        "SOURCE '${FunctionsLog}' ${LastErrors}",
        "SOURCE 'other' ${LastErrors}",
        lambda r: all(
            "SOURCE 'FunctionsLog' |" in w["properties"]["query"]
            for w in widgets(r)
            if w["type"] == "log"
        ),
    ),
}


def _of_callers(r: Resources, operator: str) -> dict[str, Any]:
    return condition(r, "WhoMayUseTheTableUsesTheKeyThroughIt", operator)
