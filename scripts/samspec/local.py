"""The local API for programs: `with local_api("template.yaml") as api:`.

It is what `samspec start`, `samspec fuzz`, the pytest plugin and a project's own tests use.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from samspec.aws import embedded, tables
from samspec.gateway.application import Gateway
from samspec.gateway.processes import worker_processes
from samspec.runtime.in_process import InProcess
from samspec.runtime.runner import Runner
from samspec.sam.template import Settings
from samspec.serving.http import HttpServer

MOTO = "moto"


class LocalApi:
    """A template's API with its tables. `application` is a WSGI application, `tables` the names."""

    def __init__(self, application: Gateway, dynamodb: str, stack: ExitStack) -> None:
        self.application = application
        self._endpoint = None if dynamodb == MOTO else dynamodb
        self._stack = stack
        self.tables = tables.connect(application.project.template, self._endpoint)
        application.on_reload = self._make_tables

    @cached_property
    def url(self) -> str:
        """Its address on loopback, without a slash at the end; the server starts when asked for."""
        server = HttpServer.on_loopback(self.application)
        self._stack.callback(server.close)
        return server.url

    @cached_property
    def dynamodb(self) -> Any:
        """A client of the DynamoDB that the functions use."""
        return tables.client(self.application.project.template.region, self._endpoint)

    def empty(self) -> None:
        """Make all tables again, without items."""
        for name in self.tables:
            with suppress(self.dynamodb.exceptions.ResourceNotFoundException):
                self.dynamodb.delete_table(TableName=name)
        self._make_tables(self.application.project)

    def _make_tables(self, project: Any) -> None:
        self.tables = tables.connect(project.template, self._endpoint)


@contextmanager
def local_api(
    template: str | Path = "template.yaml",
    *,
    settings: Settings | None = None,
    environment: Mapping[str, str] | None = None,
    dynamodb: str = MOTO,
    runner: Runner | None = None,
    throttles: bool = False,
) -> Iterator[LocalApi]:
    """The API of a SAM template, until the block ends. Raises ProjectError.

    `settings` has parameters and the region, `environment` variables for every function. `dynamodb`
    is the URL of another DynamoDB. Functions run in worker processes; with `runner=in_process()` in
    this process, for tests that measure coverage or look into functions. Without `throttles`, the
    stage's rate limits do not apply.
    """
    with ExitStack() as stack:
        if runner is None:
            runner = worker_processes(template, dynamodb=dynamodb, environment=environment)
        gateway = Gateway.from_template(
            template, settings=settings, dynamodb=dynamodb, runner=runner
        )
        stack.callback(gateway.close)
        embedded.start()
        gateway.project.limit_throttling(throttles)
        yield LocalApi(gateway, dynamodb, stack)


def in_process() -> Runner:
    """The runner that calls functions in this process."""
    return InProcess()
