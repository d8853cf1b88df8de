"""The smoke test: `python -m deployment default`, after one of samconfig.toml's environments."""

import sys

import requests
from gateway.errors import ProjectError

from deployment import smoke
from deployment.stack import Stack

try:
    print(smoke.test(Stack(sys.argv[1])))
except (ProjectError, requests.RequestException) as error:
    sys.exit(f"error: {error}")
