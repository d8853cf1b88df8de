"""Callers who may not call: each operation that asks for its caller refuses all of them."""

import re
from collections.abc import Iterator, Mapping

import requests

from samspec.gateway.authorization.requirements import read
from samspec.gateway.authorization.trusted import wrong_credentials
from samspec.sam.definitions import Api
from samspec.sam.operations import METHODS

REFUSED = (401, 403)
SECONDS = 30


def accepted(url: str, api: Api) -> Iterator[str]:
    """A line for each operation at `url` that takes credentials which are wrong."""
    for name, headers in wrong_credentials([api]).items():
        for method, path in guarded(api.document):
            target = url + re.sub(r"\{[^}]+\}", "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c", path)
            response = requests.request(method, target, headers=headers, timeout=SECONDS)
            if response.status_code not in REFUSED:
                yield f"{method} {path}: {response.status_code} with credentials that are {name}"


def guarded(
    document: Mapping[str, Mapping[str, Mapping[str, dict[str, str]]]],
) -> list[tuple[str, str]]:
    """Method and path of the operations that ask who calls."""
    operations = []
    for path, item in document["paths"].items():
        for key, operation in item.items():
            if key in METHODS and not read(document, operation or {}).is_open:
                operations.append((key.upper(), path))
    return operations
