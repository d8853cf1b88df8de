"""The library project of the gateway's tests serves the console's tests too."""

from tests.samspec.gateway.conftest import altered, client, library, made

__all__ = ["altered", "client", "library", "made"]
