"""Whatever a caller sends: a documented response, never a 5xx, and nothing stored that the spec
does not allow.
"""

import json
import unicodedata
import uuid
from typing import Any

import pytest
from samspec.testing.client import Response

from tests.client import Api
from tests.conftest import SPEC

pytestmark = pytest.mark.in_process

JSON = {"Content-Type": "application/json"}
PATH = SPEC["paths"]["/users/{id}"]
USER = {"email": "ada@example.com", "name": "Ada"}


def post(api: Api, body: bytes, **headers: str) -> Response:
    return api.request("POST", "/users", data=body, headers={**JSON, **headers})


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe{}",
        json.dumps(USER).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps(USER).encode(),
        b"{",
        b"nul",
        b"NaN",
        b'{"email": "a@b.cd", "name": NaN}',
        b'{"email": "a@b.cd", "name": -Infinity}',
        b'{"email": "a@b.cd", "name": "A", "name": "B"}',
        b'{"email": "a@b.cd", "name": "\\ud800"}',
        b'{"email": "a@b.cd", "name": "A"} x',
        b"{'email': 'a@b.cd'}",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"1" * 5_000,
        b'{"email": "a@b.cd", "name": 1e400}',  # an infinity to Python, a number to JSON
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_not_json_gets_an_error_that_says_so(api: Api, body: bytes) -> None:
    assert post(api, body).problem() in [
        (400, "Invalid JSON"),
        (400, "Request does not match the API specification"),  # a number, however large, is JSON
    ]


def test_bytes_that_are_not_utf_8_are_refused_because_they_are_lost(api: Api) -> None:
    # The gateway writes U+FFFD in their place: its text is Unicode [D].
    response = post(api, b'{"email": "ada@example.com", "name": "\xed\xa0\x80"}')

    assert response.faults() == {("body", "name")}


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0, 10**400, -1.5, "text", [], [USER], {}, {"email": {}, "name": []}),
        *(
            {**USER, "id": "1"},
            {**USER, "__proto__": {}},
            {**USER, "name": 10**30},
            {**USER, "name": None},
        ),
    ],
    ids=lambda value: json.dumps(value)[:30],
)
def test_json_of_another_shape_breaks_the_spec(api: Api, value: Any) -> None:
    assert post(api, json.dumps(value).encode()).faults()


@pytest.mark.parametrize(
    "media_type",
    [
        *(
            "",
            ";",
            "application",
            "application/",
            "/json",
            "application/json2",
            "application/jsonp",
            "text/json",
        ),
        *(
            "application/json, text/plain",
            "multipart/form-data",
            "application/problem+json",
            "*/*",
            "json",
            "x" * 2_000,
        ),
    ],
)
def test_another_media_type_is_refused(api: Api, media_type: str) -> None:
    response = post(api, json.dumps(USER).encode(), **{"Content-Type": media_type})

    assert response.problem() == (415, "Content-Type must be application/json")


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json;",
        "application/json; x",
        "APPLICATION/JSON ;charset=latin-1;;",
        'application/json;="\\',
    ],
)
def test_parameters_of_the_media_type_do_not_matter(api: Api, media_type: str) -> None:
    assert post(api, json.dumps(USER).encode(), **{"Content-Type": media_type}).status == 201


@pytest.mark.parametrize(
    ("field", "length", "status"),
    [
        *(
            ("email", 254, 201),
            ("email", 255, 400),
            ("name", 1, 201),
            ("name", 100, 201),
            ("name", 101, 400),
        ),
        *(("name", 0, 400), ("key", 255, 201), ("key", 256, 400)),
    ],
)
def test_a_size_at_its_limit_is_taken_and_one_over_it_is_not(
    api: Api, field: str, length: int, status: int
) -> None:
    email = f"{'x' * (length - 12)}@example.com" if field == "email" else "ada@example.com"
    name = "🦊" * length if field == "name" else "Ada"

    assert api.create(email, name, key="k" * length if field == "key" else None).status == status


@pytest.mark.parametrize(
    ("query", "status"),
    [({"limit": 1}, 200), ({"limit": 100}, 200), ({"cursor": "A" * 513}, 400)],
)
def test_a_page_has_at_most_what_the_spec_allows(
    api: Api, query: dict[str, Any], status: int
) -> None:
    assert api.list(**query).status == status


