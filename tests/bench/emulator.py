"""One function in Lambda's Runtime Interface Emulator: its cold start, warm calls, CPU time and
log.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from samspec.sam.errors import ProjectError
from samspec.sam_local import processes

from tests.bench.builds import Case, Lambda

WARM_CALLS = 80


@dataclass(frozen=True)
class Run:
    """Milliseconds; `cpu` and `warm_cpu` are the runtime process's, up to the first response and
    for each call after. `log_bytes` is what one request writes.
    """

    cold: float
    warm: list[float]
    cpu: float
    warm_cpu: float
    log_bytes: float


def run(case: Case, on: Lambda, endpoint: str) -> Run:
    port, command = processes.free_port(), [str(on.emulator), "--log-level", "error"]
    command += ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    command += ["--runtime-api-address", f"127.0.0.1:{processes.free_port()}"]
    command += [sys.executable, "-S", "-m", "awslambdaric", case.handler]
    with tempfile.TemporaryFile() as log:
        env = environment(case, on, endpoint)
        process = subprocess.Popen(command, cwd=case.artifact, env=env, stdout=log, stderr=log)
        try:
            cold, cpu = _call(case, port), _cpu(process.pid)
            warm = [_call(case, port) for _ in range(WARM_CALLS)]
            warm_cpu = (_cpu(process.pid) - cpu) / WARM_CALLS
        finally:
            process.terminate()
            process.wait()
        log.seek(0)
        written = sum(len(line) for line in log if line.startswith(b"{"))
    return Run(cold, warm[WARM_CALLS // 4 :], cpu, warm_cpu, written / (WARM_CALLS + 1))


def environment(case: Case, on: Lambda, endpoint: str) -> dict[str, str]:
    """What a function sees on Lambda. Nothing may write .pyc files: /var/task is read-only
    there.
    """
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{case.artifact}:{on.packages}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "USERS_TABLE": "users",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_LAMBDA_FUNCTION_NAME": case.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "30",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "LAMBDA_TASK_ROOT": str(case.artifact),
    }


def _call(case: Case, port: int) -> float:
    """Milliseconds to the response. The emulator starts the runtime at its first request, not when
    it listens.
    """
    url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    for _ in range(1000):
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(url, data=case.event, timeout=60) as response:
                result = json.load(response)
        except urllib.error.URLError:  # not yet
            time.sleep(0.005)
            continue
        if result.get("statusCode", 500) >= 300:
            raise ProjectError(f"{case.name} responded with {result}")
        return (time.perf_counter() - began) * 1000
    raise ProjectError(f"{case.name}: the emulator does not listen")


def _cpu(emulator: int) -> float:
    """Milliseconds of CPU time that the emulator's runtime process has had."""
    children = Path(f"/proc/{emulator}/task").glob("*/children")
    runtimes = [pid for file in children for pid in file.read_text().split()]
    threads: list[Path] = []
    for pid in runtimes:
        threads += Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6
