"""Cold start, warm calls, own time and CPU time of each function and peer, the runs interleaved."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from samspec.sam.errors import ProjectError

from tests.bench import builds, emulator, stub
from tests.bench.builds import Case, Lambda

FLOOR = "bare"
OWN_TIME = Path(__file__).with_name("own_time.py")


def measure(
    cases: list[Case], on: Lambda, runs: int, floor_name: str = FLOOR
) -> dict[str, dict[str, Any]]:
    """By case: each figure as median and quartiles, and the cold start's ratio to the floor's."""
    colds: dict[str, list[emulator.Run]] = {case.name: [] for case in cases}
    owns: dict[str, list[float]] = {case.name: [] for case in cases}
    with stub.running() as endpoint:
        for number in range(1, runs + 1):
            for case in cases:
                progress(f"cold starts, run {number} of {runs}: {case.name}")
                colds[case.name].append(emulator.run(case, on, endpoint))
                owns[case.name] += _own_time(case, on, endpoint)
    progress("")
    floor = statistics.median(run.cold for run in colds[floor_name])
    rows = {}
    for case in cases:
        rows[case.name] = _row(case, colds[case.name], owns[case.name], floor)
    return rows


def progress(what: str) -> None:
    print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


def spread(values: Iterable[float], digits: int = 1) -> list[float]:
    """Median, lower and upper quartile."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return [round(value, digits) for value in (middle, low, high)]


def _row(case: Case, runs: list[emulator.Run], own: list[float], floor: float) -> dict[str, Any]:
    cold, warm, cpu, warm_cpu, log_bytes = [], [], [], [], []
    for run in runs:
        cold.append(run.cold)
        warm += run.warm
        cpu.append(run.cpu)
        warm_cpu.append(run.warm_cpu)
        log_bytes.append(run.log_bytes)
    return {
        "cold_ms": spread(cold),
        "over_bare": round(statistics.median(cold) / floor, 2),
        "warm_ms": spread(warm, 2),
        "own_ms": spread(own, 3),
        "cold_cpu_ms": spread(cpu),
        "warm_cpu_ms": spread(warm_cpu, 2),
        "log_bytes": round(statistics.median(log_bytes)),
        "artifact_kb": round(sum(builds.contents(case.artifact).values()) / 1000),
    }


def _own_time(case: Case, on: Lambda, endpoint: str) -> list[float]:
    command = [sys.executable, "-S", "-P", str(OWN_TIME), case.handler]
    task = json.dumps({"event": json.loads(case.event), "responses": stub.RESPONSES}).encode()
    env = emulator.environment(case, on, endpoint)
    done = subprocess.run(
        command, input=task, cwd=case.artifact, env=env, capture_output=True, check=False
    )
    if done.returncode:
        raise ProjectError(f"{case.name} failed:\n{done.stderr.decode()}")
    own: list[float] = json.loads(done.stdout.splitlines()[-1])
    return own
