"""Credentials out of what is saved or exported: those in headers, queries and bodies."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

REDACTED = "REDACTED"
NAME = re.compile(
    r"authorization|cookie|passw(or)?d|secret|credential|signature|assertion"
    r"|(^|[-_.])(jwt|code_verifier)$|token$|api[-_]?key|access[-_]?key|private[-_]?key"
    r"|session[-_]?id",
    re.IGNORECASE,
)
# Names of paging values end in "token" too, and hold no secret.
PAGING = re.compile(r"(next|page|continuation|paging|paginat\w*)[-_]?token$", re.IGNORECASE)
# A JSON Web Token, an access key of AWS, a bearer token: whatever they are called.
VALUE = re.compile(
    r"\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|(?i:\b(?:bearer|basic)\s+[\w.~+/=-]{8,})"
)


def is_secret(name: str) -> bool:
    """Whether a header, parameter or property of that name holds a credential."""
    if name.lower().startswith("access-control-") or PAGING.search(name):
        return False
    return bool(NAME.search(name))


def redacted(value: Any, name: str = "") -> Any:
    """A copy of JSON data in which every secret is replaced by REDACTED."""
    if isinstance(value, dict):
        return {key: redacted(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted(item, name) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if is_secret(name):
        return REDACTED
    return without_tokens(value) if isinstance(value, str) else value


def without_tokens(text: str) -> str:
    """The text with everything in it that looks like a token replaced."""
    return VALUE.sub(REDACTED, text)


def pairs(values: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers or query parameters with their secrets replaced."""
    return [(name, redacted(value, name)) for name, value in values]


def url(text: str) -> str:
    """A request's target with the secrets of its query replaced; unchanged if it has none."""
    path, mark, query = text.partition("?")
    fields = parse_qsl(query, keep_blank_values=True)
    if pairs(fields) == fields:
        return text
    return path + mark + urlencode(pairs(fields))


def body(text: str) -> str:
    """A body, JSON or a form, with its secrets replaced; unchanged if it has none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        form = parse_qsl(text)
        if form and pairs(form) != form:
            return urlencode(pairs(form))
        return without_tokens(text)
    safe = redacted(data)
    return text if safe == data else json.dumps(safe)


def event(proxy_event: dict[str, Any]) -> dict[str, Any]:
    """A Lambda proxy event without secrets, in its JSON body too."""
    safe: dict[str, Any] = redacted(proxy_event)
    if isinstance(proxy_event.get("body"), str) and not proxy_event.get("isBase64Encoded"):
        safe["body"] = body(proxy_event["body"])
    return safe
