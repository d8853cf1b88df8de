"""What the functions were seen to do while the tests ran: the project's recorder writes it down."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samspec.drift.application import Application
from samspec.sam.errors import ProjectError


@dataclass(frozen=True)
class Observations:
    """`calls` by function: "dynamodb:PutItem UsersTable"; `responses` by operation and
    "400 Bad Request": the headers, "ETag, Location"."""

    calls: Mapping[str, list[str]]
    responses: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, application: Application) -> "Observations | None":
        """The project's record; None if it keeps none. Raises ProjectError if it is not one."""
        name = application.conventions.observed
        if not application.applies(application.conventions.require_observed, name):
            return None
        try:
            record: dict[str, Any] = json.loads(application.text(name))
            return cls(record["calls"], record["responses"])
        except (ValueError, KeyError, TypeError):
            raise ProjectError(
                f"{name}:1: not a record of a test run: run scripts/test --record"
            ) from None

    @property
    def services(self) -> set[str]:
        """The services whose calls were recorded; the recorder knows DynamoDB in any case."""
        calls = [call for listed in self.calls.values() for call in listed]
        return {"dynamodb", *(call.partition(":")[0].lower() for call in calls)}
