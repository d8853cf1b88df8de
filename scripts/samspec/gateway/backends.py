"""http and http_proxy integrations: requests to a server on this machine, or on an allowed host."""

import ipaddress
import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from samspec.gateway import mapping
from samspec.gateway.errors import GatewayError
from samspec.gateway.responses import Response
from samspec.gateway.routes import Route
from samspec.gateway.variables import Scope

if TYPE_CHECKING:
    import urllib3

PLACEHOLDER = re.compile(r"\{(?:request\.path\.)?([\w-]+)\+?\}")
HOP_BY_HOP = {
    "connection", "content-length", "host", "keep-alive", "proxy-authenticate", "te", "trailer",
    "proxy-authorization", "transfer-encoding", "upgrade", "accept-encoding",
}  # fmt: skip


def gap(route: Route, allowed: Collection[str]) -> str:
    """Why the route's server is not called; empty if it is."""
    if str(route.integration.get("connectionType", "INTERNET")).upper() == "VPC_LINK":
        return "it is reached through a VPC link, which is not emulated: try this route in AWS"
    uri = str(route.integration.get("uri", ""))
    host = urlsplit(uri).hostname
    if not host:
        return f"its uri {uri!r} is not a URL: correct it in the definition"
    if host in allowed or _is_loopback(host):
        return ""
    return (
        f"it calls {host}, and no local run leaves this machine: allow it with --allow-host {host}"
    )


def respond(route: Route, scope: Scope, binary: list[str], method: str) -> Response:
    """The response of the route's server, by the integration's templates if it has any."""
    if route.type == "http_proxy":
        status, headers, body = _proxied(route, scope, method)
        response = Response(status, [], body)
        response.headers = [pair for pair in headers if pair[0].lower() not in HOP_BY_HOP]
        return response
    mapped = mapping.request(route, scope, binary)
    sent = {"Content-Type": scope.request.media_type, **mapped.headers}
    url = _url(route, {}, mapped.path, list(mapped.query.items()))
    status, headers, body = _sent(route, method, url, sent, mapped.body.encode())
    text = body.decode("utf-8", "replace")
    return mapping.response(route, scope, mapping.Outcome(str(status), text, dict(headers)))


def _proxied(route: Route, scope: Scope, method: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """The whole request is handed on, with what the parameter mappings add or replace."""
    mapped = mapping.request(route.without_templates(), scope, [])
    headers = {}
    for name, value in scope.request.headers:
        if name.lower() not in HOP_BY_HOP:
            headers[name] = value
    query = [pair for pair in scope.request.query if pair[0] not in mapped.query]
    url = _url(route, scope.parameters, mapped.path, [*query, *mapped.query.items()])
    return _sent(route, method, url, {**headers, **mapped.headers}, scope.request.body)


def _url(
    route: Route,
    parameters: Mapping[str, str],
    mapped: Mapping[str, str],
    query: list[tuple[str, str]],
) -> str:
    values = {**parameters, **{name: quote(value) for name, value in mapped.items()}}
    uri = PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), route.integration["uri"])
    separator = "&" if "?" in uri else "?"
    return f"{uri}{separator}{urlencode(query)}" if query else uri


def _sent(
    route: Route, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    import urllib3

    try:
        response = _pool().request(
            method,
            url,
            body=body or None,
            headers=dict(headers),
            timeout=route.timeout,
            retries=False,
            redirect=False,
            decode_content=False,
        )
    except urllib3.exceptions.TimeoutError:
        reason = f"{url} took longer than the integration's {route.timeout:g} s"
        raise GatewayError(
            "INTEGRATION_TIMEOUT", "Endpoint request timed out", reason=reason
        ) from None
    except urllib3.exceptions.HTTPError as error:
        raise GatewayError(
            "INTEGRATION_FAILURE", "Internal server error", reason=f"{url}: {error}"
        ) from None
    return response.status, list(response.headers.items()), response.data


@cache
def _pool() -> "urllib3.PoolManager":
    import urllib3

    return urllib3.PoolManager()


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def method_of(route: Route, request_method: str) -> str:
    """The method of the request to the server: the integration's, or the caller's for ANY."""
    stated: Any = route.integration.get("httpMethod")
    return request_method if stated in (None, "ANY") else str(stated).upper()
