"""The local issuer's pages under `/_/issuer`: its discovery document and its public keys."""

from typing import Any

PREFIX = "/_/issuer"


def page(path: str, base_url: str) -> dict[str, Any] | None:
    """The page's JSON; None if there is no such page. `base_url` is where the caller reached us."""
    from samspec.aws import issuer

    if path == f"{PREFIX}/.well-known/openid-configuration":
        return issuer.discovery(base_url)
    if path in (f"{PREFIX}/jwks.json", f"{PREFIX}/.well-known/jwks.json"):
        return issuer.public_keys()
    return None
