"""Where `sam local` responds differently from the local gateway, and the fact of AWS's that decides
who is right.

Facts: [A] recorded against AWS by LocalStack's snapshot tests, [D] AWS's developer guide.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.stack.generated import Sent

Document = dict[str, Any]


@dataclass(frozen=True)
class Exchange:
    """A request, and for each gateway its response, or the event of its function: values by their
    places.
    """

    sent: Sent
    local: Document
    sam: Document

    @property
    def differing(self) -> set[str]:
        """The places, such as headers.location, where the two differ."""
        places = self.local.keys() | self.sam.keys()
        return {place for place in places if self.local.get(place) != self.sam.get(place)}

    def unexplained(self, differences: "list[Difference]") -> Iterator[str]:
        for place in sorted(self.differing):
            if not any(difference.explains(place, self) for difference in differences):
                local, sam = self.local.get(place), self.sam.get(place)
                yield f"{self.sent}: {place} is {local!r}, in sam local {sam!r}"


@dataclass(frozen=True)
class Difference:
    fact: str
    places: tuple[str, ...] = ("*",)  # patterns
    when: Callable[[Sent], bool] = lambda sent: True
    statuses: tuple[int, int] | None = None  # the local gateway's, sam local's

    def explains_part_of(self, exchange: Exchange) -> bool:
        return any(self.explains(place, exchange) for place in exchange.differing)

    def explains(self, place: str, exchange: Exchange) -> bool:
        statuses = exchange.local.get("status"), exchange.sam.get("status")
        return (
            any(fnmatchcase(place, pattern) for pattern in self.places)
            and self.when(exchange.sent)
            and self.statuses in (None, statuses)
        )


def of_other_method(sent: Sent) -> bool:
    return sent.method not in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD")


def unknown_path(sent: Sent) -> bool:
    return sent.path in ("/", "/user", "/users/1/2", "/USERS")


def not_utf8(sent: Sent) -> bool:
    return sent.body.decode(errors="replace").encode() != sent.body


RESPONSES = [
    Difference(
        "API Gateway names its request in these headers [A]; sam local does not",
        ("headers.x-amzn-requestid", "headers.x-amz-apigw-id"),
    ),
    Difference(
        "API Gateway runs MOCK integrations [D], so the spec's preflight is a 204; sam local "
        "knows proxies only",
        when=lambda sent: sent.method == "OPTIONS",
        statuses=(204, 403),
    ),
    Difference(
        "API Gateway has x-amazon-apigateway-any-method [D], here a MOCK 405; sam local returns "
        "403",
        when=of_other_method,
        statuses=(405, 403),
    ),
    Difference(
        "HEAD has no method of its own in the spec, so the any-method's 405; sam local asks GET's "
        "function, then fails",
        when=lambda sent: sent.method == "HEAD",
        statuses=(405, 502),
    ),
    Difference(
        "the spec's gateway response makes a 404 of MISSING_AUTHENTICATION_TOKEN [D]; sam local "
        "has none: 403",
        when=unknown_path,
        statuses=(404, 403),
    ),
    Difference(
        "API Gateway passes on any bytes [A]; sam local fails where they are not UTF-8",
        when=not_utf8,
        statuses=(400, 502),
    ),
    Difference(
        "API Gateway routes by the path as sent [A], where %2F is no slash; sam local decodes it "
        "first: 403",
        when=lambda sent: "%2F" in sent.path,
        statuses=(400, 403),
    ),
    Difference(
        "API Gateway does not redirect; Werkzeug, below sam local, does for a doubled last slash",
        when=lambda sent: sent.path.endswith("//"),
        statuses=(404, 308),
    ),
    Difference(
        "to API Gateway an empty first segment is a segment; Werkzeug, below sam local, drops it",
        when=lambda sent: sent.path.startswith("//"),
        statuses=(404, 200),
    ),
    Difference(
        "the local gateway takes the stage before the path, as deployed URLs have it; sam local "
        "has no stage",
        when=lambda sent: sent.path.startswith("/Prod/"),
        statuses=(200, 403),
    ),
    Difference(
        "API Gateway gives every proxy response a Content-Type [A]; Werkzeug, below sam local, "
        "drops a 304's",
        ("headers.content-type",),
        lambda sent: any(name.lower() == "if-none-match" for name, _ in sent.headers),
    ),
]

EVENTS = [
    Difference(
        "white space around a header's value is not part of it (RFC 9110, 5.5); Werkzeug keeps "
        "what follows",
        ("*eaders.If-None-Match", "*eaders.If-Match"),
        lambda sent: any(value != value.strip() for _, value in sent.headers),
    ),
    Difference(
        "API Gateway adds these headers [A]; sam local does not",
        ("*eaders.X-Forwarded-For", "*eaders.X-Amzn-Trace-Id"),
    ),
    Difference(
        "API Gateway keeps Content-Length to itself [A]; sam local passes it on",
        ("*eaders.Content-Length",),
        lambda sent: sent.method in ("POST", "PUT") or bool(sent.body),
    ),
    Difference(
        "these name one request of one deployment [A]; sam local's are the same for the whole "
        "process, or missing",
        tuple(
            f"requestContext.{name}"
            for name in (
                "apiId",
                "deploymentId",
                "domainPrefix",
                "extendedRequestId",
                "requestTime",
                "requestTimeEpoch",
                "resourceId",
            )
        ),
    ),
    Difference(
        "the context's path begins with the stage [A]; sam local leaves it out",
        ("requestContext.path",),
    ),
    Difference(
        "the context names the spec's operationId [D]; sam local does not",
        ("requestContext.operationName",),
    ),
    Difference(
        "the identity is of REST APIs' form, with the caller's user agent [A]; sam local's is "
        "older, and a constant",
        ("requestContext.identity.*",),
    ),
    Difference(
        "`path` and path parameters are as sent [A]; sam local decodes them",
        ("path", "pathParameters.id"),
        lambda sent: "%" in sent.path,
    ),
    Difference(
        "header names keep their letter case, repeated headers their values [D]; Werkzeug, below "
        "sam local, spells all names alike, joins what is repeated and drops names with an "
        "underscore",
        ("headers.*", "multiValueHeaders.*"),
        lambda sent: (
            any(name != name.title() or "_" in name for name, _ in sent.headers) or _repeats(sent)
        ),
    ),
    Difference(
        "a query string that is not UTF-8 is decoded with replacements; sam local leaves it "
        "encoded",
        ("*ueryStringParameters.*",),
        lambda sent: "%FF" in sent.target,
    ),
]


def _repeats(sent: Sent) -> bool:
    names = [name.lower() for name, _ in sent.headers]
    return len(set(names)) < len(names)
