"""Many clients at once: requests per second and how long they take, at `scripts/start`."""

import asyncio
import json
import os
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samspec.sam_local import processes

from tests.bench import builds
from tests.bench.starts import progress

PAGE = 20
RUN_UP = 5  # seconds in which workers start
LOADS = {"1 client": (1, 20), "10 clients": (10, 20), "50 clients": (50, 60)}  # and seconds
SHARES = (("median", 0.5), ("p95", 0.95), ("p99", 0.99))


@dataclass
class Load:
    """What the clients saw; times are in milliseconds."""

    seconds: float = 0
    cpu_seconds: float = 0  # of the server and its workers
    times: list[float] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Requests per second, the percentiles of their times, and CPU time per request."""
        times = sorted(self.times)
        return {
            "requests_per_second": round(len(times) / self.seconds, 1),
            "ms": {name: round(times[int(len(times) * share)], 1) for name, share in SHARES},
            "cpu_ms": round(self.cpu_seconds * 1000 / len(times), 2),
            "unexpected": len(self.unexpected),
        }


def measure() -> dict[str, dict[str, Any]]:
    """The figures of each number of clients."""
    measured = {}
    for name, (clients, seconds) in LOADS.items():
        progress(f"{name} for {seconds} seconds")
        load = under_load(clients, seconds)
        for message in sorted(set(load.unexpected)):
            progress("")
            print(f"unexpected: {message}")
        measured[name] = load.figures()
    progress("")
    return measured


def under_load(clients: int, seconds: float) -> Load:
    """What `clients` see, each on one connection, for `seconds` after the run-up."""
    port = processes.free_port()
    command = [str(builds.ROOT / "scripts/start"), "--port", str(port), "--quiet", "--no-throttle"]
    with processes.running(command, port, stdout=subprocess.DEVNULL) as server:
        asyncio.run(_all(port, clients, RUN_UP))
        used = _cpu_seconds(server.pid)
        load = asyncio.run(_all(port, clients, seconds))
        load.cpu_seconds = _cpu_seconds(server.pid) - used
    return load


async def _all(port: int, clients: int, seconds: float) -> Load:
    load = Load()
    began = time.perf_counter()
    await asyncio.gather(*(_client(port, load, began + seconds) for _ in range(clients)))
    load.seconds = time.perf_counter() - began
    return load


async def _client(port: int, load: Load, ends: float) -> None:
    """Lives of users, one after another, each from creation to deletion."""
    client = Client(*await asyncio.open_connection("127.0.0.1", port), load)
    while time.perf_counter() < ends:
        email = f"{uuid.uuid4()}@example.com"
        user = await client.call("POST", "/users", 201, {"email": email, "name": "Ada"})
        place = f"/users/{user['id']}" if user else "/users/none"
        await client.call("GET", place, 200)
        await client.call("GET", f"/users?limit={PAGE}", 200)
        await client.call("PUT", place, 200, {"email": email, "name": "Grace"})
        await client.call("DELETE", place, 204)
    client.close()


class Client:
    """One connection; the requests' times go into `load`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, load: Load):
        self._reader = reader
        self._writer = writer
        self._load = load

    async def call(self, method: str, path: str, expected: int, value: Any = None) -> Any:
        """The response's content; a status that is not expected is written down."""
        body = b"" if value is None else json.dumps(value).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        began = time.perf_counter()
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        status, content = await self._response()
        self._load.times.append((time.perf_counter() - began) * 1000)
        if status != expected:
            self._load.unexpected.append(f"{method} {path}: {status}, not {expected}")
            return None
        return json.loads(content) if content else None

    async def _response(self) -> tuple[int, bytes]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = 0
        for line in head.split("\r\n")[1:]:
            name, _, text = line.partition(":")
            if name.lower() == "content-length":
                length = int(text)
        return int(head.split(" ", 2)[1]), await self._reader.readexactly(length)

    def close(self) -> None:
        """End the connection."""
        self._writer.close()


def _cpu_seconds(pid: int) -> float:
    """CPU time of a process and of those that it has started (proc(5): fields 4 and 14 to 17)."""
    ticks = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(") ")[2].split()
        except OSError:
            continue  # it has ended
        if file.parent.name == str(pid):
            ticks += sum(map(int, fields[11:15]))
        elif fields[1] == str(pid):
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")
