"""Lambda functions in process: their settings from the template, their handlers and time-outs."""

import contextlib
import contextvars
import gc
import json
import logging
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from samspec.gateway.errors import GatewayResponse
from samspec.runtime import environment
from samspec.runtime.invocations import Handler, Invocation, Worker
from samspec.runtime.modules import ModuleSpace
from samspec.sam.account import ACCOUNT, KEY_ID, SECRET
from samspec.sam.errors import ProjectError

log = logging.getLogger("gateway")


class Function:
    """One AWS::Serverless::Function, ready to be invoked."""

    def __init__(
        self,
        name: str,
        properties: dict[str, Any],
        project: Path,
        region: str,
        extra: dict[str, str],
    ):
        self.name = name
        self.properties = properties
        self.handler_name = str(properties.get("Handler", "")).replace("/", ".")
        self.root = project / str(properties.get("CodeUri") or ".")
        self.timeout = float(properties.get("Timeout", 3))
        self.memory = int(properties.get("MemorySize", 128))
        self.physical_name = str(properties.get("FunctionName", name))
        self.arn = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{self.physical_name}"
        self.environment = self._environment(region) | extra
        self.space: ModuleSpace | None = None
        self._handler: Handler | None = None
        self._loading = threading.Lock()
        self._signature: dict[Path, tuple[int, int]] = {}

    @property
    def gap(self) -> str:
        """Why it cannot run here; empty when it can."""
        if "InlineCode" in self.properties:
            return f"{self.name} has its code inline, which is not emulated"
        runtime = str(self.properties.get("Runtime", "an image"))
        return (
            ""
            if runtime.startswith("python")
            else f"{self.name} runs {runtime}, and only Python is emulated"
        )

    @property
    def log_level(self) -> int:
        """What Lambda's runtime sets: the stated level for JSON logs, none (so WARNING) for text."""
        name = self.environment["AWS_LAMBDA_LOG_LEVEL"]
        is_json = self.environment["AWS_LAMBDA_LOG_FORMAT"] == "JSON"
        return (
            {"TRACE": 5, "FATAL": 50, **logging.getLevelNamesMapping()}.get(name, 20)
            if is_json
            else 30
        )

    def _environment(self, region: str) -> dict[str, str]:
        logs = self.properties.get("LoggingConfig") or {}
        variables = {
            "_HANDLER": self.handler_name,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.properties.get('Runtime', 'python3.11')}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": self.memory,
            "AWS_LAMBDA_FUNCTION_NAME": self.physical_name,
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_FORMAT": logs.get("LogFormat", "Text"),
            "AWS_LAMBDA_LOG_GROUP_NAME": logs.get("LogGroup", f"/aws/lambda/{self.physical_name}"),
            "AWS_LAMBDA_LOG_LEVEL": logs.get("ApplicationLogLevel", "INFO"),
            "AWS_REGION": region,
            "LAMBDA_TASK_ROOT": self.root,
            **((self.properties.get("Environment") or {}).get("Variables") or {}),
        }
        return {key: str(value) for key, value in variables.items()}

    def load(self) -> Handler:
        """The handler, imported when it is new or has changed; a ProjectError says why it cannot be."""
        with self._loading:
            if self.space and signature(self._signature) != self._signature:
                log.info("reloaded %s", self.name)
                self.unload()
            if self._handler is None:
                self._handler = contextvars.copy_context().run(self._import)
                gc.unfreeze()  # what handlers freeze as they start would be there for good, though they change
            return self._handler

    def unload(self) -> None:
        self._handler = self.space = None

    def _import(self) -> Handler:
        module, _, attribute = self.handler_name.rpartition(".")
        if not module:
            raise ProjectError(
                f"{self.name}: its Handler must be module.function, not {self.handler_name!r}"
            )
        if not self.root.is_dir():
            raise ProjectError(
                f"{self.name}: its CodeUri {self.root} is no folder: mend CodeUri in the template"
            )
        environment.activate(self.environment)
        space = ModuleSpace(self.root)
        try:
            handler = getattr(space.load(module), attribute)
        except (Exception, SystemExit) as error:
            raise ProjectError(f"{self.name} cannot be imported: {self._place(error)}") from error
        self.space, self._signature = space, signature(space.files())
        return handler  # type: ignore[no-any-return]

    def _place(self, error: BaseException) -> str:
        """`file:line: error` for the innermost line of the function's own code."""
        said = f"{type(error).__name__}: {error}"
        if isinstance(error, SyntaxError) and error.filename:
            return f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}"
        own = [
            f
            for f in traceback.extract_tb(error.__traceback__)
            if f.filename.startswith(str(self.root))
        ]
        return (
            f"{own[-1].filename}:{own[-1].lineno}: {said}"
            if own
            else f"Handler {self.handler_name}: {said}"
        )

    def run(self, invocation: Invocation, event: dict[str, Any], limit: float = 29) -> Any:
        """What the handler returns within `limit` seconds, through JSON both ways, in a thread that can be given up."""
        handler, worker = self.load(), Worker.free()
        worker.start_run(invocation, handler, json.loads(json.dumps(event)))
        while not (ended := invocation.done.wait(min(self.timeout, limit))) and invocation.debugged:
            pass  # somebody stands at a breakpoint
        if not ended and worker.give_up(invocation):
            raise self._timed_out(limit)
        if invocation.error:
            raise self._failed(f"failed: {self._place(invocation.error)}")
        return invocation.result

    def _failed(self, how: str) -> GatewayResponse:
        return GatewayResponse(
            "DEFAULT_5XX", "Internal server error", status=502, reason=f"{self.name} {how}"
        )

    def _timed_out(self, limit: float) -> GatewayResponse:
        if self.timeout < limit:  # to API Gateway a function error as any crash is
            return self._failed(f"did not end within its Timeout of {self.timeout:g} s")
        reason = f"{self.name} took longer than the integration's {limit:g} s"
        return GatewayResponse("INTEGRATION_TIMEOUT", "Endpoint request timed out", reason=reason)


def signature(files: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Times and sizes of those files that exist: another signature means that something was edited."""
    found = {}
    for file in files:
        with contextlib.suppress(OSError):
            stat = file.stat()
            found[file] = (stat.st_mtime_ns, stat.st_size)
    return found
