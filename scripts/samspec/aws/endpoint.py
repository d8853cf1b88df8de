"""An HTTP endpoint for AWS calls, whatever SDK makes them: moto responds, in this process.

A worker's calls are known by its access key. moto responds for every service that it emulates; what
functions ask of DynamoDB's items takes a shorter way, and may go to another DynamoDB.
"""

import contextlib
import http.client
import json
import re
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from samspec.aws import embedded
from samspec.sam.account import KEY_ID, REGION
from samspec.serving.http import Abandoned, HttpServer

Call = dict[str, Any]  # service, name, began (by perf_counter), units, ms, error, request, response
Headers = list[tuple[str, str]]
Reply = tuple[int, Headers, bytes]
Invoke = Callable[[str, str, bytes], Reply | None]  # of the URI, the invocation type and the body

SCOPE = re.compile(r"Credential=([^/\s]+)/\d{8}/([\w-]+)/([\w-]+)/aws4_request")
BODY_LIMIT = 64 * 1024 * 1024  # bytes of a call
SHOWN = 20_000  # characters of a request or response that a call keeps
# Services that sign with another name than their host's, as in moto's own server.
HOSTS = {"eventbridge": "events", "mobiletargeting": "pinpoint", "iotdata": "data.iot"}
# Calls that are not signed, by the first part of their X-Amz-Target.
UNSIGNED = {
    "AWSCognitoIdentityService": "cognito-identity",
    "AWSCognitoIdentityProviderService": "cognito-idp",
}
DROPPED = {"connection", "content-length", "transfer-encoding", "host", "status"}


@dataclass(frozen=True)
class Scope:
    """Whose call it is, and what it goes to."""

    key_id: str
    region: str
    service: str


class Endpoint:
    """A WSGI application; `on_call` hears of each call with the access key that made it.

    `invoke` responds to Lambda's Invoke: uri, invocation type and payload.

    `dynamodb` is the URL of another DynamoDB, None for moto's.
    """

    def __init__(self, dynamodb: str | None = None):
        self.on_call: Callable[[str, Call], object] = lambda key_id, call: None
        self.invoke: Invoke = lambda uri, invocation_type, body: None
        self._dynamodb = Forwarder(dynamodb) if dynamodb else None
        self._server: HttpServer | None = None

    @property
    def url(self) -> str:
        """Its address, on a port that only this machine can reach. The first call starts it."""
        if self._server is None:
            embedded.start()
            self._server = HttpServer.on_loopback(self, body_limit=BODY_LIMIT)
        return self._server.url

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()
            self._server = None
        if self._dynamodb:
            self._dynamodb.close()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        headers: Headers = environ["gateway.headers"]
        body = environ["wsgi.input"].read()
        scope = scope_of(headers, environ["QUERY_STRING"])
        if scope is None:
            status, response_headers, reply = _refusal()
        else:
            status, response_headers, reply = self._call(scope, environ, headers, body)
        kept = [pair for pair in response_headers if pair[0].lower() not in DROPPED]
        start_response(f"{status} ", [*kept, ("Content-Length", str(len(reply)))])
        return [reply]

    def _call(
        self, scope: Scope, environ: Mapping[str, Any], headers: Headers, body: bytes
    ) -> Reply:
        target = _header(headers, "X-Amz-Target")
        name = target.rpartition(".")[2] or _action(environ, body)
        began = time.perf_counter()
        is_item_call = scope.service == "dynamodb" and target.startswith("DynamoDB_")
        units = None
        if is_item_call and self._dynamodb:
            status, response_headers, reply, units = self._dynamodb.call(name, headers, body)
        elif is_item_call and name in embedded.ITEM_CALLS:
            status, reply, units = embedded.call(name, scope.region, body)
            response_headers = [("Content-Type", "application/x-amz-json-1.0")]
        else:
            own = self._invoked(scope, environ, headers, body)
            status, response_headers, reply = own or _by_moto(scope, environ, headers, body)
        call = {
            "service": scope.service,
            "name": name,
            "began": began,
            "units": units,
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "error": _error(reply) if status >= HTTPStatus.BAD_REQUEST else "",
            "request": _shown(body),
            "response": _shown(reply),
        }
        self.on_call(scope.key_id, call)
        return status, response_headers, reply

    def _invoked(
        self, scope: Scope, environ: Mapping[str, Any], headers: Headers, body: bytes
    ) -> Reply | None:
        """What a function of the project gives that another one calls."""
        if scope.service != "lambda" or environ["REQUEST_METHOD"] != "POST":
            return None
        return self.invoke(environ["REQUEST_URI"], _header(headers, "X-Amz-Invocation-Type"), body)


