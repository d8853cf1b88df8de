"""Who may open the console."""

import pytest
from samspec.server import guard

OWN = {"X-Console": "1"}


@pytest.mark.parametrize(
    "host", ["127.0.0.1:3000", "localhost", "[::1]:3000", "api.localhost:3000", "192.168.1.7:3000"]
)
def test_local_names_and_addresses_are_let_in(host: str) -> None:
    assert guard.is_local(host, "127.0.0.1")


@pytest.mark.parametrize("host", ["evil.test", "evil.test:3000", "localhost.evil.test", "", "[::1"])
def test_other_names_are_not(host: str) -> None:
    assert not guard.is_local(host, "127.0.0.1")


def test_the_name_that_is_listened_on_is_let_in() -> None:
    assert guard.is_local("dev.example.com:3000", "dev.example.com")


def environ(method: str = "GET", **headers: str) -> dict[str, str]:
    sent = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return {"REQUEST_METHOD": method, "HTTP_HOST": "127.0.0.1:3000", **sent}


@pytest.mark.parametrize(
    "request_",
    [
        environ(),
        environ(origin="http://127.0.0.1:3000"),
        environ("POST", x_console="1", origin="http://127.0.0.1:3000"),
        environ(sec_fetch_site="cross-site", sec_fetch_mode="navigate"),
        environ(sec_fetch_site="same-origin"),
    ],
)
def test_the_pages_own_requests_are_let_in(request_: dict[str, str]) -> None:
    assert guard.refusal(request_, "127.0.0.1") == ""


@pytest.mark.parametrize(
    "request_",
    [
        environ(host="evil.test:3000"),
        environ(origin="http://evil.test"),
        environ(origin="null"),
        environ(origin="http://127.0.0.1:4000"),
        environ(sec_fetch_site="cross-site", sec_fetch_mode="no-cors"),
        environ(sec_fetch_site="same-site", sec_fetch_mode="cors"),
        environ("POST"),
        environ("DELETE", origin="http://127.0.0.1:3000"),
    ],
)
def test_requests_of_others_are_refused(request_: dict[str, str]) -> None:
    assert guard.refusal(request_, "127.0.0.1")


def test_no_page_may_be_framed() -> None:
    assert ("X-Frame-Options", "DENY") in guard.HEADERS
    for policy in (guard.POLICY, guard.DOCS_POLICY):
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in policy
