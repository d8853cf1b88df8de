"""Exchanges as an HTTP Archive (HAR 1.2), which browsers' developer tools and Postman read.

Source of the format: http://www.softwareishard.com/blog/har-12-spec/
"""

import base64
from typing import Any
from urllib.parse import parse_qsl

from samspec.gateway.application import Exchange
from samspec.gateway.responses import Response
from samspec.server import redaction
from samspec.server.copying import target


def archive(exchanges: list[Exchange], origin: str, version: str) -> dict[str, Any]:
    """The archive of exchanges, without their secrets; `origin` is `http://host:port`."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "samspec", "version": version},
            "entries": [_entry(exchange, origin) for exchange in exchanges],
        }
    }


def _entry(exchange: Exchange, origin: str) -> dict[str, Any]:
    milliseconds = round(exchange.milliseconds, 2)
    operation = exchange.route.operation.get("operationId") if exchange.route else None
    return {
        "startedDateTime": exchange.request.received.isoformat(),
        "time": milliseconds,
        "request": _request(exchange, origin),
        "response": _response(exchange.response),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_requestId": exchange.request.id,
        "_operationId": operation,
    }


def _request(exchange: Exchange, origin: str) -> dict[str, Any]:
    request = exchange.request
    url = redaction.url(target(request))
    query = parse_qsl(url.partition("?")[2], keep_blank_values=True)
    entry = {
        "method": request.method,
        "url": origin + url,
        "httpVersion": request.protocol,
        "cookies": [],
        "headers": _pairs(redaction.pairs(request.headers)),
        "queryString": _pairs(query),
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        media_type = request.header("Content-Type") or ""
        entry["postData"] = {"mimeType": media_type, **_text(request.body)}
    return entry


def _response(response: Response) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in response.headers}
    content = {"size": len(response.body), "mimeType": headers.get("content-type", "")}
    return {
        "status": response.status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(redaction.pairs(response.headers)),
        "content": {**content, **_text(response.body)},
        "redirectURL": redaction.url(headers.get("location", "")),
        "headersSize": -1,
        "bodySize": len(response.body),
    }


def _text(body: bytes) -> dict[str, str]:
    """The fields of a body; one that is not text is base64."""
    try:
        return {"text": redaction.body(body.decode())}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}


def _pairs(values: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values]
