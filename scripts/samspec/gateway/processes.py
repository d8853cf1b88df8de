"""What runs the functions of a local gateway: worker processes and the embedded AWS services."""

from collections.abc import Mapping
from pathlib import Path

from samspec.aws.endpoint import Endpoint
from samspec.runtime.pool import Limits
from samspec.runtime.processes import Processes, ProcessSettings
from samspec.sam.configuration import configuration
from samspec.sam.project import template_at


def worker_processes(
    template: str | Path,
    *,
    dynamodb: str = "moto",
    environment: Mapping[str, str] | None = None,
    has_terminal: bool = False,
) -> Processes:
    """Processes for the functions of the template; the caller closes them.

    `dynamodb` is another DynamoDB's URL, or "moto". `environment` holds variables for every
    function. With `has_terminal`, breakpoint() uses this process's standard input and output.
    """
    decided = configuration(template_at(Path(template)).parent)
    settings = ProcessSettings(
        environment or {},
        decided.local_packages,
        Limits(most=decided.concurrency),
        has_terminal=has_terminal,
    )
    return Processes(Endpoint(None if dynamodb == "moto" else dynamodb), settings)
