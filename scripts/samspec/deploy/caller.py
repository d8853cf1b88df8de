"""HTTP requests to a deployed API, signed if it asks for that."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from samspec.sam.errors import ProjectError
from samspec.testing.patience import patiently

TIMEOUT = 30  # seconds; API Gateway gives up after 29
NEW_API = 90  # seconds in which a new API may still respond 403 or 5xx, or its name not resolve
PAUSE = 3  # seconds


@dataclass(frozen=True)
class Caller:
    """`headers` come with every request that is not anonymous, such as an Authorization."""

    url: str  # without a slash at the end
    region: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        signed: bool = False,
        anonymous: bool = False,
    ) -> requests.Response:
        """`path` is a path of the API, or a Location: a path from the host's root, or a URL.

        What is throttled is sent again.
        """
        own = {} if anonymous else dict(self.headers)
        request = requests.Request(method, path, json=body, headers={**own, **(headers or {})})
        prepared = request.prepare()
        if signed and not anonymous:
            self._sign(prepared)
        _reach_loopback(prepared)
        with requests.Session() as session:
            return patiently(lambda: session.send(prepared, timeout=TIMEOUT, allow_redirects=False))

    def settled(self, method: str, path: str, *, signed: bool) -> requests.Response:
        """The first response that is neither 403 nor 5xx; the last one when the time is over."""
        end = time.monotonic() + NEW_API
        while True:
            problem = ""
            try:
                response = self.call(method, path, signed=signed)
                if response.status_code != 403 and response.status_code < 500:
                    return response
                problem = f"{response.status_code} {response.text[:200]}"
            except requests.ConnectionError as error:
                problem = str(error)
            if time.monotonic() > end:
                raise ProjectError(
                    f"{method} {path} does not work {NEW_API} s after the deploy: {problem}"
                )
            time.sleep(PAUSE)

    def _sign(self, prepared: requests.PreparedRequest) -> None:
        credentials = botocore.session.get_session().get_credentials()
        if credentials is None:
            raise ProjectError(
                "the API's callers sign their requests, and there are no credentials"
            )
        content_type = prepared.headers.get("Content-Type")
        headers = {"Content-Type": content_type} if content_type else {}
        request = AWSRequest(prepared.method, prepared.url, headers, prepared.body or b"")
        SigV4Auth(credentials, "execute-api", self.region).add_auth(request)
        prepared.headers.update(dict(request.headers))


def _reach_loopback(prepared: requests.PreparedRequest) -> None:
    """Names below localhost are this machine (RFC 6761), which not every resolver knows."""
    parts = urlsplit(prepared.url or "")
    if (parts.hostname or "").endswith(".localhost"):
        prepared.headers["Host"] = parts.netloc
        prepared.url = parts._replace(netloc=f"127.0.0.1:{parts.port or 80}").geturl()
