"""`samspec smoke CONFIG`: try a deployed environment of samconfig.toml."""

import argparse

import requests

from samspec.deploy import smoke
from samspec.deploy.stack import Stack
from samspec.sam.errors import ProjectError


def main(arguments: list[str] | None = None) -> int:
    """Prints what the smoke test saw. Raises ProjectError where the API does not respond as it should."""
    parser = argparse.ArgumentParser(prog="samspec smoke", description=__doc__)
    parser.add_argument("config", help="an environment of samconfig.toml: default or prod")
    options = parser.parse_args(arguments)
    try:
        print(smoke.test(Stack(options.config)))
    except requests.RequestException as error:
        raise ProjectError(str(error)) from None
    return 0
