"""`scripts/sam-local` with stand-ins for the programs that it runs: tests/stack runs the real
ones.
"""

import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from samspec.cli import main
from samspec.sam_local import processes

ROOT = Path(__file__).parents[3]
# Responds on the port that follows its option, as `sam local` and DynamoDB Local do.
SERVER = f"""#!{sys.executable}
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{{"TableNames": ["UsersTable"]}}')

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

for option, following in zip(sys.argv, sys.argv[1:]):
    if option in ("--port", "-port"):
        port = following
http.server.HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
"""
SAM = """#!/bin/sh
case $1 in
    build) mkdir -p .aws-sam/build && cp template.yaml .aws-sam/build/ ;;
    local) exec java "$@" ;;
esac
"""
DOCKER = '#!/bin/sh\necho "$@" >>docker.log\n'


class Programs:
    """A PATH with `sam`, `docker` and `java`, and whatever a test makes of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name, text in ("sam", SAM), ("docker", DOCKER), ("java", SERVER):
            self.write(name, text)
        for name in "mkdir", "cp":
            (folder / name).symlink_to(shutil.which(name) or name)

    def write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text)
        (self._folder / name).chmod(0o755)

    def remove(self, name: str) -> None:
        (self._folder / name).unlink()

    def fail(self, name: str, on: str) -> None:
        """The program says so and fails when its arguments begin with `on`."""
        text = (self._folder / name).read_text().split("\n", 1)
        check = f'case "$*" in "{on}"*) echo "it cannot" >&2; exit 1 ;; esac'
        self.write(name, "\n".join([text[0], check, text[1]]))


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Programs]:
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "template.yaml", tmp_path)
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    (tmp_path / "DynamoDBLocal.jar").touch()
    stand_ins = Programs(tmp_path / "bin")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield stand_ins
    for number, handler in before.items():
        signal.signal(number, handler)


def run(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    if "--port" not in options:
        options += ("--port", str(processes.free_port()))
    return main(["sam-local", *options])


JAR = ("--dynamodb-jar", "DynamoDBLocal.jar")


@pytest.mark.parametrize(
    ("program", "options", "error"),
    [
        ("sam", JAR, "no sam on the PATH: install the AWS SAM CLI"),
        (
            "docker",
            JAR,
            "no docker on the PATH: install Docker, or use scripts/start, which needs none",
        ),
        (
            "java",
            JAR,
            "no java on the PATH: install a Java runtime, 17 or newer, or leave --dynamodb-jar out",
        ),
    ],
)
def test_a_missing_program_is_named(
    programs: Programs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    program: str,
    options: tuple[str, ...],
    error: str,
) -> None:
    programs.remove(program)

    assert run(monkeypatch, *options) == 2
    assert capsys.readouterr().err == f"samspec sam-local: {error}\n"


@pytest.mark.parametrize(
    ("program", "on", "options", "error"),
    [
        ("docker", "info", JAR, "Docker does not respond: start its daemon, or use scripts/start"),
        ("docker", "image inspect public", JAR, ""),
        ("sam", "build", JAR, "sam build failed: its output is above"),
        ("sam", "local", JAR, "sam ended before it was ready: its output is above"),
        ("docker", "run", (), "docker ended before it was ready: its output is above"),
        ("docker", "network create", JAR, "Docker cannot make the network sam-local-"),
    ],
)
def test_what_fails_says_what_to_do(
    programs: Programs,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    program: str,
    on: str,
    options: tuple[str, ...],
    error: str,
) -> None:
    programs.fail(program, on)
    if "inspect" in on:
        programs.fail(program, "pull")
        error = "Docker cannot pull public.ecr.aws/lambda/python:3.11-x86_64: check the network"

    assert run(monkeypatch, *options) == 2
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1].startswith(f"samspec sam-local: {error}")
    assert "Traceback" not in lines


def test_without_its_image_dynamodb_local_comes_from_a_jar_or_a_url(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    programs.fail("docker", "image inspect amazon")
    programs.fail("docker", "pull")

    assert run(monkeypatch) == 2
    assert capsys.readouterr().err.endswith(
        "dynamodb-local: use --dynamodb-jar PATH or --dynamodb URL\n"
    )


def test_a_jar_that_is_not_there_is_named(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--dynamodb-jar", "no.jar") == 2
    assert "samspec sam-local: no.jar: no such file" in capsys.readouterr().err


def test_a_dynamodb_that_does_not_respond_is_named(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--dynamodb", f"http://127.0.0.1:{processes.free_port()}") == 2
    assert "samspec sam-local: DynamoDB at http://127.0.0.1:" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["busy", "99999"])
def test_a_port_that_cannot_be_used_is_named(
    programs: Programs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    port: str,
) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = port.replace("busy", str(busy.getsockname()[1]))
        assert run(monkeypatch, *JAR, "--port", port) == 2
    assert (
        capsys.readouterr().err
        == f"samspec sam-local: port {port} cannot be used: choose another with --port\n"
    )


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_it_is_told_to_end_and_leaves_nothing(
    programs: Programs,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ended_by: signal.Signals,
) -> None:
    programs.write("docker", DOCKER + 'case "$1" in ps) echo forgotten ;; esac\n')
    port = processes.free_port()
    with (tmp_path / "said").open("w") as said_to_users:
        monkeypatch.setattr(sys, "stdout", said_to_users)
        ready = f"Ready: http://127.0.0.1:{port} "
        threading.Thread(
            target=send_when_said, args=(tmp_path / "said", ready, ended_by), daemon=True
        ).start()
        assert run(monkeypatch, *JAR, "--port", str(port)) == 130

    document = yaml.safe_load((tmp_path / ".aws-sam/build/template-wired.yaml").read_text())
    variables = document["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["AWS_ENDPOINT_URL_DYNAMODB"].startswith("http://host.docker.internal:")
    processes.require_free(port)
    log = (tmp_path / "docker.log").read_text()
    assert "rm --force forgotten\n" in log
    assert log.endswith(f"network rm sam-local-{port}\n")


def send_when_said(file: Path, text: str, number: signal.Signals) -> None:
    while text not in file.read_text():
        time.sleep(0.02)
    os.kill(os.getpid(), number)
