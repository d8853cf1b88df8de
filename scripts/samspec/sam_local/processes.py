"""Other programs: whether they are there, running them, ending them."""

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from samspec.sam.errors import ProjectError

Process = subprocess.Popen[bytes]


def require(program: str, otherwise: str) -> None:
    if shutil.which(program) is None:
        raise ProjectError(f"no {program} on the PATH: {otherwise}")


def require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            raise ProjectError(f"port {port} cannot be used: choose another with --port") from None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(command: Sequence[str | Path], failure: str) -> str:
    """What the command prints; `failure` says what to do if it does not succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProjectError(failure)
    return done.stdout


def fetch_image(image: str, otherwise: str) -> None:
    if subprocess.run(
        ["docker", "image", "inspect", image], capture_output=True, check=False
    ).returncode:
        print(f"Pulling {image} ...", flush=True)
        run(["docker", "pull", "--quiet", image], f"Docker cannot pull {image}: {otherwise}")


@contextmanager
def running(
    command: Sequence[str | Path],
    port: int,
    *,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    stdout: int | None = None,
) -> Iterator[Process]:
    """The command as a process, from when it responds on `port` until the block ends.

    It gets a session of its own: Ctrl-C reaches only this process, which then ends the others in
    order.
    """
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=stdout, start_new_session=True)
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise ProjectError(f"{command[0]} ended before it was ready: its output is above")
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
