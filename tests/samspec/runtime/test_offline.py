"""Nothing leaves the machine: all of it works where there is no network but the loopback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]

# Brings up the loopback of the new namespace (SIOCSIFFLAGS with IFF_UP), shows that nothing else
# is there, and goes on as the command that follows.
ALONE = """
import fcntl, os, socket, struct, sys
with socket.socket() as loopback:
    fcntl.ioctl(loopback, 0x8914, struct.pack("16sh", b"lo", 1))
try:
    socket.create_connection(("192.0.2.1", 443), timeout=2)
    sys.exit("there is a network")
except OSError:
    os.execvp(sys.argv[1], sys.argv[1:])
"""
VENDORED = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Calls:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: app.handler
      Runtime: python3.11
      Timeout: 20
      Events: { Get: { Type: Api, Properties: { Path: /calls, Method: get } } }
"""
SOURCE = """
import boto3
def handler(event, context):
    boto3.client("s3").create_bucket(Bucket="shelf")
    boto3.client("s3").put_object(Bucket="shelf", Key="a/b", Body=b"text")
    body = boto3.client("s3").get_object(Bucket="shelf", Key="a/b")["Body"].read()
    topic = boto3.client("sns").create_topic(Name="news")["TopicArn"]
    boto3.client("sns").publish(TopicArn=topic, Message="hello")
    boto3.client("ssm").put_parameter(Name="/a", Value=body.decode(), Type="String")
    value = boto3.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"]
    secret = boto3.client("secretsmanager").create_secret(Name="s", SecretString="x")["Name"]
    identity = boto3.client("sts").get_caller_identity()["Account"]
    url = boto3.client("s3").generate_presigned_url("get_object", {"Bucket": "shelf", "Key": "a/b"})
    import urllib.request
    presigned = urllib.request.urlopen(url).read().decode()
    body = "|".join([value, secret, identity, presigned, boto3.__file__.split("/")[-3]])
    return {"statusCode": 200, "body": body}
"""


def alone(*command: str, **options: object) -> "subprocess.CompletedProcess[str]":
    """Run the command in a network namespace of its own."""
    if not shutil.which("unshare"):
        pytest.skip("no unshare here: a network namespace cannot be made")
    if subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let users make network namespaces")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    return subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", ALONE, *command],
        cwd=ROOT,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
        timeout=480,
    )


def test_the_apis_own_tests_pass_without_a_network() -> None:
    tests = ["tests/unit", "tests/integration", "tests/samspec/aws"]
    done = alone(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", *tests)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_a_start_serves_without_a_network_also_a_function_with_its_own_boto3(
    tmp_path: Path,
) -> None:
    import boto3
    import botocore

    code = tmp_path / "code"
    code.mkdir()
    (tmp_path / "template.yaml").write_text(VENDORED)
    (code / "app.py").write_text(SOURCE)
    for package in (boto3, botocore):
        folder = Path(str(package.__file__)).parent
        shutil.copytree(folder, code / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    client = (
        "import sys, urllib.request\n"
        "from pathlib import Path\n"
        "from samspec.gateway import Gateway\n"
        "from samspec.serving.http import HttpServer\n"
        "gateway = Gateway.from_template(sys.argv[1])\n"
        "server = HttpServer.on_loopback(gateway)\n"
        "gateway.on_exchange = lambda e: print(e.response.reason, file=sys.stderr)\n"
        "print(urllib.request.urlopen(server.url + '/calls').read().decode())\n"
        "gateway.close()\n"
        "server.close()\n"
    )
    done = alone(sys.executable, "-c", client, str(tmp_path / "template.yaml"))
    assert done.stdout.strip() == "text|s|123456789012|text|code", done.stderr[-3000:]