def test_the_longest_cursor_is_within_its_limit(api: Api) -> None:
    for letter in "xyz":
        api.create(f"{letter * 242}@example.com")

    assert len(list(api.walk(limit=1))) == 3


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        *((f'"{"x" * 3_498}"', 412), (f'"{"x" * 3_499}"', 400)),
        *(
            (",".join(f'"{number:032x}"' for number in range(many)), status)
            for many, status in ((100, 412), (101, 400))
        ),
    ],
    ids=lambda value: len(value) if isinstance(value, str) else None,
)
def test_a_condition_may_have_3500_characters(api: Api, condition: str, status: int) -> None:
    ada = api.create("ada@example.com").json["id"]

    assert api.update(ada, "ada@example.com", If_Match=condition).status == status
    assert api.delete(ada, If_Match=condition).status == status


@pytest.mark.parametrize(("size", "status"), [(10_000_000, 400), (10_000_001, 413)])
def test_a_payload_may_have_10_mb(api: Api, size: int, status: int) -> None:
    assert post(api, b" " * size).status == status


@pytest.mark.parametrize(("size", "status"), [(10_240, 200), (10_241, 400)])
def test_all_headers_together_may_have_10_240_bytes(api: Api, size: int, status: int) -> None:
    headers = {"Host": "localhost", "X-Long": "x" * (size - len("HostlocalhostX-Long"))}

    assert api.request("GET", "/users", headers=headers).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({f"X-{number}": "x" for number in range(500)}, 200),
        ({"X-Long": "x" * 9_000}, 200),
        ({"X-Long": "x" * 11_000}, 400),
        ({f"X-{number}": "x" * 100 for number in range(200)}, 400),
        ({"If-None-Match": '"x", ' * 1_500 + '"x"'}, 200),
        ({"If-None-Match": ", " * 4_500 + '"x'}, 400),
        ({"If-None-Match": 'W/"' * 3_000}, 400),
        ({"Host": "evil.example"}, 200),
        ({"X-Forwarded-For": "1.1.1.1\t, x"}, 200),
        ({"Accept": "text/html"}, 200),
        ({"X-HTTP-Method-Override": "DELETE"}, 200),
    ],
    ids=lambda value: str(value)[:40],
)
def test_headers_do_what_they_are_documented_to_and_no_more(
    api: Api, headers: dict[str, str], status: int
) -> None:
    ada = api.create().json["id"]

    assert api.request("GET", f"/users/{ada}", headers=headers).status == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(
            (f"/users/{quoted}", 400)
            for quoted in (
                "%00",
                "%2F",
                "%2e%2e",
                "%252e%252e",
                "..%2f..",
                "%5c",
                "%0a",
                "%ff",
                "%C3%28",
                "%",
                "%zz",
            )
        ),
        *(
            (f"/users/{id}", 400)
            for id in (
                ".",
                "..",
                ";x=1",
                "null",
                "undefined",
                "*",
                "0",
                "-1",
                "{id}",
                "${jndi:x}",
                "'%20OR%201=1",
            )
        ),
        *(
            (f"/users/{id}", 400)
            for id in (
                "email%23ada@example.com",
                "x" * 8_000,
                "5F0C4E8A-6F1D-4A51-9C53-0D2F6B1A7E3C",
            )
        ),
        *(
            (path, 404)
            for path in (
                "//users",
                "/users//x",
                "/users/x/y",
                "/Users",
                "/users.json",
                "/",
                "/users/../users/x",
            )
        ),
        *(
            (path, 404)
            for path in (
                "/./users",
                "/..%2fusers",
                "/users%2F",
                "/users%00",
                "/%75sers",
                "/users\\x",
            )
        ),
        ("/" + "x" * 8_000, 404),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_path_that_names_no_user_is_refused(api: Api, path: str, status: int) -> None:
    assert api.request("GET", path).status == status