class Forwarder:
    """Another DynamoDB, such as DynamoDB Local."""

    def __init__(self, url: str):
        self._url = urlsplit(url)
        self._sockets: set[socket.socket] = set()  # of calls that wait for a response

    def call(
        self, name: str, headers: Headers, body: bytes
    ) -> tuple[int, Headers, bytes, float | None]:
        """Status, headers and body of its response, and the capacity units.

        It is called with the credentials of all local tools: DynamoDB Local keeps the tables of
        one access key apart from another's.
        """
        parameters = json.loads(body)
        is_asked = embedded.ask_for_capacity(name, parameters)
        if not is_asked:
            body = json.dumps(parameters).encode()
        sent = {key: value for key, value in headers if key.lower() not in DROPPED}
        for key, value in sent.items():
            sent[key] = re.sub(r"Credential=[^/]+/", f"Credential={KEY_ID}/", value)
        with contextlib.closing(self._connected()) as connection:
            waiting = connection.sock
            self._sockets.add(waiting)
            try:
                connection.request("POST", self._url.path or "/", body, sent)
                response = connection.getresponse()
                reply = response.read()
            except (OSError, http.client.HTTPException) as error:
                raise Abandoned(str(error)) from error
            finally:
                self._sockets.discard(waiting)
        # Its checksum is of the response with the units that were not asked for.
        kept = [(k, v) for k, v in response.getheaders() if k.lower() != "x-amz-crc32"]
        if b'"ConsumedCapacity"' not in reply:
            return response.status, kept, reply, None
        content = json.loads(reply)
        units = embedded.take_capacity(content, is_asked)
        return response.status, kept, reply if is_asked else json.dumps(content).encode(), units

    def close(self) -> None:
        """Let no call wait any longer."""
        for waiting in list(self._sockets):
            with contextlib.suppress(OSError):
                waiting.shutdown(socket.SHUT_RDWR)

    def _connected(self) -> http.client.HTTPConnection:
        is_secure = self._url.scheme == "https"
        protocol = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
        connection = protocol(str(self._url.hostname), self._url.port, timeout=60)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise Abandoned(str(error)) from error
        return connection


def scope_of(headers: Headers, query: str) -> Scope | None:
    """Who signed a call, and for what; None for what is no call to AWS."""
    signed = SCOPE.search(_header(headers, "Authorization"))
    if signed:
        return Scope(*signed.groups())
    presigned = parse_qs(query).get("X-Amz-Credential", [""])[0]
    signed = SCOPE.search(f"Credential={unquote(presigned)}")
    if signed:
        return Scope(*signed.groups())
    # S3 signs URLs by the older version still, unless told otherwise.
    key_id = parse_qs(query).get("AWSAccessKeyId", [""])[0]
    if key_id:
        return Scope(key_id, REGION, "s3")
    service = UNSIGNED.get(_header(headers, "X-Amz-Target").partition(".")[0])
    return Scope("", REGION, service) if service else None


def _by_moto(scope: Scope, environ: Mapping[str, Any], headers: Headers, body: bytes) -> Reply:
    """What moto says to any call; a service is loaded when it is first asked for."""
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.compat import HTTPHeaders

    stubber = embedded.stubber()
    host = _host(scope, _header(headers, "X-Amz-Target"), environ["REQUEST_URI"])
    sent = HTTPHeaders()
    for name, value in headers:
        if name.lower() != "host":
            sent[name] = value
    sent["Host"] = host
    url = f"https://{host}{environ['REQUEST_URI']}"
    request = AWSPreparedRequest(environ["REQUEST_METHOD"], url, sent, body, False)
    try:
        with embedded.lock_for(scope.service):
            reply = stubber.process_request(request)
    except NotImplementedError as error:
        return _problem(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", f"moto: {error}")
    except Exception as error:  # moto's own error, which is a 500 of its server as well
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalFailure", f"moto: {error!r}")
    if reply is None or reply[2] == "Not yet implemented":  # moto's words for an unknown host
        message = f"moto does not emulate the service {scope.service}"
        return _problem(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", message)
    status, response_headers, content = reply
    data = content.encode() if isinstance(content, str) else bytes(content or b"")
    headers = [(str(name), str(value)) for name, value in dict(response_headers).items()]
    return int(status), headers, data


def _host(scope: Scope, target: str, uri: str) -> str:
    """The host of the service at AWS, by which moto chooses."""
    service = HOSTS.get(scope.service, scope.service)
    if target.startswith("DynamoDBStreams"):
        service = "streams.dynamodb"
    elif service == "ses" or (service == "execute-api" and not uri.startswith("/@connections")):
        service = {"ses": "email", "execute-api": "iot"}[service]
    if service in ("budgets", "cloudfront"):
        return f"{service}.amazonaws.com"
    return f"{service}.{scope.region}.amazonaws.com"


def _action(environ: Mapping[str, Any], body: bytes) -> str:
    """The call's name where no header has it: the query protocol's Action, or method and path."""
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body.decode("utf-8", "replace")).get("Action")
        if action:
            return action[0]
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def _error(reply: bytes) -> str:
    """The code of an error, in JSON or in XML."""
    text = reply.decode("utf-8", "replace")
    match = re.search(r'"(?:__type|code)"\s*:\s*"([^"]+)"', text) or re.search(
        r"<Code>([^<]+)</Code>", text
    )
    return match[1].rpartition("#")[2] if match else "error"


def _shown(data: bytes) -> str:
    return data[:SHOWN].decode("utf-8", "replace")


def _header(headers: Headers, name: str) -> str:
    lowered = name.lower()
    return next((value for key, value in headers if key.lower() == lowered), "")


def _refusal() -> Reply:
    message = "this is where functions' AWS calls arrive, and this request is not signed"
    return _problem(HTTPStatus.FORBIDDEN, "MissingAuthenticationToken", message)


def _problem(status: HTTPStatus, code: str, message: str) -> Reply:
    body = json.dumps({"__type": code, "message": message}).encode()
    headers = [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-errortype", code)]
    return int(status), headers, body
