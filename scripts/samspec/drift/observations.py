"""What the functions were seen to do while the tests ran: tests/recorder.py writes it down."""

import json
from dataclasses import dataclass
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.sam.project import Project

NAME = "tests/observed.json"


@dataclass(frozen=True)
class Observations:
    calls: dict[str, list[str]]  # by function: "dynamodb:PutItem UsersTable"
    responses: dict[
        str, dict[str, str]
    ]  # by operation and "400 Bad Request": the headers, "ETag, Location"

    @classmethod
    def of(cls, project: Project) -> "Observations":
        try:
            found: dict[str, Any] = json.loads(project.text(NAME))
            return cls(found["calls"], found["responses"])
        except (ValueError, KeyError, TypeError):
            raise ProjectError(
                f"{NAME}:1: no record of a test run: run scripts/test --record"
            ) from None