@pytest.mark.parametrize(
    "limit",
    [
        *(
            "0",
            "-0",
            "101",
            "2147483648",
            str(2**63 - 1),
            str(2**63),
            str(-(2**63) - 1),
            "1" * 400,
            "1e2",
            "1e400",
        ),
        *("", " 5", "+5", "05", "1.0", "0x1", "1_0", "1,2", "٣", "NaN", "Infinity", "null", "true"),
    ],
)
def test_a_limit_out_of_bounds_is_refused(api: Api, limit: str) -> None:
    assert api.list(limit=limit).faults() == {("query", "limit")}


# What this API takes for an address, and what for a different one. An address is ASCII: look-alikes
# of other scripts are refused rather than mapped, because mail systems map them differently. Only
# letter case does not count.
@pytest.mark.parametrize(
    "email",
    [
        "\u0430da@example.com",  # a Cyrillic a
        "ada@exampl\u0435.com",  # a Cyrillic e
        "\uff41da@example.com",  # a full-width a, which NFKC would make an ASCII one
        "ada@example\u3002com",  # an ideographic full stop, which IDNA would make a dot
        "ada@ex\u00e4mple.com",  # to be said as xn--exmple-cua.com
        "\u212a@example.com",  # the Kelvin sign, whose lower case is an ASCII k
        "\u017f@example.com",  # the long s, whose upper case is an ASCII S
        "ada\uff20example.com",  # a full-width @
        "\u0130@example.com",  # the dotted I, whose lower case is two characters
        "\ufb01@example.com",  # a ligature, which NFKC would make two letters
        "a\u00adda@example.com",  # a soft hyphen, which nobody sees
        *(
            "ada@example.com\u200b",
            "\u202eada@example.com",
            "ada\u0301@example.com",
            "ada@example.com\x00",
        ),
        *(
            "ada@example.com\n",
            " ada@example.com",
            "ada @example.com",
            '"ada"@example.com',
            "ada@[127.0.0.1]",
        ),
        *(
            "ada",
            "@",
            "ada@",
            "@example.com",
            "ada@example",
            "ada@example..com",
            "ada@.com",
            "a@b@c.de",
            "ada@example.com.",
        ),
        *(
            "<ada@example.com>",
            "ada@example.com,eve@example.com",
            "ada@exam_ple.com",
            "ada(x)@example.com",
        ),
    ],
)
def test_what_only_looks_like_an_address_is_refused(api: Api, email: str) -> None:
    assert api.create(email).faults() == {("body", "email")}
    assert api.list(email=email).faults() == {("query", "email")}


@pytest.mark.parametrize(
    ("email", "status"),
    [
        *(("ADA@EXAMPLE.COM", 409), ("aDa@eXample.com", 409)),
        *(("ada+x@example.com", 201), ("a.da@example.com", 201), ("ada@xn--exmple-cua.com", 201)),
        *(("ada@examp1e.com", 201), ("ada@exarnple.com", 201)),
        *(
            ("ada@example.co", 201),
            ("ada@example.com.example.com", 201),
            ("ada@mail.example.com", 201),
        ),
    ],
)
def test_addresses_that_differ_only_in_letter_case_are_the_same(
    api: Api, email: str, status: int
) -> None:
    api.create("ada@example.com")

    assert api.create(email).status == status


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_a_name_is_kept_as_it_was_sent(api: Api, form: Any) -> None:
    name = unicodedata.normalize(
        form, "A\u030ada \ufb01 \u00e9 \ud55c \U0001d504 \U0001f3f3\ufe0f\u200d\U0001f308"
    )

    assert api.create(name=name).json["name"] == name


@pytest.mark.parametrize(
    "name",
    ["\x00", "A\x00", "A\n", "\tA", "\x7f", "\x85", "A\x9f", "", " ", "\u3000\u00a0\ufeff", "\r\n"],
)
def test_a_name_has_a_letter_and_no_control_character(api: Api, name: str) -> None:
    assert api.create(name=name).faults() == {("body", "name")}


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 100])
def test_another_method_is_not_allowed(api: Api, method: str) -> None:
    response = api.request(method, f"/users/{uuid.uuid4()}")

    assert response.status == 405
    assert set(response.headers["Allow"].split(", ")) == {
        key.upper() for key in PATH if not key.startswith("x-")
    }
