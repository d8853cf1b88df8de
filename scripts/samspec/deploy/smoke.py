"""A user's life over HTTP: created, read, changed, listed, deleted; signed where the stack asks for it."""

import uuid
from collections.abc import Callable
from typing import Any

import botocore.session
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from samspec.deploy.stack import Stack
from samspec.sam.errors import ProjectError

Call = Callable[..., requests.Response]


def test(stack: Stack) -> str:
    """What was tried; raises ProjectError with the first answer that is not as it should be."""
    signed = stack.template.resolve({"Condition": "RequiresSignature"})
    call = _caller(stack, signed)
    if signed:
        _expect(403, _caller(stack, signed=False)("GET", "/users"))
    email = f"smoke-{uuid.uuid4().hex}@example.com"
    created = _expect(201, call("POST", "/users", {"email": email, "name": "Smoke Test"}))
    user = f"/users/{created.json()['id']}"
    try:
        _check(created, "Access-Control-Allow-Origin", stack.parameters["CorsAllowOrigin"])
        _expect(409, call("POST", "/users", {"email": email, "name": "Another"}))
        _expect(400, call("POST", "/users", {"email": email}))
        _check(_expect(200, call("GET", user)), "ETag", created.headers["ETag"])
        _expect(200, call("PUT", user, {"email": email, "name": "Changed"}))
        _expect(200, call("GET", "/users?limit=1"))
    finally:
        _expect(204, call("DELETE", user))
    _expect(404, call("GET", user))
    return f"{stack.url} works ({'unsigned requests are refused' if signed else 'open to anyone'})"


def _caller(stack: Stack, signed: bool) -> Call:
    credentials = botocore.session.get_session().get_credentials() if signed else None
    signer = SigV4Auth(credentials, "execute-api", stack.region) if credentials else None

    def call(method: str, path: str, body: Any = None) -> requests.Response:
        request = requests.Request(method, stack.url + path, json=body).prepare()
        if signer:
            headers = {"Content-Type": request.headers["Content-Type"]} if body else {}
            unsigned = AWSRequest(method, request.url, headers, request.body or b"")
            signer.add_auth(unsigned)
            request.headers.update(dict(unsigned.headers))
        with requests.Session() as session:
            return session.send(request, timeout=30)

    return call


def _expect(status: int, response: requests.Response) -> requests.Response:
    if response.status_code != status:
        request = response.request
        said = f"{response.status_code} {response.text[:200]}"
        raise ProjectError(
            f"{request.method} {request.url} should answer {status}, and answered {said}"
        )
    return response


def _check(response: requests.Response, header: str, value: str) -> None:
    if response.headers.get(header) != value:
        where = f"{response.request.method} {response.request.url}"
        raise ProjectError(
            f"{where} should answer {header}: {value}, not {response.headers.get(header)}"
        )
