"""API keys and usage plans, as the template's resources state them."""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from samspec.gateway.errors import GatewayError
from samspec.gateway.routes import Route
from samspec.gateway.throttle import Bucket
from samspec.sam.template import Template

KEY, PLAN, PLAN_KEY = (
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGateway::UsagePlanKey",
)


@dataclass(frozen=True)
class ApiKey:
    """A key of the template; `value` is what callers send, made up if the template has none."""

    name: str  # its logical id
    id: str  # what Ref gives
    value: str
    enabled: bool


@dataclass
class Plan:
    """A usage plan, with the counts of this run. `throttles` is by "resource METHOD"."""

    name: str
    throttle: Mapping[str, Any]
    throttles: Mapping[str, Mapping[str, Any]]
    quota: Mapping[str, Any]
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class UsagePlans:
    """The keys that are good for one stage of one API, and what they may use."""

    def __init__(self, template: Template, api: str, stage: str) -> None:
        self.limited = True  # False for tools that measure or flood
        self._by_value: dict[str, tuple[ApiKey, list[Plan]]] = {}
        by_id: dict[str, ApiKey] = {}
        for name, properties in template.of_type(KEY).items():
            key = _api_key(name, template.resource(name).ref, properties)
            by_id[key.id] = key
            self._by_value[key.value] = (key, [])
        plans = {}
        for name, properties in template.of_type(PLAN).items():
            plans[template.resource(name).ref] = _plan(name, properties, api, stage)
        for link in template.of_type(PLAN_KEY).values():
            linked = by_id.get(str(link.get("KeyId")))
            plan = plans.get(str(link.get("UsagePlanId")))
            if linked and plan:
                self._by_value[linked.value][1].append(plan)

    @property
    def usable(self) -> list[ApiKey]:
        """The keys that open this stage."""
        return [key for key, plans in self._by_value.values() if key.enabled and plans]

    def take(self, value: str | None, route: Route, method: str) -> ApiKey:
        """Count a call against the key's plan; raises the 403 or 429 that API Gateway would
        send."""
        key, plans = self._by_value.get(value or "", (None, []))
        if key is None or not key.enabled or not plans:
            raise GatewayError("INVALID_API_KEY", "Forbidden", reason=_why(value, key))
        plan = plans[0]
        if not self.limited:
            return key
        with plan.lock:
            _throttle(plan, key, route, method)
            _count(plan, key)
        return key


def _api_key(name: str, id: str, properties: Mapping[str, Any]) -> ApiKey:
    # API Gateway makes up a value of 40 characters; the same one at each start is more use here.
    made_up = hashlib.sha256(f"samspec {name}".encode()).hexdigest()[:40]
    enabled = str(properties.get("Enabled", "false")).lower() == "true"
    return ApiKey(name, id, str(properties.get("Value") or made_up), enabled)


def _plan(name: str, properties: Mapping[str, Any], api: str, stage: str) -> Plan | None:
    """The plan, if it has this stage."""
    for entry in properties.get("ApiStages") or []:
        if str(entry.get("ApiId")) == api and str(entry.get("Stage")) == stage:
            throttles = entry.get("Throttle") or {}
            return Plan(
                name,
                properties.get("Throttle") or {},
                {str(place): limits for place, limits in throttles.items()},
                properties.get("Quota") or {},
            )
    return None


def _throttle(plan: Plan, key: ApiKey, route: Route, method: str) -> None:
    place = f"{route.resource}/{method}"
    limits = plan.throttles.get(place)
    where = place if limits else ""
    limits = limits or plan.throttle
    if "RateLimit" not in limits:
        return
    rate = float(limits["RateLimit"])
    bucket = plan.buckets.get((key.id, where))
    if bucket is None:
        bucket = Bucket(rate, float(limits.get("BurstLimit", rate)))
        plan.buckets[key.id, where] = bucket
    if not bucket.take():
        reason = f"{key.name} is beyond {rate:g} requests per second ({plan.name})"
        raise GatewayError("THROTTLED", "Too Many Requests", reason=reason)


def _count(plan: Plan, key: ApiKey) -> None:
    if "Limit" not in plan.quota:
        return
    period = _period(str(plan.quota.get("Period", "DAY")), datetime.now(UTC))
    used = plan.counts.get((key.id, period))
    if used is None:
        used = int(plan.quota.get("Offset", 0))  # what the first period has used already [D]
    limit = int(plan.quota["Limit"])
    if used >= limit:
        reason = f"{key.name} has used its {limit:,} requests per {plan.quota.get('Period')}"
        raise GatewayError("QUOTA_EXCEEDED", "Limit Exceeded", reason=f"{reason} ({plan.name})")
    plan.counts[key.id, period] = used + 1


def _period(name: str, now: datetime) -> str:
    """The day, week or month that a time is in, as text."""
    if name == "MONTH":
        return now.strftime("%Y-%m")
    if name == "WEEK":
        return (now - timedelta(days=now.weekday())).strftime("%Y-%m-%d")
    return now.strftime("%Y-%m-%d")


def _why(value: str | None, key: ApiKey | None) -> str:
    if not value:
        return "the operation asks for an API key in the header x-api-key, and none was sent"
    if key is None:
        return "no AWS::ApiGateway::ApiKey of the template has this value"
    if not key.enabled:
        return f"the key {key.name} is not enabled"
    return f"the key {key.name} is in no usage plan of this stage"
