"""Who may open the console: pages of its own origin, at an address that no other site can take.

A web page anywhere can make a browser send requests to 127.0.0.1, and its own host name can be made
to resolve there (DNS rebinding). So the Host must be one that only this machine has, and what other
origins ask for is refused, as is any frame around the console.
"""

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

HEADERS = [
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Swagger UI sets style attributes, and its OAuth flows ask the authorization server for a token.
DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
    "connect-src 'self'", "connect-src 'self' https: http:"
)


def refusal(environ: dict[str, Any], host: str) -> str:
    """Why a request to the console is refused, or empty. `host` is the address listened on."""
    named = environ.get("HTTP_HOST", "")
    if not is_local(named, host):
        return (
            f"the console is not shown at {named!r}: open it at http://127.0.0.1, "
            "or start with --host and the name to use"
        )
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and urlsplit(origin).netloc.lower() != named.lower():
        return "only the console's own pages may ask for this"
    site, mode = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_SEC_FETCH_MODE")
    if site in ("cross-site", "same-site") and mode != "navigate":
        return "only the console's own pages may ask for this"
    # Another site's page cannot send a custom header without asking first, which is never allowed.
    reads = environ["REQUEST_METHOD"] in ("GET", "HEAD")
    if not reads and environ.get("HTTP_X_CONSOLE") != "1":
        return "only the console's own pages may do this: they send X-Console: 1"
    return ""


def is_local(named: str, host: str) -> bool:
    """Whether a Host cannot be another site's: an IP address, localhost, this machine, `host`."""
    try:
        name = (urlsplit(f"//{named}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if name in {"localhost", host.lower(), socket.gethostname().lower()}:
        return True
    if name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
